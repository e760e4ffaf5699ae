"""Events: what one statement says, in one vocabulary whatever the tool."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, get_args

import msgspec

from schemas.sources import Provenance, SignatureResult

EventKind = Literal[
    "launched",
    "initialized",
    "attempted",
    "experienced",
    "progressed",
    "completed",
    "uncompleted",
    "passed",
    "failed",
    "mastered",
    "scored",
    "attended",
    "waived",
    "satisfied",
    "abandoned",
    "terminated",
]
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)

LaunchMode = Literal["Normal", "Browse", "Review"]
LAUNCH_MODES: tuple[LaunchMode, ...] = get_args(LaunchMode)

Attendance = Literal["present", "late", "excused", "absent"]


class Score(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A score as xAPI has it: `scaled` in -1..1, `raw` between `min` and `max`."""

    scaled: float | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None

    @property
    def share(self) -> float | None:
        """The score in -1..1: `scaled`, or `raw` within `min` (else 0) and `max`; else None."""
        if self.scaled is not None:
            return self.scaled
        if self.raw is None or self.max is None:
            return None
        low = self.min or 0.0
        return (self.raw - low) / (self.max - low) if self.max > low else None


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One normalised fact taken from one statement.

    `identifier` is the learner's identifier (`schemas.identifiers`), `statement` the
    statement's id, `ordinal` the event's place among those of the same statement,
    `duration` seconds, `progress` 0..1, `time` an aware UTC datetime. `activity` is what
    the record is about (a quiz, not one attempt at it); `attempt` tells attempts or
    sessions apart; `course` is the course it belongs to, itself where it is the course.
    `session` is the dated session that was attended, `examiner` the identifier of the person
    who judged, `reason` why an activity was waived. `segments` are the parts of a recording that
    were played, in seconds from its beginning, in order and apart from each other, and `length`
    is the recording's; an event with both tells no `progress` of its own. `cmi5_defined` events
    are held to the rules of cmi5's sessions, `launch_mode` is how one was launched, and
    `published_as` are the ids that stand in the grouping, the publisher's id of the activity among
    them (cmi5, 9.6.2.3). `rests_on` are the other statements that an event worked out by us rests
    on, beside its own. `signature` is what verifying the statement's came to.
    """

    statement: str
    ordinal: int = 0
    kind: EventKind
    identifier: str
    learner_name: str | None = None
    activity: str
    activity_name: dict[str, str] | None = None
    activity_type: str | None = None
    course: str | None = None
    registration: str | None = None
    attempt: str | None = None
    time: datetime
    duration: float | None = None
    score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    progress: float | None = None
    segments: tuple[tuple[float, float], ...] = ()
    length: float | None = None
    attendance: Attendance | None = None
    session: str | None = None
    examiner: str | None = None
    reason: str | None = None
    cmi5_defined: bool = False
    launch_mode: LaunchMode | None = None
    published_as: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    source: int
    provenance: Provenance
    signature: SignatureResult = "unsigned"

    @property
    def statements(self) -> tuple[str, ...]:
        """The statements that the event stands on: its own, and those that it rests on."""
        return (self.statement, *self.rests_on)


def united(segments: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the union of segments as segments in order that neither overlap nor touch."""
    union: list[tuple[float, float]] = []
    for begin, end in sorted(segments):
        if end <= begin:
            continue
        if union and begin <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        else:
            union.append((begin, end))
    return tuple(union)
