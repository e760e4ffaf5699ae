"""How fast a destination is sent to: a circuit breaker and a rate, as pure functions.

The state is kept in the store and shared by all workers, on all machines.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

TOLERATED = 5
"""Failures in a row before nothing more is sent for a while."""

FIRST_PAUSE = 5_000_000
LONGEST_PAUSE = 300_000_000
LONGEST_HOLD = 3_600_000_000
"""Microseconds: the first and the longest pause of a circuit that opened, and the longest time
that a destination is left alone because it said so (`Retry-After`)."""


class Circuit(msgspec.Struct, frozen=True, kw_only=True):
    """A destination's state; instants and `interval` (0 for no limit) in microseconds."""

    failures: int = 0
    closed_off: int = 0
    next_slot: int = 0
    interval: int = 0


def slots(circuit: Circuit, now: int, wanted: int) -> int:
    """Return how many deliveries may be leased now.

    After a pause one alone goes ahead, to try whether the destination is back.
    """
    if now < circuit.closed_off or now < circuit.next_slot:
        return 0
    if circuit.failures >= TOLERATED or circuit.interval:
        return min(wanted, 1)
    return wanted


def after_lease(circuit: Circuit, now: int, lease: int) -> Circuit:
    """Return the state once deliveries were leased for `lease` microseconds."""
    trying = circuit.failures >= TOLERATED
    return replace(
        circuit,
        closed_off=now + lease if trying else circuit.closed_off,
        next_slot=now + circuit.interval if circuit.interval else 0,
    )


def after_answer(circuit: Circuit) -> Circuit:
    """Return the state once the destination answered, whatever it said."""
    return replace(circuit, failures=0, closed_off=0)


def after_failure(circuit: Circuit, now: int, retry_after: float | None) -> Circuit:
    """Return the state once the destination did not answer, or said to come back later
    (`retry_after` in seconds).
    """
    failures = circuit.failures + 1
    pause = 0
    if failures >= TOLERATED:
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - TOLERATED, 20))
    hold = min(LONGEST_HOLD, int((retry_after or 0.0) * 1_000_000))
    return replace(
        circuit, failures=failures, closed_off=max(circuit.closed_off, now + max(pause, hold))
    )
