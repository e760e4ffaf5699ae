"""The decision whether a persona's events meet a unit's rule: pure, and the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import rfc8785

from lrs.achievements.credit_sum import count, eligible
from lrs.achievements.decision import ConditionResult, CreditShare, Decision, Reason
from lrs.achievements.earned import ALONE, Background, Earned
from lrs.achievements.evidence import (
    CLOCK_SKEW,
    HOUR,
    NOTHING,
    Context,
    Findings,
    chosen,
    find,
    met_at,
    running_time,
    share_of,
)
from schemas import units
from schemas.events import Event
from schemas.units import (
    Achieved,
    AllOf,
    AnyOf,
    Attended,
    Completed,
    Condition,
    Count,
    Credits,
    Examined,
    Group,
    Hours,
    LeafCondition,
    Passed,
    Scored,
    Unit,
    UnitCondition,
)

_REASONS: dict[type[Condition], tuple[Reason, Reason]] = {
    Completed: ("completed", "not_completed"),
    Passed: ("passed", "not_passed"),
    Scored: ("scored", "scored_too_low"),
    Hours: ("hours_spent", "too_few_hours"),
    Attended: ("attended", "too_few_sessions"),
    Examined: ("examined", "not_examined"),
    Achieved: ("achieved", "not_achieved"),
    Credits: ("enough_credits", "too_few_credits"),
    AllOf: ("all_met", "not_all_met"),
    AnyOf: ("any_met", "none_met"),
    Count: ("enough_met", "too_few_met"),
    units.Sequence: ("in_sequence", "not_in_sequence"),
}
"""The reason where a condition is met, and where it is not."""

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
        evidence, achievements = _needed(unit.rule, rule, read, context)
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
            found.update(code for codes in condition.units.values() for code in codes)
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


def _decide(rule: Condition, events: Sequence[Event], context: Context) -> ConditionResult:
    judged = _judge(rule, events, context)
    return _result(judged, judged.met_at or context.as_of + CLOCK_SKEW)


def _may_hold_more_than_needed(rule: Condition) -> bool:
    """Tell whether evidence chosen condition by condition may be more than the rule needs.

    One statement may meet two of several conditions, and later time make up for earlier.
    """
    if isinstance(rule, AnyOf | Count | Hours | Credits):
        return True
    return isinstance(rule, Group) and any(map(_may_hold_more_than_needed, rule.of))


def _needed(
    rule: Condition, result: ConditionResult, events: Sequence[Event], context: Context
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements and achievements without any of which the decision is another one.

    The earliest are left out first. What takes back is kept.
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
        return result.evidence, result.achievements
    own = {event.statement: event.time for event in reversed(said)}
    for statement in sorted(own, key=lambda one: (own[one], one)):
        fewer = [event for event in said if event.statement != statement]
        if same(fewer, earned):
            said = fewer
    for one in sorted(earned, key=lambda one: (one.achieved_at, one.id)):
        less = [other for other in earned if other is not one]
        if same(said, less):
            earned = less
    kept = {event.statement for event in said}
    kept |= {statement for one in earned for statement in one.evidence}
    return tuple(sorted(kept)), tuple(sorted(one.id for one in earned))


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """A condition with the time at which it was met.

    One on evidence has findings, one on units has the achievements that it reads, a group parts.
    """

    condition: Condition
    met_at: datetime | None
    findings: Findings = NOTHING
    earned: tuple[Earned, ...] = ()
    parts: tuple[_Judged, ...] = ()


def _judge(condition: Condition, events: Sequence[Event], context: Context) -> _Judged:
    match condition:
        case units.Sequence():
            return _judge_sequence(condition, events, context)
        case Group():
            parts = tuple(_judge(inner, events, context) for inner in condition.of)
            times = sorted(part.met_at for part in parts if part.met_at is not None)
            need = _need(condition)
            at = times[need - 1] if len(times) >= need else None
            return _Judged(condition=condition, met_at=at, parts=parts)
        case Achieved() | Credits():
            return _judge_units(condition, context)
        case _:
            findings = find(condition, events, context)
            at = met_at(condition, findings.counted)
            return _Judged(condition=condition, met_at=at, findings=findings)


def _judge_sequence(
    condition: units.Sequence, events: Sequence[Event], context: Context
) -> _Judged:
    """Each condition is judged on what is later than what met the one before, met the earliest."""
    parts: list[_Judged] = []
    since = context.since
    for inner in condition.of:
        part = _judge(inner, events, context._replace(since=since))
        parts.append(part)
        since = NEVER if part.met_at is None else part.met_at
    at = None if since == NEVER or not parts else since
    return _Judged(condition=condition, met_at=at, parts=tuple(parts))


def _judge_units(condition: UnitCondition, context: Context) -> _Judged:
    earned = [
        one
        for one in context.background.earned
        if context.since is None or one.achieved_at > context.since
    ]
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
        return _Judged(condition=condition, met_at=at, earned=tuple(first))
    read = eligible(condition, earned)
    if not count(condition, read).enough:
        return _Judged(condition=condition, met_at=None, earned=tuple(read))
    too_few, enough = 0, len(read)
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if count(condition, read[:middle]).enough:
            enough = middle
        else:
            too_few = middle
    until = read[enough - 1].achieved_at
    return _Judged(condition=condition, met_at=until, earned=tuple(read[:enough]))


def _need(group: Group) -> int:
    """Return how many conditions of a group must be met; a group of none is never met."""
    match group:
        case AllOf() | units.Sequence():
            return max(len(group.of), 1)
        case Count():
            return max(group.at_least, 1)
        case _:
            return 1


def _result(judged: _Judged, until: datetime) -> ConditionResult:
    """Return the result with its evidence: what counts until the whole rule was met.

    Later evidence changes nothing in what was decided, so it is left out.
    """
    if isinstance(judged.condition, Group):
        return _group_result(judged, judged.condition, until)
    if isinstance(judged.condition, Achieved | Credits):
        return _units_result(judged, judged.condition)
    return _leaf_result(judged, judged.condition, until)


def _leaf_result(judged: _Judged, leaf: LeafCondition, until: datetime) -> ConditionResult:
    met = judged.met_at is not None
    counted = list(judged.findings.counted)
    if judged.met_at is not None:
        counted = [event for event in counted if event.time <= max(until, judged.met_at)]
    rests_on = chosen(leaf, counted)
    score = None
    parameters: dict[str, float] = {}
    match leaf:
        case Hours():
            spent = running_time(counted)
            parameters = {"have": spent[-1] / HOUR if spent else 0.0, "at_least": leaf.at_least}
        case Attended():
            parameters = {"have": len(counted), "at_least": leaf.at_least}
            parameters |= {"of": leaf.of} if leaf.of is not None else {}
        case Scored() | Examined(at_least=float() | int()):
            score = share_of(rests_on[0]) if rests_on else None
            parameters = {"at_least": leaf.at_least or 0.0}
            parameters |= {"have": score} if score is not None else {}
    reason = _REASONS[type(leaf)][0 if met else 1]
    return ConditionResult(
        condition=leaf,
        met=met,
        reason="not_scored" if reason == "scored_too_low" and not rests_on else reason,
        parameters=parameters,
        achieved_at=judged.met_at,
        score=None if score is None else max(score, 0.0),
        evidence=tuple(sorted({event.statement for event in rests_on})),
        refused=judged.findings.refused,
    )


def _units_result(judged: _Judged, condition: UnitCondition) -> ConditionResult:
    met = judged.met_at is not None
    parameters: dict[str, float] = {}
    shares: tuple[CreditShare, ...] = ()
    if isinstance(condition, Credits):
        counted = count(condition, judged.earned)
        have = [float(amount) for amount in counted.have]
        parameters = {
            "have": have[0],
            "at_least": condition.at_least,
            "earned": float(counted.earned),
        }
        shares = tuple(
            CreditShare(minimum=minimum, have=amount)
            for minimum, amount in zip(condition.of_which, have[1:], strict=True)
        )
    return ConditionResult(
        condition=condition,
        met=met,
        reason=_REASONS[type(condition)][0 if met else 1],
        parameters=parameters,
        achieved_at=judged.met_at,
        evidence=tuple(sorted({one for earned in judged.earned for one in earned.evidence})),
        achievements=tuple(sorted(one.id for one in judged.earned)),
        shares=shares,
    )


def _group_result(judged: _Judged, group: Group, until: datetime) -> ConditionResult:
    results = tuple(_result(part, until) for part in judged.parts)
    reached = [result for result in results if result.met]
    met = judged.met_at is not None
    rests_on: Sequence[ConditionResult] = results
    if met:
        first = sorted(reached, key=lambda result: result.achieved_at or until)
        rests_on = first[: _need(group)]
    scores = [result.score for result in rests_on if result.score is not None]
    parameters: dict[str, float] = {"have": len(reached), "of": len(results)}
    if isinstance(group, Count):
        parameters["at_least"] = group.at_least
    return ConditionResult(
        condition=judged.condition,
        met=met,
        reason=_REASONS[type(judged.condition)][0 if met else 1],
        parameters=parameters,
        achieved_at=judged.met_at,
        score=max(scores, default=None),
        evidence=tuple(sorted({one for result in rests_on for one in result.evidence})),
        achievements=tuple(sorted({one for result in rests_on for one in result.achievements})),
        conditions=results,
    )
