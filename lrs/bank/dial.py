"""The fault dial: how the sandbox misbehaves, and how often, the same way for the same seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass

FAULTS: Mapping[str, float] = {
    "latency": 1.0,
    "429": 1.0,
    "500": 0.0,
    "drop-after-commit": 0.0,
    "slow-body": 2.0,
    "wrong-signature": 0.0,
    "expired-certificate": 0.0,
    "clock-skew": 60.0,
}
"""The faults, and the amount of each that says none: seconds of delay, of `Retry-After`, of the
whole body, by which the bank's clock is ahead. Others have no amount."""


class FaultError(ValueError):
    """A fault that the dial does not have; the message says what it has."""


@dataclass(frozen=True)
class Fault:
    """How often (0 to 1) and how much."""

    chance: float
    amount: float


class Dial:
    """Decides for each request which faults it meets. Safe for many threads.

    The n-th request meets the same faults whenever the seed and the dial are the same.
    """

    def __init__(self, faults: Mapping[str, Fault], seed: int) -> None:
        self._lock = threading.Lock()
        self._faults = dict(faults)
        self._seed = seed
        self._requests = 0

    def set(self, faults: Mapping[str, Fault], seed: int | None = None) -> None:
        """Turn the dial; what is not named is off."""
        with self._lock:
            self._faults = dict(faults)
            if seed is not None:
                self._seed, self._requests = seed, 0

    def state(self) -> dict[str, object]:
        """Return how the dial stands."""
        with self._lock:
            return {
                "faults": {
                    name: f"{fault.chance:g}:{fault.amount:g}"
                    for name, fault in sorted(self._faults.items())
                },
                "seed": self._seed,
                "requests": self._requests,
            }

    def draw(self) -> dict[str, float]:
        """Return the faults of the next request with their amounts."""
        with self._lock:
            self._requests += 1
            chance = random.Random(f"{self._seed}|{self._requests}")  # noqa: S311 - to be repeated
            return {
                name: fault.amount
                for name, fault in sorted(self._faults.items())
                if chance.random() < fault.chance
            }


def parse_faults(settings: Mapping[str, str]) -> dict[str, Fault]:
    """Return faults from `NAME: CHANCE[:AMOUNT]`, an empty text for always.

    Raises FaultError.
    """
    faults: dict[str, Fault] = {}
    for name, text in settings.items():
        if name not in FAULTS:
            raise FaultError(f"there is no fault {name!r}; there are: {', '.join(FAULTS)}")
        chance, _, amount = text.partition(":")
        try:
            fault = Fault(
                float(chance) if chance else 1.0, float(amount) if amount else FAULTS[name]
            )
        except ValueError:
            raise FaultError(f"{name}={text} is not CHANCE[:AMOUNT], both numbers") from None
        if not (0 <= fault.chance <= 1 and abs(fault.amount) <= 86_400):
            raise FaultError(f"{name}={text}: the chance is 0 to 1, the amount at most a day")
        faults[name] = fault
    return faults
