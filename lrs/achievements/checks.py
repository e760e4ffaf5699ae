"""The six checks that make an achievement verified, each by itself: pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from lrs.achievements.decision import ConditionResult, Refusal, Refused
from lrs.achievements.judge import Judgement
from schemas.achievements import Achievement

Check = Literal["rule", "provenance", "signature", "plausible_time", "double_counting", "officer"]
Outcome = Literal["passed", "failed", "waiting", "not_needed"]
"""`waiting` for an officer; an officer is `not_needed` where the unit asks for none."""

_CHECK_OF: dict[Refused, Check] = {
    "provenance": "provenance",
    "compromised": "provenance",
    "unsigned": "signature",
    "untrusted": "signature",
    "invalid": "signature",
    "future": "plausible_time",
    "implausible": "plausible_time",
    "too_short": "plausible_time",
    "already_counted": "double_counting",
}
"""Which check a statement fails that does not count; the rule's own where it is not named."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """How one check went; `statements` are those that fail it."""

    check: Check
    outcome: Outcome
    statements: tuple[str, ...] = ()


def checks(judgement: Judgement) -> list[CheckResult]:
    """Return how each check went for a persona and a unit.

    What does not count fails a check only where a condition is not met for want of it.
    """
    failed: dict[Check, set[str]] = {}
    if not judgement.met:
        for refusal in _missed(judgement.decision.rule):
            check = _CHECK_OF.get(refusal.reason, "rule")
            failed.setdefault(check, set()).add(refusal.statement)
    results = []
    for check in ("rule", "provenance", "signature", "plausible_time", "double_counting"):
        if check == "plausible_time" and judgement.decision.rule.reason == "overlapping_hours":
            failed.setdefault(check, set()).update(judgement.decision.rule.evidence)
        statements = tuple(sorted(failed.get(check, ())))
        fails = not judgement.met if check == "rule" else bool(statements)
        if check == "double_counting":
            fails |= not judgement.met and any(
                one.reason == "used" for one in judgement.conversions
            )
        results.append(
            CheckResult(check=check, outcome="failed" if fails else "passed", statements=statements)
        )
    return [*results, CheckResult(check="officer", outcome=_officer(judgement))]


def _missed(result: ConditionResult) -> Iterator[Refusal]:
    if result.met:
        return
    yield from result.refused
    for inner in result.conditions:
        yield from _missed(inner)


def _officer(judgement: Judgement) -> Outcome:
    if not judgement.unit.officer:
        return "not_needed"
    held: Achievement | None = judgement.held
    if held is not None and held.state == "verified":
        return "passed"
    return "failed" if held is not None and held.state == "refused" else "waiting"
