"""Reads what a decision rests on, and decides: for the evaluation, explanations and what-if."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from lrs.achievements.catalogue import Catalogue
from lrs.achievements.conversion import ConversionResult, convert
from lrs.achievements.decision import Decision
from lrs.achievements.earned import Background, Earned
from lrs.achievements.evaluate import activities_of, evaluate, leaves, units_of
from lrs.records.sessions import in_their_time
from lrs.store.achievements import Achievements
from lrs.store.records import Persona, Records
from lrs.store.statements import Statements
from schemas.achievements import STANDING, Achievement, Renewal
from schemas.events import Event
from schemas.sources import Source
from schemas.units import Hours, Unit, valid_until


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """A persona judged for a unit: by the rule, and by conversion where the rule is not met.

    `unit` is the version decided on, `events` and `background` what its rule read, `held` the
    achievement that stood before, `valid_until` the end of its validity where there is one,
    `conversions` what each equivalence in question came to.
    """

    persona: Persona
    unit: Unit
    decision: Decision
    events: Sequence[Event]
    background: Background
    held: Achievement | None
    conversions: tuple[ConversionResult, ...] = ()
    valid_until: datetime | None = None

    @property
    def expired(self) -> bool:
        """Tell whether the validity of the held achievement is over."""
        return self.valid_until is not None and self.valid_until < self.decision.as_of

    @property
    def converted(self) -> ConversionResult | None:
        """The conversion that the unit is achieved by, None where the rule is met or neither is."""
        if self.decision.met:
            return None
        return next((one for one in self.conversions if one.met), None)

    @property
    def met(self) -> bool:
        """Tell whether the unit is achieved, either way."""
        return self.decision.met or self.converted is not None

    @property
    def held_stands(self) -> bool:
        """Tell whether what the held achievement rests on still suffices: more evidence, though
        better or earlier, does not change what was decided.
        """
        held, conversion = self.held, self.converted
        if held is None or not self.met:
            return False
        if conversion is not None:
            return (held.conversion, held.basis, tuple(sorted(held.evidence))) == (
                conversion.equivalence,
                conversion.basis,
                conversion.evidence,
            )
        if held.conversion is not None:
            return False
        if set(self.decision.evidence) == set(held.evidence):
            return held.basis == self.decision.achievements
        return self.holds(held.evidence, held.basis)

    def holds(self, evidence: Collection[str], basis: Collection[str] = ()) -> bool:
        """Tell whether evidence, with the achievements of `basis`, still suffices by itself."""
        again = evaluate(
            self.unit,
            _those_and_taken_back(evidence, self.events),
            self.decision.as_of,
            self.background.with_earned([one for one in self.background.earned if one.id in basis]),
        )
        return again.met and set(again.evidence) <= set(evidence)


class Renewed(NamedTuple):
    """How an achievement is renewed: by what it was already, by what it is now, and when to look
    at it again.
    """

    kept: tuple[Renewal, ...]
    by: Judgement | None = None
    again_at: datetime | None = None


class Judge:
    """Judges personas by a catalogue. What changes meanwhile is read anew each time."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        achievements: Achievements,
        records: Records,
        statements: Statements,
        sources: Mapping[int, Source],
    ) -> None:
        self._catalogue = catalogue
        self._achievements = achievements
        self._records = records
        self._statements = statements
        self._compromised = {
            source.id: source.compromised
            for source in sources.values()
            if source.compromised is not None
        }

    def judge(
        self,
        persona: Persona,
        code: str,
        now: datetime,
        achieved: Sequence[Achievement] | None = None,
        events: Sequence[Event] | None = None,
    ) -> Judgement | None:
        """Judge a persona for a unit as of `now`; None where no version is in force.

        `achieved` are the persona's achievements, `events` those of the activities that the
        unit's rules read and perhaps of others, in their time (`lrs.records.sessions`); both are
        read where they are not given.
        """
        if achieved is None:
            achieved = self._achievements.of_persona(persona.id, self._catalogue.concerns(code))
        held = held_of(achieved, code)
        if held is not None and held.version not in self._catalogue.superseded(code):
            version = [self._catalogue.unit(code, held.version)]
            return self._under(version, persona, now, achieved, held, known=events)
        return self._under(
            self._catalogue.in_force(code), persona, now, achieved, held, known=events
        )

    def draft(self, persona: Persona, draft: Unit, now: datetime) -> Judgement:
        """Judge a persona for a unit that is not published, as if it were the only version."""
        achieved = self._achievements.of_persona(persona.id)
        judgement = self._under([draft], persona, now, achieved, held_of(achieved, draft.code))
        assert judgement is not None  # noqa: S101 - there is a version
        return judgement

    def renewed(
        self, judgement: Judgement, achievement: Achievement, achieved: Sequence[Achievement]
    ) -> Renewed:
        """Tell how an achievement that stands is renewed, as of the judgement.

        What was done after it, or after its last renewal, has to meet the rule by itself, without
        other achievements, on days on which its version is in force, and so late that it would be
        valid once the validity before is over. Where that is still to come, it is looked at then.
        """
        unit, now = judgement.unit, judgement.decision.as_of
        kept = tuple(one for one in achievement.renewals if judgement.holds(one.evidence))
        latest = replace(achievement, renewals=kept)
        until = valid_until(latest.valid_from, unit)
        if until is None or unit.officer or achievement.conversion is not None:
            return Renewed(kept)
        at = max(now, until + timedelta(seconds=1))
        fresh = [
            event
            for event in judgement.events
            if event.time > latest.valid_from
            and event.statement not in latest.all_evidence
            and ((end := valid_until(event.time, unit)) is None or end >= at)
        ]
        versions = self._catalogue.in_force(unit.code)
        in_force = next((one for one in versions if one.version == unit.version), None)
        if not fresh or in_force is None:
            return Renewed(kept)
        decided = self._by_rule(in_force, judgement.persona, at, achieved, None, known=fresh)
        if not decided.decision.met or decided.decision.achievements:
            return Renewed(kept)
        return Renewed(kept, again_at=at) if at > now else Renewed(kept, by=decided)

    def _under(
        self,
        versions: Sequence[Unit] | Iterator[Unit],
        persona: Persona,
        now: datetime,
        achieved: Sequence[Achievement],
        held: Achievement | None,
        *,
        known: Sequence[Event] | None = None,
    ) -> Judgement | None:
        """Judge by the first version whose rule is met, else convert, else by the first one."""
        first: Judgement | None = None
        for unit in versions:
            judgement = self._by_rule(unit, persona, now, achieved, held, known=known)
            if judgement.decision.met:
                return judgement
            first = first or judgement
        if first is None:
            return None
        conversions = tuple(self._conversions(first.unit, achieved, now, held))
        return msgspec.structs.replace(first, conversions=conversions)

    def _by_rule(
        self,
        unit: Unit,
        persona: Persona,
        now: datetime,
        achieved: Sequence[Achievement],
        held: Achievement | None,
        *,
        known: Sequence[Event] | None,
    ) -> Judgement:
        activities = activities_of(unit)
        if known is None:
            told = self._records.events_about(persona.id, activities) if activities else []
            events = in_their_time(told)
        else:
            events = [one for one in known if {one.activity, one.course} & activities]
        read = units_of(unit)
        background = Background(
            identifiers=frozenset(persona.identifiers),
            earned=tuple(one for one in self._earned(achieved, now, held) if one.unit in read)
            if read
            else (),
            spent=self._spent(unit.code, achieved, held),
            taken=_taken(unit, events, achieved) if held is None else (),
            compromised=self._from_compromised(events),
        )
        decision = evaluate(unit, events, now, background)
        return Judgement(
            persona=persona,
            unit=unit,
            decision=decision,
            events=events,
            background=background,
            held=held,
            valid_until=self._valid_until(held) if held is not None else None,
        )

    def _earned(
        self, achieved: Sequence[Achievement], now: datetime, held: Achievement | None
    ) -> Iterator[Earned]:
        """Yield what is verified; what was converted has the route of what it came from.

        What has expired counts on for the achievement that was made of it while it was valid.
        """
        kept = held.basis if held is not None else ()
        units = {one.id: self._unit(one) for one in achieved}
        for one in achieved:
            unit = units[one.id]
            if one.state != "verified" or unit is None:
                continue
            route, until = unit.route, valid_until(one.valid_from, unit)
            if one.conversion is not None:
                source = units.get(one.basis[0])
                route = source.route if source else None
            yield Earned(
                id=one.id,
                unit=one.unit,
                credits=unit.credits if one.credits is None else one.credits,
                route=route,
                awarding_body=unit.awarding_body,
                achieved_at=one.achieved_at,
                basis=one.basis,
                converted=one.conversion is not None,
                evidence=tuple(one.evidence),
                expired=until if until and until < now and one.id not in kept else None,
            )

    def _valid_until(self, achievement: Achievement) -> datetime | None:
        unit = self._unit(achievement)
        return valid_until(achievement.valid_from, unit) if unit else None

    def _unit(self, achievement: Achievement) -> Unit | None:
        return self._catalogue.versions.get(achievement.unit, {}).get(achievement.version)

    def _spent(
        self, code: str, achieved: Sequence[Achievement], held: Achievement | None
    ) -> Mapping[str, str]:
        """Return what earned credit in equivalent units, each by its own rule.

        Of two that stand, the one that was achieved earlier keeps the evidence.
        """
        equivalents = self._catalogue.equivalents.get(code, frozenset())
        verified = [
            one
            for one in achieved
            if one.unit in equivalents and one.state == "verified" and one.conversion is None
        ]
        if held is not None and held.state == "verified" and held.conversion is None:
            place = (held.achieved_at, held.id)
            verified = [one for one in verified if (one.achieved_at, one.id) < place]
        return {statement: one.unit for one in verified for statement in one.all_evidence}

    def _from_compromised(self, events: Sequence[Event]) -> frozenset[str]:
        """Return the statements that came while their source's key was in other hands.

        Those that an event rests on may be of other sources than its own.
        """
        if not self._compromised:
            return frozenset()
        doubtful = {event.statement for event in events if event.source in self._compromised}
        doubtful.update(one for event in events for one in event.rests_on)
        found = (self._statements.get(uuid.UUID(one).bytes) for one in doubtful)
        return frozenset(
            str(uuid.UUID(bytes=stored.id))
            for stored in found
            if stored is not None
            and stored.source in self._compromised
            and stored.stored >= self._compromised[stored.source]
        )

    def _conversions(
        self,
        unit: Unit,
        achieved: Sequence[Achievement],
        now: datetime,
        held: Achievement | None,
    ) -> Iterator[ConversionResult]:
        """Yield what each conversion into the unit came to."""
        known = self._catalogue.equivalences
        converted = [
            (known[one.conversion], one)
            for one in achieved
            if one.state in STANDING
            and one.unit != unit.code
            and one.conversion is not None
            and one.conversion in known
        ]
        earned = list(self._earned(achieved, now, held))
        for conversion in self._catalogue.conversions.get(unit.code, ()):
            yield convert(conversion, unit.credits, earned, converted)


