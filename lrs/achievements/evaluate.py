"""The decision whether a persona's events meet a unit's rule: pure, and the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, combinations, islice, product

import msgspec
import rfc8785

from lrs.achievements.clock import Claimed, Shortfall, clock_met_at
from lrs.achievements.credit_sum import codes_of, count, eligible
from lrs.achievements.decision import ConditionResult, Decision, Refusal
from lrs.achievements.earned import ALONE, Background, Earned
from lrs.achievements.evidence import (
    CLOCK_SKEW,
    NOTHING,
    Context,
    Findings,
    find,
    met_at,
)
from lrs.achievements.results import Judged, need_of, result_of
from schemas import units
from schemas.events import Event
from schemas.units import (
    Achieved,
    AnyOf,
    Condition,
    Count,
    Credits,
    Group,
    Hours,
    LeafCondition,
    Unit,
    UnitCondition,
)

MOST_WAYS = 256
"""Ways to meet a rule that are looked at where its conditions on hours share the clock."""

NEVER = datetime.max.replace(tzinfo=UTC)


def evaluate(
    unit: Unit, events: Iterable[Event], as_of: datetime, background: Background = ALONE
) -> Decision:
    """Decide whether a persona's events meet the unit's rule, as far as is known at `as_of`.

    `events` are those of the persona's unvoided statements, in any order; one met again (by
    statement and ordinal) changes nothing, nor does one that `activities_of` does not name. Times
    are aware. More events and achievements never turn a rule that is met back, except: an
    `uncompleted`, a correction of a session's attendance, an identifier of the learner that is an
    examiner's.
    """
    known = {(event.statement, event.ordinal): event for event in events}.values()
    activities = activities_of(unit)
    read = [event for event in known if activities & {event.activity, event.course}]
    identifiers = background.identifiers | {event.identifier for event in known}
    context = Context(unit, as_of, identifiers, background)
    rule = _decide(unit.rule, read, context)
    evidence, achievements = rule.evidence, rule.achievements
    if rule.met and _may_hold_more_than_needed(unit.rule):
        needed = _needed(unit.rule, rule, read, context)
        if needed is None:  # hours that share the clock: more than each condition needs by itself
            rule = _decide(unit.rule, read, context, shared=True)
            needed = _needed(unit.rule, rule, read, context)
        evidence, achievements = needed or (rule.evidence, rule.achievements)
    future = [event.time for event in read if event.time > as_of + CLOCK_SKEW]
    return Decision(
        unit=unit.code,
        version=unit.version,
        as_of=as_of,
        met=rule.met,
        achieved_at=rule.achieved_at,
        score=rule.score,
        evidence=evidence if rule.met else (),
        achievements=achievements if rule.met else (),
        rule=rule,
        look_again_at=min(future) - CLOCK_SKEW if future else None,
    )


def activities_of(unit: Unit) -> frozenset[str]:
    """Return the ids that the rule reads: only events of such an activity or course matter."""
    return frozenset(
        iri
        for leaf in leaves(unit.rule)
        for iri in (leaf.activity, leaf.course if isinstance(leaf, Hours) else None)
        if iri is not None
    )


def units_of(unit: Unit) -> frozenset[str]:
    """Return the codes of the units that the rule reads: a programme is made of them."""
    found: set[str] = set()
    for condition in _single(unit.rule):
        if isinstance(condition, Achieved):
            found.add(condition.unit)
        elif isinstance(condition, Credits):
            found |= codes_of(condition)
    return frozenset(found)


def leaves(condition: Condition) -> Iterator[LeafCondition]:
    """Yield the conditions on evidence within a condition, in its order."""
    for single in _single(condition):
        if not isinstance(single, Achieved | Credits):
            yield single


def _single(condition: Condition) -> Iterator[LeafCondition | UnitCondition]:
    if isinstance(condition, Group):
        for inner in condition.of:
            yield from _single(inner)
    else:
        yield condition


def evidence_hash(unit: Unit, evidence: Mapping[str, str]) -> str:
    """Return the lower-case hex SHA-256 that binds evidence to the version of a unit's rule.

    `evidence` maps statement ids to the hex SHA-256 of each one's stored JSON. What is hashed is
    the canonical JSON (RFC 8785) of `{"evidence": …, "unit": code, "version": …}`.
    """
    canonical = rfc8785.dumps(
        {"evidence": dict(evidence), "unit": unit.code, "version": unit.version}
    )
    return hashlib.sha256(canonical).hexdigest()


def _decide(
    rule: Condition, events: Sequence[Event], context: Context, *, shared: bool = False
) -> ConditionResult:
    judged = _judge(rule, events, context)
    together = sum(isinstance(leaf, Hours) for leaf in _single(rule)) > 1
    lacking: Shortfall | None = None
    if together and judged.met_at is not None:
        at = _in_time(judged, context)
        lacking = at if isinstance(at, Shortfall) else None
        judged = replace(judged, met_at=None if isinstance(at, Shortfall) else at)
    result = result_of(judged, judged.met_at or context.as_of + CLOCK_SKEW, shared)
    if lacking is None:
        return result
    parameters = result.parameters | {"have": lacking.have, "at_least": lacking.at_least}
    return msgspec.structs.replace(result, reason="overlapping_hours", parameters=parameters)


def _in_time(judged: Judged, context: Context) -> datetime | Shortfall:
    """Return when the clock had the hours of all conditions by which a rule is met, else what it
    lacks of those met first.
    """
    taken = context.background.taken
    found = [
        (at, clock_met_at([_claimed(one) for one in hours], taken) if len(hours) > 1 else at)
        for at, hours in islice(_ways(judged), MOST_WAYS)
    ]
    times = [max(at, clock) for at, clock in found if not isinstance(clock, Shortfall)]
    return min(times) if times else min(clock for _, clock in found if isinstance(clock, Shortfall))


def _claimed(judged: Judged) -> Claimed:
    assert isinstance(judged.condition, Hours)  # noqa: S101 - so say the ways
    return Claimed(judged.condition.at_least, judged.findings.counted)


def _ways(judged: Judged) -> Iterator[tuple[datetime, tuple[Judged, ...]]]:
    """Yield each way in which a condition is met: when, and by which conditions on hours."""
    if judged.met_at is None:
        return
    if not isinstance(judged.condition, Group):
        yield judged.met_at, (judged,) if isinstance(judged.condition, Hours) else ()
        return
    met = sorted(
        (part for part in judged.parts if part.met_at is not None),
        key=lambda part: part.met_at or NEVER,
    )
    for parts in combinations(met, need_of(judged.condition)):
        for way in product(*(tuple(islice(_ways(part), MOST_WAYS)) for part in parts)):
            yield max(at for at, _ in way), tuple(chain.from_iterable(hours for _, hours in way))


def _may_hold_more_than_needed(rule: Condition) -> bool:
    """Tell whether evidence chosen condition by condition may be more than the rule needs.

    One statement may meet two of several conditions, and later time make up for earlier.
    """
    if isinstance(rule, AnyOf | Count | Hours | Credits):
        return True
    return isinstance(rule, Group) and any(map(_may_hold_more_than_needed, rule.of))


def _needed(
    rule: Condition, result: ConditionResult, events: Sequence[Event], context: Context
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return the statements and achievements without any of which the decision is another one.

    The earliest are left out first. What takes back is kept. None where the evidence of the result
    alone does not come to it.
    """
    statements, ids = set(result.evidence), set(result.achievements)
    earned = [one for one in context.background.earned if one.id in ids]
    said = [event for event in events if event.statement in statements]

    def same(kept: Sequence[Event], basis: Sequence[Earned]) -> bool:
        fewer = context.background.with_earned(basis)
        again = _decide(rule, kept, context._replace(background=fewer))
        told = (again.met, again.achieved_at, again.score)
        return told == (result.met, result.achieved_at, result.score)

    if not same(said, earned):
        return None
    own = {event.statement: event.time for event in reversed(said)}
    for statement in sorted(own, key=lambda one: (own[one], one)):
        fewer = [event for event in said if event.statement != statement]
        if same(fewer, earned):
            said = fewer
    for one in sorted(earned, key=lambda one: (one.achieved_at, one.id)):
        less = [other for other in earned if other is not one]
        if same(said, less):
            earned = less
    kept = {one for event in said for one in event.statements}
    kept |= {statement for one in earned for statement in one.evidence}
    return tuple(sorted(kept)), tuple(sorted(one.id for one in earned))


