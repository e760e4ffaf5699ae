"""Which parts of a course a learner has satisfied, by its publisher's rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from lrs.records.fold import SUCCEEDED
from schemas.courses import AssignableUnit, Block, CourseStructure, MoveOn
from schemas.events import Event

Fact = str
"""`passed`, `completed` or `waived`: what counts for a moveOn rule."""

ENOUGH: Final[dict[MoveOn, tuple[frozenset[Fact], ...]]] = {
    "Passed": (frozenset({"passed"}),),
    "Completed": (frozenset({"completed"}),),
    "CompletedAndPassed": (frozenset({"completed", "passed"}),),
    "CompletedOrPassed": (frozenset({"completed"}), frozenset({"passed"})),
    "NotApplicable": (frozenset(),),
}
"""For each rule, the sets of facts of which one is enough (cmi5, 13.1.4)."""


def satisfied(structure: CourseStructure, events: Iterable[Event]) -> set[str]:
    """Return the ids of the units, the blocks and the course that are satisfied.

    `events` are those of one learner and registration, in any order and however often; without
    any, what asks for nothing is satisfied already (9.6.1). A unit is satisfied by its rule or
    when it was waived (9.3.9), a block and the course when all within are; what an LMS says of a
    block or a course is not asked.

    An event is about a unit when its activity is the unit's id, or the activity under which an LMS
    launched the unit: it makes an id of its own for that (8.1.5) and says with *launched* and
    *waived* which of the publisher's ids stands behind it, as the event's course. So what else a
    unit tells, of a quiz inside it for instance, satisfies nothing (7.1.3).
    """
    known = {unit.id for unit in structure.units()}
    told = list(events)
    facts: defaultdict[str, set[Fact]] = defaultdict(set)
    launched: defaultdict[str, set[str]] = defaultdict(set)
    for event in told:
        if event.kind in ("launched", "waived") and event.course in known:
            launched[event.activity].add(event.course)
    for event in told:
        for unit in launched.get(event.activity, set()) | ({event.activity} & known):
            facts[unit] |= _facts(event)
    met: set[str] = set()
    parts = [_meet(node, facts, met) for node in structure.nodes]
    return met | {structure.id} if all(parts) else met


def _facts(event: Event) -> set[Fact]:
    """Return what an event says; a result that contradicts its verb is believed, as in a fold."""
    facts: set[Fact] = set()
    if event.success or (event.success is None and event.kind in SUCCEEDED):
        facts.add("passed")
    if event.completion or (event.completion is None and event.kind == "completed"):
        facts.add("completed")
    if event.kind == "waived":
        facts.add("waived")
    return facts


def _meet(node: Block | AssignableUnit, facts: dict[str, set[Fact]], met: set[str]) -> bool:
    """Add what is satisfied of a node and those below it; return whether the node is."""
    if isinstance(node, AssignableUnit):
        told = facts.get(node.id, set())
        done = "waived" in told or any(enough <= told for enough in ENOUGH[node.move_on])
    else:
        parts = [_meet(below, facts, met) for below in node.nodes]
        done = all(parts)
    if done:
        met.add(node.id)
    return done
