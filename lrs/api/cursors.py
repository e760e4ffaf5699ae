"""Opaque cursors: where a page ended, as text that callers give back unchanged."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from lrs.problems import Problem

Place = TypeVar("Place")


def write_cursor(place: object) -> str:
    """Return a place in a list, the key of the last item shown, as URL-safe text."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(place)).rstrip(b"=").decode()


def read_cursor(text: str | None, kind: type[Place]) -> Place | None:
    """Return the place that `write_cursor` wrote, None for None.

    Raises Problem (400) for any other text.
    """
    if text is None:
        return None
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        place = msgspec.msgpack.decode(base64.b64decode(padded, b"-_", validate=True), type=kind)
        if any(isinstance(one, int) and abs(one) >= 2**63 for one in _parts(place)):
            raise msgspec.ValidationError("a number that no list has")
    except (binascii.Error, UnicodeError, msgspec.MsgspecError):
        raise Problem(
            400, "The parameter cursor must be taken from the `next` of a page, unchanged."
        ) from None
    return place


def _parts(place: object) -> tuple[object, ...]:
    return place if isinstance(place, tuple) else (place,)
