"""What the contract tests of projections and records share: writing events as a projector does."""

from datetime import UTC, datetime

from lrs.records.fold import state_of
from lrs.store.projections import PersonaNamed, Projection, StoredEvent
from lrs.store.records import RecordKey
from schemas.events import Event

T = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
IDENTIFIER = "mbox:mailto:li.na@example.edu.cn"
QUIZ, COURSE = "https://lms.example/quiz", "https://lms.example/course"


def event(statement="s1", activity=QUIZ, course=COURSE, **rest):
    return Event(
        statement=statement,
        kind=rest.pop("kind", "completed"),
        identifier=rest.pop("identifier", IDENTIFIER),
        activity=activity,
        course=course,
        time=rest.pop("time", T),
        source=1,
        provenance="server",
        **rest,
    )


def named(persona="p1", name="李娜", at=1, identifier=IDENTIFIER):
    return PersonaNamed(persona=persona, identifier=identifier, name=name, at=at)


def key(activity=QUIZ, registration="", persona="p1"):
    return RecordKey(persona, activity, registration)


def project(store, events=(), *, generation=None, steps=1, **rest):
    """Write events (pairs of persona and event, each of a statement of its own) with records."""
    since = store.projections.checkpoint(generation)
    stored = [
        StoredEvent(since.seq + place, persona, one)
        for place, (persona, one) in enumerate(events, 1)
    ]
    records = {RecordKey.of(persona, one): state_of([one]) for persona, one in events}
    projection = Projection(
        since=since,
        through=since.seq + max(len(stored), steps),
        events=stored,
        **{"records": records, **rest},
    )
    assert store.projections.apply(projection)
    return stored