def held_of(achieved: Sequence[Achievement], code: str) -> Achievement | None:
    """Return the achievement of the unit whose rule is met, the latest version's."""
    return next(
        (one for one in reversed(achieved) if one.unit == code and one.state in STANDING), None
    )


def _taken(
    unit: Unit, events: Sequence[Event], achieved: Sequence[Achievement]
) -> tuple[tuple[int, int], ...]:
    """Return the time that other statements filled for the hours of other units: whichever unit was
    verified first keeps it. A statement may count for several units that are not equivalent.
    """
    if not any(isinstance(leaf, Hours) for leaf in leaves(unit.rule)):
        return ()
    read = {event.statement for event in events}
    return tuple(
        stretch
        for one in achieved
        if one.unit != unit.code and one.state == "verified"
        for statement, stretch in one.hours.items()
        if statement not in read
    )


def _those_and_taken_back(evidence: Container[str], events: Sequence[Event]) -> list[Event]:
    """Return the events of evidence and those that may take them back."""
    sessions = {
        (event.activity, event.session)
        for event in events
        if event.kind == "attended" and event.statement in evidence
    }
    return [
        event
        for event in events
        if event.statement in evidence
        or event.kind == "uncompleted"
        or (event.kind == "attended" and (event.activity, event.session) in sessions)
    ]
