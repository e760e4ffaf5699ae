"""The state of a record: all that its events leave behind, so that one more need not read them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from schemas.events import Attendance, Event, EventKind, Score, united
from schemas.sources import Provenance
from schemas.times import instant_of

Place = tuple[int, str, int]
"""Where an event stands among others: microseconds since the epoch, statement, ordinal."""

SITTING_LIMIT: Final = 12 * 3_600
"""Seconds that one event's duration counts with at the most: beyond it a browser was left open."""

SUCCEEDED: Final[frozenset[EventKind]] = frozenset({"passed", "mastered"})
COMPLETED: Final[frozenset[EventKind]] = frozenset({"completed", "satisfied", "waived"})
BEGUN: Final[frozenset[EventKind]] = frozenset({"attempted", "initialized"})
NO_ATTEMPT: Final[frozenset[EventKind]] = frozenset({"satisfied", "waived"})
"""Said of a learner without one being made, though cmi5 gives them a session of their own."""


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """An event by its place, and where it came from."""

    place: Place
    provenance: Provenance
    source: int
    identifier: str


class Attempt(msgspec.Struct, array_like=True):
    """An attempt: the last instant told of it, and the one from which on it was closed."""

    last: int
    closed: int | None = None


class RecordState(msgspec.Struct, array_like=True, kw_only=True):
    """What the events of one record leave behind, the same for any order of them.

    `plain` tells that no rule about their order left any of them out, so that a further event may
    be added to the state. `measured` are the begins and ends (microseconds, in turn and in order)
    of the time that events fill; `sessions` the place, attendance and microseconds told last of
    each session. `passed`, `completed` and `waived` are the earliest events that say so,
    `cmi5_judged` and `cmi5_completed` tell that a unit of cmi5 said so itself.
    """

    plain: bool = True
    events: int = 0
    first: Origin | None = None
    last: int = 0
    name: tuple[Place, dict[str, str]] | None = None
    type: tuple[Place, str] | None = None
    course: tuple[Place, str] | None = None
    courses: set[str] = msgspec.field(default_factory=set)
    published_as: set[str] = msgspec.field(default_factory=set)
    attempts: dict[str, Attempt] = msgspec.field(default_factory=dict)
    begun: dict[EventKind, int] = msgspec.field(default_factory=dict)
    progress: float | None = None
    length: float | None = None
    segments: tuple[tuple[float, float], ...] = ()
    best: tuple[Place, Score] | None = None
    latest: tuple[Place, Score] | None = None
    succeeded: bool = False
    unsuccessful: bool = False
    uncompleted: Place | None = None
    completed_at: Place | None = None
    incomplete: bool = False
    measured: list[int] = msgspec.field(default_factory=list)
    sessions: dict[str, tuple[Place, Attendance, int]] = msgspec.field(default_factory=dict)
    examiners: set[str] = msgspec.field(default_factory=set)
    passed: Origin | None = None
    completed: Origin | None = None
    waived: Origin | None = None
    cmi5_judged: bool = False
    cmi5_completed: bool = False

    def takes(self, event: Event) -> bool:
        """Tell whether the event may be added: no rule about order can then leave any out."""
        if not self.plain or event.kind == "uncompleted":
            return False
        if event.launch_mode is not None and only_looked(event):
            return False
        if event.cmi5_defined and (
            (event.kind in ("passed", "failed") and self.cmi5_judged)
            or (event.kind == "completed" and self.cmi5_completed)
        ):
            return False
        attempt = self.attempts.get(event.attempt) if event.attempt else None
        if attempt is None:
            return True
        if attempt.closed is not None:
            return False
        if not closes_session(event):
            return True
        return event.kind == "terminated" and attempt.last <= instant_of(event.time)

    def add(self, event: Event) -> None:
        """Add an event that is not yet in. `uncompleted` has to be set beforehand."""
        at = instant_of(event.time)
        place = (at, event.statement, event.ordinal)
        self.events += 1
        self.last = at if self.events == 1 else max(self.last, at)
        self.first = _earlier(self.first, event, place)
        self._describe(event, place)
        self._attempt(event, at)
        self._score(event, place)
        self._settle(event, place)
        self._spend(event, place)

    def _describe(self, event: Event, place: Place) -> None:
        if event.activity_name and (self.name is None or place > self.name[0]):
            self.name = (place, event.activity_name)
        if event.activity_type and (self.type is None or place > self.type[0]):
            self.type = (place, event.activity_type)
        if event.course:
            self.courses.add(event.course)
            if self.course is None or place > self.course[0]:
                self.course = (place, event.course)
            if event.kind in ("launched", "waived"):
                self.published_as.add(event.course)
        if event.published_as:
            self.published_as.update(event.published_as)
        if event.examiner:
            self.examiners.add(event.examiner)

    def _attempt(self, event: Event, at: int) -> None:
        if not event.attempt:
            if event.kind in BEGUN:
                self.begun[event.kind] = self.begun.get(event.kind, 0) + 1
            return
        if event.kind in NO_ATTEMPT:
            return
        attempt = self.attempts.setdefault(event.attempt, Attempt(at))
        attempt.last = max(attempt.last, at)
        if closes_session(event):
            attempt.closed = at if attempt.closed is None else min(attempt.closed, at)

    def _score(self, event: Event, place: Place) -> None:
        if event.progress is not None:
            self.progress = max(event.progress, self.progress or 0.0)
        if event.length:
            self.length = max(event.length, self.length or 0.0)
        if event.segments:
            self.segments = united((*self.segments, *event.segments))
        if event.score is None:
            return
        if self.latest is None or place > self.latest[0]:
            self.latest = (place, event.score)
        worth, best = worth_of(event.score), self.best and worth_of(self.best[1])
        if (
            self.best is None
            or best is None
            or worth > best
            or (worth == best and place < self.best[0])
        ):
            self.best = (place, event.score)

    def _settle(self, event: Event, place: Place) -> None:
        passed = event.success if event.success is not None else event.kind in SUCCEEDED
        if passed:
            self.succeeded = True
            self.passed = _earlier(self.passed, event, place)
        elif event.success is not None or event.kind == "failed":
            self.unsuccessful = True
        completed = event.completion is None and event.kind in COMPLETED
        if event.kind != "uncompleted" and (event.completion or completed):
            if self.uncompleted is None or place > self.uncompleted:
                self.completed_at = min(place, self.completed_at or place)
        elif event.completion is False:
            self.incomplete = True
        if event.completion or (completed and event.kind == "completed"):
            self.completed = _earlier(self.completed, event, place)
        if event.kind == "waived":
            self.waived = _earlier(self.waived, event, place)
        if event.cmi5_defined:
            self.cmi5_judged |= event.kind in ("passed", "failed")
            self.cmi5_completed |= event.kind == "completed"

    def _spend(self, event: Event, place: Place) -> None:
        if event.session:
            known = self.sessions.get(event.session)
            if event.attendance and (known is None or place > known[0]):
                spent = round((event.duration or 0.0) * 1_000_000)
                self.sessions[event.session] = (place, event.attendance, spent)
        elif event.duration:
            spent = round(min(event.duration, SITTING_LIMIT) * 1_000_000)
            fill(self.measured, place[0] - spent, place[0])


