"""The contract of the store of sealed values: secrets that only the root secret opens."""

from __future__ import annotations

from typing import Protocol


class SealedValues(Protocol):
    """Sealed octets by name. Safe from many threads."""

    def get(self, name: str) -> bytes | None:
        """Return the value, None where there is none."""
        ...

    def put(self, name: str, sealed: bytes) -> None:
        """Write the value, or another in its place."""
        ...
