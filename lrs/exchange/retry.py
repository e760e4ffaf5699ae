"""When to try again, and when no more."""

from __future__ import annotations

import random

FIRST = 1.0
"""Seconds before the second attempt."""

LONGEST = 3600.0
"""Seconds between two attempts at the most."""

MOST_ATTEMPTS = 40
"""Attempts before a person has to look: a good day of them."""

MOST_UNPROVEN = 12
"""Attempts where the answer proved nothing, which patience seldom mends."""


def delay(attempts: int, retry_after: float | None, chance: random.Random) -> float:
    """Return the seconds to wait after `attempts` attempts have failed (at least 1).

    Doubles each time; up to half of it is left to chance, so that many claims held up by one
    failure do not all come back at once. What the receiver asks for is the least it gets.
    """
    longest = min(LONGEST, FIRST * 2.0 ** min(attempts - 1, 30))
    return max(longest * chance.uniform(0.5, 1.0), min(retry_after or 0.0, LONGEST))
