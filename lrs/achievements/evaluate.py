"""The decision whether a persona's events meet a unit's rule: pure, and the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc8785

from lrs.achievements.decision import ConditionResult, Decision, Reason
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
from schemas.events import Event
from schemas.units import (
    AllOf,
    AnyOf,
    Attended,
    Completed,
    Condition,
    Count,
    Examined,
    Group,
    Hours,
    LeafCondition,
    Passed,
    Scored,
    Unit,
)

_REASONS: dict[type[Condition], tuple[Reason, Reason]] = {
    Completed: ("completed", "not_completed"),
    Passed: ("passed", "not_passed"),
    Scored: ("scored", "scored_too_low"),
    Hours: ("hours_spent", "too_few_hours"),
    Attended: ("attended", "too_few_sessions"),
    Examined: ("examined", "not_examined"),
    AllOf: ("all_met", "not_all_met"),
    AnyOf: ("any_met", "none_met"),
    Count: ("enough_met", "too_few_met"),
}
"""The reason where a condition is met, and where it is not."""


def evaluate(unit: Unit, events: Iterable[Event], as_of: datetime) -> Decision:
    """Decide whether a persona's events meet the unit's rule, as far as is known at `as_of`.

    `events` are those of the persona's unvoided statements, in any order; one met again (by
    statement and ordinal) changes nothing, nor does one that `activities_of` does not name. Times
    are aware. More events never turn a rule that is met back, except: an `uncompleted`, a
    correction of a session's attendance, an identifier of the learner that is an examiner's.
    """
    known = {(event.statement, event.ordinal): event for event in events}.values()
    activities = activities_of(unit)
    read = [event for event in known if activities & {event.activity, event.course}]
    context = Context(unit, as_of, frozenset(event.identifier for event in known))
    judged = _judge(unit.rule, read, context)
    rule = _result(judged, judged.met_at or as_of + CLOCK_SKEW)
    future = [event.time for event in read if event.time > as_of + CLOCK_SKEW]
    return Decision(
        unit=unit.code,
        version=unit.version,
        as_of=as_of,
        met=rule.met,
        achieved_at=rule.achieved_at,
        score=rule.score,
        evidence=rule.evidence if rule.met else (),
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


def leaves(condition: Condition) -> Iterator[LeafCondition]:
    """Yield the conditions on evidence within a condition, in its order."""
    if isinstance(condition, Group):
        for inner in condition.of:
            yield from leaves(inner)
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


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """A condition with the time at which it was met; a leaf has findings, a group has parts."""

    condition: Condition
    met_at: datetime | None
    findings: Findings = NOTHING
    parts: tuple[_Judged, ...] = ()


def _judge(condition: Condition, events: Sequence[Event], context: Context) -> _Judged:
    if not isinstance(condition, Group):
        findings = find(condition, events, context)
        at = met_at(condition, findings.counted)
        return _Judged(condition=condition, met_at=at, findings=findings)
    parts = tuple(_judge(inner, events, context) for inner in condition.of)
    times = sorted(part.met_at for part in parts if part.met_at is not None)
    need = _need(condition)
    at = times[need - 1] if len(times) >= need else None
    return _Judged(condition=condition, met_at=at, parts=parts)


def _need(group: Group) -> int:
    """Return how many conditions of a group must be met; a group of none is never met."""
    match group:
        case AllOf():
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
        conditions=results,
    )
