"""The fold of events into a learner record: the same for any order and any repetition."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from schemas.events import Event, EventKind, Score, united
from schemas.records import LearnerRecord

SUCCEEDED: Final[frozenset[EventKind]] = frozenset({"passed", "mastered"})
COMPLETED: Final[frozenset[EventKind]] = frozenset({"completed", "satisfied", "waived"})
BEGUN: Final[frozenset[EventKind]] = frozenset({"attempted", "initialized"})
NO_ATTEMPT: Final[frozenset[EventKind]] = frozenset({"satisfied", "waived"})
"""Said of a learner without one being made, though cmi5 gives them a session of their own."""


def fold(events: Iterable[Event]) -> LearnerRecord:
    """Return the record that events of one activity and registration make.

    An event is known by its statement and ordinal; one met again changes nothing. Where events
    contradict each other, the later one by (time, statement, ordinal) wins, unless said otherwise
    below. Raises ValueError where there is no event or they are not of one record.
    """
    line = sorted({(e.statement, e.ordinal): e for e in events}.values(), key=_place)
    if not line:
        raise ValueError("no events: a record needs at least one")
    if len({(event.activity, event.registration) for event in line}) > 1:
        raise ValueError("the events are of several records: fold those of each by themselves")
    completion, completed_at = _completion(line)
    scores = [event.score for event in line if event.score is not None]
    attended = {event.session: event for event in line if event.session and event.attendance}
    newest = line[::-1]
    return LearnerRecord(
        activity=line[0].activity,
        registration=line[0].registration,
        name=next((event.activity_name for event in newest if event.activity_name), None),
        type=next((event.activity_type for event in newest if event.activity_type), None),
        course=next((event.course for event in newest if event.course), None),
        first=line[0].time,
        last=line[-1].time,
        attempts=_attempts(line),
        progress=_progress(line, completion),
        best_score=max(scores, key=_worth, default=None),
        last_score=scores[-1] if scores else None,
        success=_success(line),
        completion=completion,
        completed_at=completed_at,
        duration=_duration(line, list(attended.values())),
        sessions={
            session: event.attendance
            for session, event in sorted(attended.items())
            if event.attendance is not None
        },
        examiners=tuple(sorted({event.examiner for event in line if event.examiner})),
        evidence=tuple(sorted({event.statement for event in line})),
    )


def _place(event: Event) -> tuple[datetime, str, int]:
    return event.time, event.statement, event.ordinal


def _worth(score: Score) -> tuple[bool, float, bool, float]:
    """Order scores by share, then by raw; one without a share is worth less than any with one."""
    share = score.share
    known = share is not None and math.isfinite(share)
    return (
        known,
        share if known and share is not None else 0.0,
        score.raw is not None,
        score.raw or 0.0,
    )


def _success(line: Sequence[Event]) -> bool | None:
    """Return True once the learner succeeded: failing later takes no success away.

    A result that says otherwise than its verb is believed, not the verb.
    """
    said = {
        event.success if event.success is not None else event.kind in SUCCEEDED
        for event in line
        if event.success is not None or event.kind in SUCCEEDED or event.kind == "failed"
    }
    return any(said) if said else None


def _completion(line: Sequence[Event]) -> tuple[bool | None, datetime | None]:
    """Return whether the activity is completed, and since when.

    An `uncompleted` takes back every completion before it; `completed_at` is the first after.
    """
    said: bool | None = None
    since: datetime | None = None
    for event in line:
        if event.kind == "uncompleted":
            said, since = False, None
        elif event.completion or (event.completion is None and event.kind in COMPLETED):
            said, since = True, since or event.time
        elif event.completion is False and said is None:
            said = False
    return said, since


def _progress(line: Sequence[Event], completion: bool | None) -> float | None:
    """Return the share watched of a recording, to three decimals, else the greatest share told.

    The parts played in any attempt are united, within the greatest length told, so that nobody
    has watched more by telling a shorter one. They are believed before a completion, which else
    is the whole.
    """
    told = [event.progress for event in line if event.progress is not None]
    length = max((event.length for event in line if event.length), default=None)
    segments = united(segment for event in line for segment in event.segments)
    if segments and length:
        seconds = math.fsum(min(end, length) - begin for begin, end in segments if begin < length)
        told.append(round(seconds / length, 3))
    elif completion:
        return 1.0
    return max(told, default=None)


def _attempts(line: Sequence[Event]) -> int:
    """Count the attempts.

    Those that are named once each; of the rest, the verb among `attempted` and `initialized` that
    was said more often, as one tool may say both of one attempt.
    """
    named = {event.attempt for event in line if event.attempt and event.kind not in NO_ATTEMPT}
    begun = Counter(event.kind for event in line if not event.attempt and event.kind in BEGUN)
    return len(named) + max(begun.values(), default=0)


def _duration(line: Sequence[Event], attended: Sequence[Event]) -> float:
    """Return the seconds spent.

    Each attempt counts with the longest duration told of it, each session attended (present or
    late) with the one told last. Durations told of neither are summed by verb, and the largest of
    these sums counts: "completed" and "passed" of one sitting tell the same time twice. Whether
    attempts overlap in time is not looked at here.
    """
    attempts: defaultdict[str, float] = defaultdict(float)
    loose: defaultdict[EventKind, list[float]] = defaultdict(list)
    for event in line:
        if event.duration is None or event.session:
            continue
        if event.attempt:
            attempts[event.attempt] = max(attempts[event.attempt], event.duration)
        else:
            loose[event.kind].append(event.duration)
    sessions = [e.duration or 0.0 for e in attended if e.attendance in ("present", "late")]
    return math.fsum(
        (
            *attempts.values(),
            *sessions,
            max((math.fsum(durations) for durations in loose.values()), default=0.0),
        )
    )
