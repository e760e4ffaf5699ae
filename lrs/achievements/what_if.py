"""What a draft of a rule would change, before it is published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

import msgspec

from lrs.achievements.evaluate import activities_of, units_of
from lrs.achievements.judge import Judge
from lrs.store.achievements import Achievements
from lrs.store.records import Records
from schemas.units import Unit

AT_A_TIME = 200
"""Personas that are looked at before the next ones are read."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A persona who would gain or lose the unit; `achieved_at` is when the draft's rule was met,
    None for who loses.
    """

    persona: str
    name: str | None
    change: Literal["gains", "loses"]
    achieved_at: datetime | None = None


class WhatIf:
    """Runs a draft over the records as they are, and changes nothing."""

    def __init__(
        self, draft: Unit, judge: Judge, achievements: Achievements, records: Records
    ) -> None:
        self._draft = draft
        self._judge = judge
        self._achievements = achievements
        self._records = records

    def concerned(self, after: str, limit: int) -> list[str]:
        """Return up to `limit` ids of personas whom the draft may concern, in order."""
        return self._achievements.personas_concerned(
            self._draft.code, activities_of(self._draft), units_of(self._draft), after, limit
        )

    def change(self, persona: str, now: datetime) -> Change | None:
        """Return what the draft would change for a persona, None for nothing."""
        found = self._records.persona(persona)
        if found is None:
            return None
        judgement = self._judge.draft(found, self._draft, now)
        holds = judgement.held is not None and judgement.held.state in ("candidate", "verified")
        if judgement.met is holds:
            return None
        decided = judgement.converted or judgement.decision
        return Change(
            persona=persona,
            name=found.name,
            change="gains" if judgement.met else "loses",
            achieved_at=decided.achieved_at if judgement.met else None,
        )

    def each(self, now: datetime) -> Iterator[tuple[str, Change | None]]:
        """Yield every persona concerned, each with what would change."""
        after = ""
        while found := self.concerned(after, AT_A_TIME):
            for persona in found:
                yield persona, self.change(persona, now)
            after = found[-1]
