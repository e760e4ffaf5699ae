"""The contract of copying a store while it is in use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much."""


class Copied(NamedTuple):
    """What a copy holds: everything up to the instant (microseconds), how many statements,
    and the newest checkpoint of the ledger (a signed note)."""

    instant: int
    statements: int
    checkpoint: str | None


class Copies(Protocol):
    """Copies of everything that is not a file of its own."""

    def copy(self, target: Path, progress: Progress) -> Copied:
        """Write the state of one moment to a file, while others read and write."""
        ...

    def noted(self, instant: int) -> None:
        """Remember when the last backup was made (microseconds)."""
        ...

    def last(self) -> int | None:
        """Return when the last backup was made (microseconds), None where there was none."""
        ...
