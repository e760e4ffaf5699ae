"""The background work that turns records' events into achievements, and those into claims."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from lrs.achievements.catalogue import Catalogue, catalogue_of
from lrs.achievements.evaluate import evidence_hash, leaves
from lrs.achievements.evidence import stretches_of
from lrs.achievements.judge import Judge, Judgement, Renewed, held_of
from lrs.records.sessions import in_their_time
from lrs.store.achievements import Achievements, DueEvaluation, Evaluation, NewClaim
from lrs.store.exchange import Exchange, KnownReceiver
from lrs.store.projections import Projections
from lrs.store.records import Persona, Records
from lrs.store.statements import Statements, StoredStatement
from lrs.store.units import Equivalences, Units
from schemas.achievements import Achievement, Renewal
from schemas.claims import ClaimLearner, ClaimPayload, ClaimUnit
from schemas.events import Event
from schemas.receivers import LearnerSettings, learner_identifier
from schemas.sources import Source
from schemas.times import instant_of
from schemas.units import Unit

BATCH = 250
"""Evaluations a step; they are written together."""

NAMESPACE = uuid.UUID("0c9c3f6e-6c1b-5d0e-8c7f-0d6f1f6a3c52")
"""Ids of achievements and claims are UUIDv5 in it: what is done twice finds what was done once."""


class _Round(NamedTuple):
    """What the evaluations of one step share."""

    catalogue: Catalogue
    judge: Judge
    receivers: Sequence[KnownReceiver]
    now: datetime


class Evaluator:
    """Evaluates the personas that are due, and queues the claims of what they achieved."""

    def __init__(
        self,
        *,
        units: Units,
        equivalences: Equivalences,
        achievements: Achievements,
        records: Records,
        projections: Projections,
        statements: Statements,
        exchange: Exchange,
        sources: Callable[[], Mapping[int, Source]],
    ) -> None:
        self._units = units
        self._equivalences = equivalences
        self._achievements = achievements
        self._records = records
        self._projections = projections
        self._statements = statements
        self._exchange = exchange
        self._sources = sources
        self._known: tuple[tuple[int, int], Catalogue] | None = None

    def step(self) -> bool:
        """Evaluate the next personas; False where none is due."""
        since = self._projections.checkpoint()
        dues = self._achievements.due(BATCH)
        if since is None or not dues:
            return False
        # Where it is refused, those who are due still are.
        self._achievements.settle(self._evaluations(dues), since.epoch)
        return True

    def _evaluations(self, dues: Sequence[DueEvaluation]) -> list[Evaluation]:
        """Evaluate persona by persona, each on what the ones before have come to."""
        catalogue = self._catalogue()
        this_round = _Round(
            catalogue,
            Judge(
                catalogue=catalogue,
                achievements=self._achievements,
                records=self._records,
                statements=self._statements,
                sources=self._sources(),
            ),
            list(self._exchange.receivers().values()),
            datetime.now(UTC),
        )
        by_persona: defaultdict[str, list[DueEvaluation]] = defaultdict(list)
        for due in dues:
            by_persona[due.persona].append(due)
        evaluations = []
        for persona_id, of_persona in by_persona.items():
            persona = self._records.persona(persona_id)
            known = self._achievements.of_persona(
                persona_id, _together([catalogue.concerns(due.unit) for due in of_persona])
            )
            achieved = {one.id: one for one in known}
            read = {one for due in of_persona for one in catalogue.activities.get(due.unit, ())}
            events = in_their_time(self._records.events_about(persona_id, read) if read else [])
            for due in of_persona:
                evaluation = self._evaluate(
                    due, persona, list(achieved.values()), events, this_round
                )
                evaluations.append(evaluation)
                for one in (evaluation.superseded, evaluation.achievement):
                    if one is not None:
                        achieved[one.id] = one
        return evaluations

    def _catalogue(self) -> Catalogue:
        """Return the catalogue, made anew when something was published."""
        last = (self._units.last_published(), self._equivalences.last_published())
        if self._known is None or self._known[0] != last:
            self._known = last, catalogue_of(self._units.all(), self._equivalences.all())
        return self._known[1]

    def _evaluate(
        self,
        due: DueEvaluation,
        persona: Persona | None,
        achieved: Sequence[Achievement],
        events: Sequence[Event],
        this_round: _Round,
    ) -> Evaluation:
        catalogue = this_round.catalogue
        dependents = catalogue.readers.get(due.unit, frozenset()) - {due.unit}
        held = held_of(achieved, due.unit)
        if persona is None or not persona.identifiers:
            gone = held and replace(held, state="superseded", reason="merged")
            return Evaluation(due=due, achievement=gone, dependents=dependents)
        if due.unit not in catalogue.versions:
            return Evaluation(due=due)
        judgement = this_round.judge.judge(persona, due.unit, this_round.now, achieved, events)
        again = judgement.decision.look_again_at if judgement else None
        again_at = instant_of(again) if again else None
        wrong = held is not None and held.version in catalogue.superseded(due.unit)
        if judgement is None or not judgement.met:
            fallen = held and replace(
                held,
                state="superseded" if wrong else "revoked",
                reason="rule_superseded" if wrong else "not_met",
            )
            return Evaluation(due=due, achievement=fallen, dependents=dependents, again_at=again_at)
        superseded = None
        if held is not None and wrong:
            superseded = replace(held, state="superseded", reason="rule_superseded")
            held = None
        # The unit as it was published: what was decided on may have fewer days.
        unit = catalogue.unit(due.unit, judgement.unit.version)
        achievement, sources = self._achievement(judgement, unit, held)
        if achievement.state == "verified" and unit.validity is not None:
            renewed = this_round.judge.renewed(judgement, achievement, achieved)
            achievement, of_renewals = self._renewed(achievement, renewed)
            sources |= of_renewals
            if renewed.again_at is not None:
                then = instant_of(renewed.again_at)
                again_at = then if again_at is None else min(again_at, then)
        return Evaluation(
            due=due,
            achievement=achievement,
            superseded=superseded,
            sources=sources,
            claims=claims_of(achievement, unit, persona, this_round.receivers),
            dependents=dependents,
            again_at=again_at,
        )

    def _achievement(
        self, judgement: Judgement, unit: Unit, held: Achievement | None
    ) -> tuple[Achievement, set[int]]:
        """Return the achievement and the sources of its evidence.

        The held one while what it rests on suffices, back in the officers' queue where something
        new came since one refused it or asked for more. With other evidence it is another one to
        decide on, for an officer too.
        """
        conversion = judgement.converted
        if held is not None and judgement.held_stands:
            stored = self._stored(held.evidence)
            if (held.state == "refused" or held.asked) and self._new_since_ruling(judgement, held):
                held = replace(held, state="candidate", asked=False, reason=None)
            return held, {one.source for one in stored.values()}
        decided = conversion or judgement.decision
        assert decided.achieved_at is not None  # noqa: S101 - what is met has its time
        stored = self._stored(decided.evidence)
        evidence = _hashed(stored)
        achievement = Achievement(
            id=str(uuid.uuid5(NAMESPACE, f"{judgement.persona.id}|{unit.code}|{unit.version}")),
            persona=judgement.persona.id,
            unit=unit.code,
            version=unit.version,
            state="candidate" if unit.officer else "verified",
            achieved_at=decided.achieved_at,
            score=None if conversion else judgement.decision.score,
            evidence=evidence,
            evidence_hash=evidence_hash(unit, evidence),
            credits=conversion.credits if conversion else None,
            basis=conversion.basis if conversion else judgement.decision.achievements,
            conversion=conversion.equivalence if conversion else None,
            hours={} if conversion else _hours(judgement),
        )
        return achievement, {one.source for one in stored.values()}

    def _renewed(self, achievement: Achievement, renewed: Renewed) -> tuple[Achievement, set[int]]:
        """Return the achievement with its renewals, and the sources of their evidence."""
        if renewed.by is None and renewed.kept == achievement.renewals == ():
            return achievement, set()
        renewals, hours = renewed.kept, achievement.hours
        if renewed.by is not None:
            decision = renewed.by.decision
            assert decision.achieved_at is not None  # noqa: S101 - what is met has its time
            evidence = _hashed(self._stored(decision.evidence))
            renewal = Renewal(
                achieved_at=decision.achieved_at,
                score=decision.score,
                evidence=evidence,
                evidence_hash=evidence_hash(renewed.by.unit, evidence),
            )
            renewals, hours = (*renewals, renewal), hours | _hours(renewed.by)
        achievement = replace(achievement, renewals=renewals)
        rests_on = achievement.all_evidence
        return (
            replace(achievement, hours={one: hours[one] for one in hours if one in rests_on}),
            {one.source for one in self._stored(sorted(rests_on)).values()},
        )

    def _new_since_ruling(self, judgement: Judgement, held: Achievement) -> bool:
        """Tell whether the rule reads a statement that came after the last officer's decision."""
        decisions = self._achievements.decisions(held.id)
        stored = self._stored({event.statement: "" for event in judgement.events})
        return bool(decisions) and any(one.stored > decisions[-1].at for one in stored.values())

    def _stored(self, statements: Sequence[str] | Mapping[str, str]) -> dict[str, StoredStatement]:
        found = ((one, self._statements.get(uuid.UUID(one).bytes)) for one in statements)
        return {statement: stored for statement, stored in found if stored is not None}


