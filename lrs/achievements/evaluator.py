"""The background work that turns records' events into achievements, and those into claims."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from lrs.achievements.decision import Decision
from lrs.achievements.evaluate import activities_of, evaluate, evidence_hash
from lrs.store.achievements import Achievements, DueEvaluation, Evaluation, NewClaim, Units
from lrs.store.exchange import Exchange, KnownReceiver
from lrs.store.records import Persona, Records
from lrs.store.statements import Statements
from schemas.achievements import Achievement
from schemas.claims import ClaimLearner, ClaimPayload, ClaimUnit
from schemas.receivers import LearnerSettings, learner_identifier
from schemas.times import instant_of
from schemas.units import Unit

BATCH = 100
"""Evaluations a step; they are written together."""

NAMESPACE = uuid.UUID("0c9c3f6e-6c1b-5d0e-8c7f-0d6f1f6a3c52")
"""Ids of achievements and claims are UUIDv5 in it: what is done twice finds what was done once."""


class Evaluator:
    """Evaluates the personas that are due, and queues the claims of what they achieved."""

    def __init__(
        self,
        units: Units,
        achievements: Achievements,
        records: Records,
        statements: Statements,
        exchange: Exchange,
    ) -> None:
        self._units = units
        self._achievements = achievements
        self._records = records
        self._statements = statements
        self._exchange = exchange

    def step(self) -> bool:
        """Evaluate the next personas; False where none is due."""
        dues = self._achievements.due(BATCH)
        if not dues:
            return False
        versions = versions_of(self._units.all())
        receivers = self._exchange.receivers()
        now = datetime.now(UTC)
        self._achievements.settle([self._evaluate(due, versions, receivers, now) for due in dues])
        return True

    def _evaluate(
        self,
        due: DueEvaluation,
        versions: Mapping[str, Mapping[int, Unit]],
        receivers: Mapping[str, KnownReceiver],
        now: datetime,
    ) -> Evaluation:
        published = versions.get(due.unit)
        persona = self._records.persona(due.persona)
        if not published or persona is None:
            return Evaluation(due=due)
        held = next(
            (
                one
                for one in reversed(self._achievements.of_unit(due.persona, due.unit))
                if one.state in ("candidate", "verified")
            ),
            None,
        )
        # What was achieved under an earlier version is not achieved once more under a later one.
        unit = published[held.version if held else max(published)]
        events = self._records.events_about(due.persona, activities_of(unit))
        decision = evaluate(unit, events, now)
        again_at = instant_of(decision.look_again_at) if decision.look_again_at else None
        if not decision.met:
            revoked = held and replace(held, state="revoked")
            return Evaluation(due=due, achievement=revoked, again_at=again_at)
        achievement = held
        if held is None or not self._stands(held):
            achievement = self._achievement(due.persona, unit, decision)
        assert achievement is not None  # noqa: S101
        claims, unknown_at = self._claims(achievement, unit, persona, receivers.values())
        return Evaluation(
            due=due,
            achievement=achievement,
            claims=claims,
            unknown_at=unknown_at,
            again_at=again_at,
        )

    def _claims(
        self,
        achievement: Achievement,
        unit: Unit,
        persona: Persona,
        receivers: Collection[KnownReceiver],
    ) -> tuple[list[NewClaim], list[str]]:
        """Return an achievement's claims, and at which receivers its learner must be looked up
        first.
        """
        claims: list[NewClaim] = []
        unknown_at: list[str] = []
        for receiver in receivers if achievement.state == "verified" else ():
            settings = msgspec.convert(receiver.settings.get("learner", {}), LearnerSettings)
            account = (
                self._exchange.account(receiver.name, persona.id) if settings.look_up else None
            )
            identifier = learner_identifier(settings, persona.identifiers, account)
            if identifier is None:
                unknown_at.append(receiver.name)
            else:
                claims.append(_claim(achievement, unit, persona, receiver, identifier))
        return claims, unknown_at

    def _stands(self, achievement: Achievement) -> bool:
        """Tell whether all evidence of an achievement is still unvoided."""
        found = (self._statements.get(uuid.UUID(one).bytes) for one in achievement.evidence)
        return all(statement is not None and not statement.voided for statement in found)

    def _achievement(self, persona: str, unit: Unit, decision: Decision) -> Achievement:
        assert decision.achieved_at is not None  # noqa: S101 - a rule that is met has its time
        evidence = {
            statement: hashlib.sha256(stored.body).hexdigest()
            for statement in decision.evidence
            if (stored := self._statements.get(uuid.UUID(statement).bytes)) is not None
        }
        return Achievement(
            id=str(uuid.uuid5(NAMESPACE, f"{persona}|{unit.code}|{unit.version}")),
            persona=persona,
            unit=unit.code,
            version=unit.version,
            state="candidate" if unit.officer else "verified",
            achieved_at=decision.achieved_at,
            score=decision.score,
            evidence=evidence,
            evidence_hash=evidence_hash(unit, evidence),
        )


def versions_of(units: Sequence[Unit]) -> dict[str, dict[int, Unit]]:
    """Return units by code and version."""
    versions: dict[str, dict[int, Unit]] = {}
    for unit in units:
        versions.setdefault(unit.code, {})[unit.version] = unit
    return versions


def units_by_activity(units: Sequence[Unit]) -> dict[str, set[str]]:
    """Return, for each activity that a unit's rule reads, the codes of those units."""
    found: dict[str, set[str]] = {}
    for unit in units:
        for activity in activities_of(unit):
            found.setdefault(activity, set()).add(unit.code)
    return found


def _claim(
    achievement: Achievement,
    unit: Unit,
    persona: Persona,
    receiver: KnownReceiver,
    identifier: str,
) -> NewClaim:
    payload = ClaimPayload(
        outer_id=str(uuid.uuid5(NAMESPACE, f"{achievement.id}|{receiver.name}")),
        kind=unit.kind,
        learner=ClaimLearner(name=persona.name or identifier, identifier=identifier),
        unit=ClaimUnit(
            code=unit.code,
            version=unit.version,
            title=unit.title,
            field=unit.field,
            level=unit.level,
            credits=unit.credits,
            hours=unit.hours,
            awarding_body=unit.awarding_body,
        ),
        institution=receiver.institution,
        achieved_at=achievement.achieved_at,
        score=achievement.score,
        evidence_hash=achievement.evidence_hash,
    )
    return NewClaim(achievement=achievement.id, receiver=receiver.name, payload=payload)