def _judge(condition: Condition, events: Sequence[Event], context: Context) -> Judged:
    match condition:
        case units.Sequence():
            return _judge_sequence(condition, events, context)
        case Group():
            parts = tuple(_judge(inner, events, context) for inner in condition.of)
            times = sorted(part.met_at for part in parts if part.met_at is not None)
            need = need_of(condition)
            at = times[need - 1] if len(times) >= need else None
            return Judged(condition=condition, met_at=at, parts=parts)
        case Achieved() | Credits():
            return _judge_units(condition, context)
        case _:
            findings = find(condition, events, context)
            at = met_at(condition, findings.counted, context.background.taken)
            taken = context.background.taken
            return Judged(condition=condition, met_at=at, findings=findings, taken=taken)


def _judge_sequence(condition: units.Sequence, events: Sequence[Event], context: Context) -> Judged:
    """Each condition is judged on what is later than what met the one before, met the earliest."""
    parts: list[Judged] = []
    since = context.since
    for inner in condition.of:
        part = _judge(inner, events, context._replace(since=since))
        parts.append(part)
        since = NEVER if part.met_at is None else part.met_at
    at = None if since == NEVER or not parts else since
    return Judged(condition=condition, met_at=at, parts=tuple(parts))


def _expired(condition: UnitCondition, context: Context) -> Iterator[Refusal]:
    """Yield the achievements that a condition would read if their validity were not over."""
    codes = {condition.unit} if isinstance(condition, Achieved) else codes_of(condition)
    for one in context.background.earned:
        if one.expired is not None and one.unit in codes:
            day = one.expired.date().isoformat()
            yield Refusal(statement=one.id, time=one.achieved_at, reason="expired", detail=day)


def _judge_units(condition: UnitCondition, context: Context) -> Judged:
    earned = [
        one
        for one in context.background.earned
        if one.expired is None and (context.since is None or one.achieved_at > context.since)
    ]
    expired = tuple(_expired(condition, context))
    if isinstance(condition, Achieved):
        within = condition.within
        found = [
            one
            for one in earned
            if one.unit == condition.unit
            and (within is None or within.place(one.achieved_at) == "within")
        ]
        first = sorted(found, key=lambda one: (one.achieved_at, one.id))[:1]
        at = first[0].achieved_at if first else None
        findings = NOTHING if first else Findings((), expired)
        return Judged(condition=condition, met_at=at, earned=tuple(first), findings=findings)
    read = eligible(condition, earned)
    if not count(condition, read).enough:
        findings = Findings((), expired)
        return Judged(condition=condition, met_at=None, earned=tuple(read), findings=findings)
    too_few, enough = 0, len(read)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if count(condition, read[:middle]).enough:
            enough = middle
        else:
            too_few = middle
    until = read[enough - 1].achieved_at
    return Judged(condition=condition, met_at=until, earned=tuple(read[:enough]))
