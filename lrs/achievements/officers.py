"""What officers decide on candidates, under four eyes."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from msgspec.structs import replace

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.evaluate import activities_of
from lrs.achievements.evaluator import claims_of
from lrs.store.achievements import Achievements, Ruling
from lrs.store.exchange import KnownReceiver
from lrs.store.imports import Imports
from lrs.store.records import Records
from lrs.store.statements import Statements
from lrs.store.units import Equivalences, Units
from schemas.achievements import Achievement, OfficerDecision, Verdict
from schemas.audit import Act
from schemas.principals import Principal
from schemas.sources import Source
from schemas.texts import Text

Outcome = Literal["decided", "unknown", "not_waiting", "own", "recorded", "examined", "changed"]
"""What became of a decision: written; there is no such achievement; none is awaited on it; it is
the officer's own; the officer recorded its evidence; or examined the learner; it has changed since
it was read."""

DETAILS: dict[Outcome, str] = {
    "decided": Text("The decision is written."),
    "unknown": Text("There is no such achievement."),
    "not_waiting": Text("No officer is awaited on this achievement; look at its state."),
    "own": Text("Nobody decides on an achievement of their own: another officer has to."),
    "recorded": Text("Nobody decides on what they recorded themselves: another officer has to."),
    "examined": Text("Nobody decides on what they examined themselves: another officer has to."),
    "changed": Text("The evidence has changed meanwhile: read it again and decide anew."),
}

ACTIONS: dict[Verdict, str] = {
    "approve": "achievement.approve",
    "refuse": "achievement.refuse",
    "ask": "achievement.ask",
}


class Recorders(NamedTuple):
    """Who said what an achievement rests on: principals' ids, and identifiers of examiners."""

    principals: frozenset[str]
    examiners: frozenset[str]


def conflict(
    principal: Principal,
    identifiers: Collection[str],
    achievement: Achievement,
    recorders: Recorders,
) -> Outcome | None:
    """Return why the principal must not decide on the achievement; None where it may.

    `identifiers` are those of the principal's persona.
    """
    if principal.persona is not None and principal.persona == achievement.persona:
        return "own"
    if principal.id in recorders.principals:
        return "recorded"
    if recorders.examiners.intersection(identifiers):
        return "examined"
    return None


class Officers:
    """Takes officers' decisions. One catalogue serves one request."""

    def __init__(
        self,
        *,
        units: Units,
        equivalences: Equivalences,
        achievements: Achievements,
        records: Records,
        statements: Statements,
        sources: Mapping[int, Source],
        imports: Imports,
        receivers: Collection[KnownReceiver],
    ) -> None:
        self._catalogue = catalogue_of(units.all(), equivalences.all())
        self._achievements = achievements
        self._records = records
        self._statements = statements
        self._sources = sources
        self._imports = imports
        self._receivers = receivers

    def decide(
        self,
        principal: Principal,
        achievement_id: str,
        verdict: Verdict,
        reason: str,
        evidence_hash: str | None = None,
    ) -> Outcome:
        """Decide on a candidate and write it with the audit event; refused where a rule forbids.

        With `evidence_hash` only where the evidence is still the one that it binds.
        """
        candidate = self._achievements.achievement(achievement_id)
        if candidate is None:
            return "unknown"
        if candidate.state != "candidate" or candidate.asked:
            return "not_waiting"
        if evidence_hash is not None and evidence_hash != candidate.evidence_hash:
            return "changed"
        identifiers = self._identifiers(principal.persona)
        if against := conflict(principal, identifiers, candidate, self.recorders(candidate)):
            return against
        ruling = self._ruling(principal, candidate, verdict, reason)
        return "decided" if self._achievements.rule_on(ruling) else "changed"

    def recorders(self, achievement: Achievement) -> Recorders:
        """Return who recorded and who examined what the achievement rests on."""
        found = (self._statements.get(uuid.UUID(one).bytes) for one in achievement.evidence)
        sources = {one.source for one in found if one is not None}
        keys = {self._sources[one].key for one in sources if one in self._sources}
        unit = self._catalogue.unit(achievement.unit, achievement.version)
        events = self._records.events_about(achievement.persona, activities_of(unit))
        return Recorders(
            principals=frozenset(f"source:{key}" for key in keys)
            | self._imports.recorded_by(achievement.evidence),
            examiners=frozenset(
                event.examiner
                for event in events
                if event.examiner is not None and event.statement in achievement.evidence
            ),
        )

    def _identifiers(self, persona: str | None) -> tuple[str, ...]:
        found = self._records.persona(persona) if persona is not None else None
        return found.identifiers if found is not None else ()

    def _ruling(
        self, principal: Principal, candidate: Achievement, verdict: Verdict, reason: str
    ) -> Ruling:
        becomes: dict[Verdict, Achievement] = {
            "approve": replace(candidate, state="verified"),
            "refuse": replace(candidate, state="refused", reason=reason),
            "ask": replace(candidate, asked=True, reason=reason),
        }
        unit = self._catalogue.unit(candidate.unit, candidate.version)
        persona = self._records.persona(candidate.persona)
        return Ruling(
            candidate=candidate,
            becomes=becomes[verdict],
            decision=OfficerDecision(
                achievement=candidate.id,
                at=int(datetime.now(UTC).timestamp() * 1e6),
                principal=principal.id,
                verdict=verdict,
                reason=reason,
                evidence_hash=candidate.evidence_hash,
            ),
            act=Act(
                principal=principal.id,
                action=ACTIONS[verdict],
                subject=candidate.id,
                persona=candidate.persona,
                reason=reason,
                detail={"unit": candidate.unit, "evidence_hash": candidate.evidence_hash},
            ),
            claims=claims_of(becomes[verdict], unit, persona, self._receivers) if persona else [],
            dependents=self._catalogue.readers.get(candidate.unit, frozenset()),
        )
