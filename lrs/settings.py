"""What the service is told by its environment; every setting has a default that works."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what it may be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`data` is the folder of the embedded store, `public_url` the address that clients know
    (the home page of the `authority` of statements), `body_limit` in octets, `signature_trust`
    a PEM file of the certificates, and their revocation lists, that signatures are held against.
    """

    data: Path
    public_url: str
    body_limit: int = 64 * 1024 * 1024
    signature_trust: Path | None = None

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "lrs.db"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read LRS_DATA, LRS_PUBLIC_URL, LRS_BODY_LIMIT (octets) and LRS_SIGNATURE_TRUST.

        Raises SettingsError.
        """
        limit = environment.get("LRS_BODY_LIMIT", str(cls.body_limit))
        if not limit.isdecimal() or int(limit) == 0:
            raise SettingsError(f"LRS_BODY_LIMIT must be a number of octets, is {limit!r}")
        trust = environment.get("LRS_SIGNATURE_TRUST")
        if trust and not Path(trust).is_file():
            raise SettingsError(
                f"LRS_SIGNATURE_TRUST must be a PEM file, there is none at {trust!r}"
            )
        return cls(
            data=Path(environment.get("LRS_DATA", "data")).absolute(),
            public_url=environment.get("LRS_PUBLIC_URL", "http://127.0.0.1:8080").rstrip("/"),
            body_limit=int(limit),
            signature_trust=Path(trust).absolute() if trust else None,
        )
