"""The contract of the small values that an installation keeps for itself."""

from __future__ import annotations

from typing import Protocol


class StoreSettings(Protocol):
    """Values by name, each written once. Safe from many threads and processes."""

    def get(self, name: str) -> bytes | None:
        """Return the value, None where there is none."""
        ...

    def keep(self, name: str, value: bytes) -> bytes:
        """Write the value unless there is one; return the one that stands."""
        ...
