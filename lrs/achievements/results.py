"""What a judged rule comes to: condition by condition, with the evidence that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lrs.achievements.credit_sum import count
from lrs.achievements.decision import ConditionResult, CreditShare, Reason
from lrs.achievements.earned import Earned
from lrs.achievements.evidence import HOUR, NOTHING, Findings, chosen, running_time, share_of
from schemas import units
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


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A condition with the time at which it was met.

    One on evidence has findings, one on units has the achievements that it reads, a group parts.
    """

    condition: Condition
    met_at: datetime | None
    findings: Findings = NOTHING
    earned: tuple[Earned, ...] = ()
    parts: tuple[Judged, ...] = ()
    taken: tuple[tuple[int, int], ...] = ()


def need_of(group: Group) -> int:
    """Return how many conditions of a group must be met; a group of none is never met."""
    match group:
        case AllOf() | units.Sequence():
            return max(len(group.of), 1)
        case Count():
            return max(group.at_least, 1)
        case _:
            return 1


def result_of(judged: Judged, until: datetime, shared: bool) -> ConditionResult:
    """Return the result with its evidence: what counts until the whole rule was met.

    Later evidence changes nothing in what was decided, so it is left out. Where conditions on
    hours share the clock (`shared`), one may rest on more than it needs by itself.
    """
    if isinstance(judged.condition, Group):
        return _group_result(judged, judged.condition, until, shared)
    if isinstance(judged.condition, Achieved | Credits):
        return _units_result(judged, judged.condition)
    return _leaf_result(judged, judged.condition, until, shared)


def _leaf_result(
    judged: Judged, leaf: LeafCondition, until: datetime, shared: bool
) -> ConditionResult:
    met = judged.met_at is not None
    counted = list(judged.findings.counted)
    if judged.met_at is not None:
        counted = [event for event in counted if event.time <= max(until, judged.met_at)]
    everything = shared and isinstance(leaf, Hours)
    rests_on = counted if everything else chosen(leaf, counted, judged.taken)
    score = None
    parameters: dict[str, float] = {}
    match leaf:
        case Hours():
            spent = running_time(counted, judged.taken)
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
        evidence=tuple(sorted({one for event in rests_on for one in event.statements})),
        refused=judged.findings.refused,
    )


def _units_result(judged: Judged, condition: UnitCondition) -> ConditionResult:
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
        refused=judged.findings.refused,
        achievements=tuple(sorted(one.id for one in judged.earned)),
        shares=shares,
    )


def _group_result(judged: Judged, group: Group, until: datetime, shared: bool) -> ConditionResult:
    results = tuple(result_of(part, until, shared) for part in judged.parts)
    reached = [result for result in results if result.met]
    met = judged.met_at is not None
    rests_on: Sequence[ConditionResult] = results
    if met:
        first = sorted(reached, key=lambda result: result.achieved_at or until)
        rests_on = first if shared else first[: need_of(group)]
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