def _hashed(stored: Mapping[str, StoredStatement]) -> dict[str, str]:
    return {statement: hashlib.sha256(one.body).hexdigest() for statement, one in stored.items()}


def _hours(judgement: Judgement) -> dict[str, tuple[int, int]]:
    """Return the time that the evidence fills for conditions on hours, by statement."""
    evidence = set(judgement.decision.evidence)
    counted = [event for event in judgement.events if event.statement in evidence]
    found: dict[str, tuple[int, int]] = {}
    for leaf in leaves(judgement.unit.rule):
        found |= stretches_of(leaf, counted)
    return found


def _together(units: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Return all the units; None, which stands for any, where one of them is None."""
    together: frozenset[str] = frozenset()
    for one in units:
        if one is None:
            return None
        together |= one
    return together


def claims_of(
    achievement: Achievement, unit: Unit, persona: Persona, receivers: Iterable[KnownReceiver]
) -> list[NewClaim]:
    """Return the claims of an achievement, one for each receiver; none unless it is verified."""
    if achievement.state != "verified":
        return []
    return [_claim(achievement, unit, persona, receiver) for receiver in receivers]


def _claim(
    achievement: Achievement, unit: Unit, persona: Persona, receiver: KnownReceiver
) -> NewClaim:
    settings = msgspec.convert(receiver.settings.get("learner", {}), LearnerSettings)
    identifier = learner_identifier(settings, persona.identifiers)
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
            credits=unit.credits if achievement.credits is None else achievement.credits,
            hours=unit.hours,
            awarding_body=unit.awarding_body,
        ),
        institution=receiver.institution,
        achieved_at=achievement.achieved_at,
        score=achievement.score,
        evidence_hash=achievement.evidence_hash,
    )
    return NewClaim(achievement=achievement.id, receiver=receiver.name, payload=payload)