decode_state = msgspec.msgpack.Decoder(RecordState).decode
encode_state = msgspec.msgpack.Encoder(order="deterministic").encode


def closes_session(event: Event) -> bool:
    """Tell whether nothing may follow the event in its session (cmi5, 9.3.6, 9.3.8)."""
    return event.cmi5_defined and event.kind in ("abandoned", "terminated")


def only_looked(event: Event) -> bool:
    """Tell whether the event says that its session was launched without judgement (10.2.2)."""
    return event.launch_mode is not None and event.launch_mode != "Normal"


def fill(measured: list[int], begin: int, end: int) -> int:
    """Add a stretch of time to those filled already, in place; return by how much they grew."""
    if end <= begin:
        return 0
    left, right = bisect_left(measured, begin), bisect_right(measured, end)
    grown = end * (right % 2 == 0) - begin * (left % 2 == 0)
    grown -= sum(measured[at] if at % 2 else -measured[at] for at in range(left, right))
    measured[left:right] = [begin] * (left % 2 == 0) + [end] * (right % 2 == 0)
    return grown


def filled(measured: Sequence[int]) -> int:
    """Return the microseconds that stretches of time fill."""
    return sum(measured[1::2]) - sum(measured[::2])


def attended(sessions: Mapping[str, tuple[Place, Attendance, int]]) -> int:
    """Return the microseconds of the sessions attended, present or late.

    A sheet says not when in a day a session was, so that these are added as they were told.
    """
    return sum(
        spent for _, attendance, spent in sessions.values() if attendance in ("present", "late")
    )


def worth_of(score: Score) -> tuple[bool, float, bool, float]:
    """Order scores by share, then by raw; one without a share is worth less than any with one."""
    share = score.share
    known = share is not None and math.isfinite(share)
    return (
        known,
        share if known and share is not None else 0.0,
        score.raw is not None,
        score.raw or 0.0,
    )


def _earlier(known: Origin | None, event: Event, place: Place) -> Origin:
    if known is not None and known.place <= place:
        return known
    return Origin(place, event.provenance, event.source, event.identifier)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Return events in their order, one met again left out."""
    return sorted({(e.statement, e.ordinal): e for e in events}.values(), key=place_of)


def place_of(event: Event) -> Place:
    """Return the place of an event among others."""
    return instant_of(event.time), event.statement, event.ordinal
