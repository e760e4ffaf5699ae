"""Facts: what became of achievements, claims, personas and units, in the order it happened."""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

FactKind = Literal[
    "verified",
    "refused",
    "superseded",
    "revoked",
    "claimed",
    "accepted",
    "rejected",
    "withdrawn",
    "merged",
    "unmerged",
    "transferred",
    "erased",
    "published",
]
"""Of an achievement: verified, refused (by an officer), superseded, revoked. Of a claim: claimed,
accepted, rejected, withdrawn. Of a persona: merged, unmerged (of what came
out again), transferred (an identifier went to another), erased. Of a unit: published."""

FACT_KINDS: tuple[FactKind, ...] = get_args(FactKind)


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact. `at` is microseconds since the epoch, `subject` the id of what it is about
    (`CODE/VERSION` of a unit), `body` what is needed to act on it.
    """

    seq: int
    at: int
    kind: FactKind
    subject: str
    body: dict[str, Any]
