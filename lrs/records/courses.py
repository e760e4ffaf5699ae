"""Which parts of a course a learner has satisfied, by its publisher's rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from lrs.records.fold import state_of
from lrs.records.state import Origin, RecordState, worth_of
from schemas.courses import AssignableUnit, Block, CourseStructure, MoveOn
from schemas.events import Event
from schemas.sources import Provenance
from schemas.times import moment_of

Fact = Literal["passed", "completed"]
"""What counts for a moveOn rule, beside a waiver."""

ENOUGH: Final[dict[MoveOn, tuple[frozenset[Fact], ...]]] = {
    "Passed": (frozenset({"passed"}),),
    "Completed": (frozenset({"completed"}),),
    "CompletedAndPassed": (frozenset({"completed", "passed"}),),
    "CompletedOrPassed": (frozenset({"completed"}), frozenset({"passed"})),
    "NotApplicable": (frozenset(),),
}
"""For each rule, the sets of facts of which one is enough (cmi5, 13.1.4)."""

RELIANCE: Final[dict[Provenance, int]] = {
    "server": 0,
    "signed": 1,
    "import": 2,
    "manual": 3,
    "launched": 4,
    "browser": 5,
}
"""Provenance classes, those first that a learner has the least hold of."""

WORKED_OUT: Final = 1 << 20
"""The ordinal of events worked out by us, beyond those that an adapter takes from a statement."""

COURSE_TYPE: Final = "https://w3id.org/xapi/cmi5/activitytype/course"
BLOCK_TYPE: Final = "https://w3id.org/xapi/cmi5/activitytype/block"


class Met(NamedTuple):
    """That a part is satisfied: by which event at last, by which statements, from sources how
    reliable at the least. A part that asks for nothing rests on nothing.
    """

    by: Origin
    statements: frozenset[str]
    provenance: Provenance


def satisfied(structure: CourseStructure, events: Iterable[Event]) -> set[str]:
    """Return the ids of the units, the blocks and the course that are satisfied.

    `events` are those of one learner and registration, in any order and however often; without
    any, what asks for nothing is satisfied already (9.6.1). See `satisfied_parts`.
    """
    by_activity: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_activity[event.activity].append(event)
    states = {activity: state_of(told) for activity, told in by_activity.items()}
    return set(satisfied_parts(structure, states, Origin((0, "", 0), "server", 0, "")))


def satisfied_parts(
    structure: CourseStructure, states: Mapping[str, RecordState], registered: Origin
) -> dict[str, Met]:
    """Return the units, blocks and the course that are satisfied, by id, and how.

    `states` are those of one learner's records in one registration, by activity; `registered` is
    when what asks for nothing is satisfied: at once. A unit is satisfied by its rule or when it
    was waived (9.3.9), a block and the course when all within are; what an LMS says of a block or
    a course is not asked. A pass counts where the best score reaches the mastery score.

    A record is about a unit when its activity is the unit's id, or the activity under which an LMS
    launched the unit: it makes an id of its own for that (8.1.5), and names the publisher's beside
    it (9.6.2.3). So what else a unit tells, of a quiz inside it for instance, satisfies nothing
    (7.1.3).
    """
    about: defaultdict[str, list[RecordState]] = defaultdict(list)
    known = {unit.id for unit in structure.units()}
    for activity, state in states.items():
        for unit in known & {activity, *state.published_as}:
            about[unit].append(state)
    met: dict[str, Met] = {}
    nothing = Met(registered, frozenset(), "server")
    parts = [_meet(node, about, met, nothing) for node in structure.nodes]
    whole = _all(parts, nothing)
    if whole is not None:
        met[structure.id] = whole
    return met


def satisfied_events(
    structure: CourseStructure, states: Mapping[str, RecordState], registration: str | None
) -> list[Event]:
    """Return what we say with "satisfied" of a course and its blocks, once of each.

    Each is taken from the statement that met the last requirement, so that it has its time and
    stands on evidence; its activity is always the publisher's id.
    """
    firsts = [state.first for state in states.values() if state.first is not None]
    if not firsts:
        return []
    met = satisfied_parts(structure, states, min(firsts, key=lambda origin: origin.place))
    parts: list[CourseStructure | Block] = [structure, *structure.blocks()]
    return [
        Event(
            statement=one.by.place[1],
            ordinal=WORKED_OUT,
            kind="satisfied",
            identifier=one.by.identifier,
            activity=part.id,
            activity_name=part.titles or None,
            activity_type=COURSE_TYPE if part is structure else BLOCK_TYPE,
            course=structure.id,
            registration=registration,
            time=moment_of(one.by.place[0]),
            rests_on=tuple(sorted(one.statements - {one.by.place[1]})),
            source=one.by.source,
            provenance=one.provenance if one.statements else one.by.provenance,
        )
        for part in parts
        if (one := met.get(part.id)) is not None
    ]


def _meet(
    node: Block | AssignableUnit,
    about: Mapping[str, Sequence[RecordState]],
    met: dict[str, Met],
    nothing: Met,
) -> Met | None:
    """Add what is satisfied of a node and those below it; return how the node is."""
    if isinstance(node, AssignableUnit):
        done = _unit(node, about.get(node.id, ()), nothing)
    else:
        done = _all([_meet(below, about, met, nothing) for below in node.nodes], nothing)
    if done is not None:
        met[node.id] = done
    return done


def _unit(unit: AssignableUnit, states: Sequence[RecordState], nothing: Met) -> Met | None:
    facts: dict[Fact, Origin | None] = {
        "passed": _earliest(state.passed for state in states if _mastered(unit, state)),
        "completed": _earliest(state.completed for state in states),
    }
    waived = _earliest(state.waived for state in states)
    ways = [
        _all([_met(facts[fact]) for fact in enough], nothing) for enough in ENOUGH[unit.move_on]
    ]
    found = [way for way in (*ways, _met(waived)) if way is not None]
    return min(found, key=lambda way: way.by.place, default=None)


def _mastered(unit: AssignableUnit, state: RecordState) -> bool:
    """Tell whether the best score reaches the mastery score; a pass without one is believed."""
    if unit.mastery_score is None or state.best is None:
        return True
    known, share, *_ = worth_of(state.best[1])
    return not known or share >= unit.mastery_score


def _earliest(origins: Iterable[Origin | None]) -> Origin | None:
    told = [origin for origin in origins if origin is not None]
    return min(told, key=lambda origin: origin.place, default=None)


def _met(origin: Origin | None) -> Met | None:
    if origin is None:
        return None
    return Met(origin, frozenset({origin.place[1]}), origin.provenance)


def _all(parts: Sequence[Met | None], nothing: Met) -> Met | None:
    """Return that all parts are met, by the last of them; None where one is not."""
    met = nothing
    for part in parts:
        if part is None:
            return None
        met = Met(
            max(met.by, part.by, key=lambda origin: origin.place),
            met.statements | part.statements,
            max(met.provenance, part.provenance, key=RELIANCE.__getitem__),
        )
    return met
