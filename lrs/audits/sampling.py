"""Seeded random samples that anybody can draw again (docs/auditing.md, "Samples"). Pure."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable


def rank(seed: str, claim: str) -> bytes:
    """Return by what claims are ordered: SHA-256 of the seed, a newline and the claim's id."""
    return hashlib.sha256(f"{seed}\n{claim}".encode()).digest()


def sample(claims: Iterable[str], size: int, seed: str) -> tuple[list[str], int]:
    """Return the `size` claims that rank first, in that order, and how many there were to choose
    from. Whatever order `claims` come in, the sample is the same.
    """
    count = 0

    def counted() -> Iterable[str]:
        nonlocal count
        for claim in claims:
            count += 1
            yield claim

    chosen = heapq.nsmallest(size, counted(), key=lambda claim: (rank(seed, claim), claim))
    return chosen, count
