"""Which version of xAPI a client speaks."""

from __future__ import annotations

import re
from typing import Literal

from schemas.texts import Text
from schemas.xapi.errors import VersionError

XapiVersion = Literal["1.0.3", "2.0.0"]

SPOKEN: tuple[XapiVersion, ...] = ("2.0.0", "1.0.3")

_ONE = re.compile(r"1\.0(\.\d{1,4})?", re.ASCII)
_TWO = re.compile(r"2\.0(\.\d{1,4})?", re.ASCII)


def negotiate(header: str | None) -> XapiVersion:
    """Return the version to answer in for the header `X-Experience-API-Version`.

    `1.0` and every `1.0.x` are 1.0.3 (1.0.3 part three 3.3); `2.0` and every `2.0.x` are 2.0.0.
    Raises VersionError for anything else, and where the header is missing.
    """
    if header is None:
        raise VersionError(
            Text("the header X-Experience-API-Version is missing; send 1.0.3 or 2.0.0")
        )
    if _ONE.fullmatch(header):
        return "1.0.3"
    if _TWO.fullmatch(header):
        return "2.0.0"
    raise VersionError(
        Text(
            "X-Experience-API-Version %(header)r is not spoken here; send 1.0.3 or 2.0.0",
            header=header[:40],
        )
    )
