"""The contract of the figures that pages show: kept with every change, never counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

Noun = Literal[
    "persona",
    "record",
    "achievement",
    "verified_of_unit",
    "verified_in_month",
    "claim",
    "parked",
]
"""Of what: personas in all (key ``""``), records by generation, achievements and claims by state,
verified achievements by the unit's code and by the month they were achieved in (``2026-03``, UTC),
and deliveries that were parked (key ``""``)."""


class Figures(Protocol):
    """How many there are of each noun. Safe from many threads."""

    def counts(self, noun: Noun) -> Mapping[str, int]:
        """Return how many there are by key, in the order of the keys; none that is zero."""
        ...

    def total(self, noun: Noun) -> int:
        """Return how many there are of all keys; of records, of those that serve."""
        ...

    def received_in(self, minutes: Sequence[int]) -> list[int]:
        """Return how many statements came in each of the minutes, which are told by the instants
        (microseconds) they begin at and no older than a week.
        """
        ...
