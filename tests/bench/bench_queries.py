"""What pages of statements, and documents, take of the server: of ten thousand statements and of a
hundred times as many.

The application answers without a network. The two are held against each other by the time of the
processor, so that what else the machine does takes nothing from either.
"""

from __future__ import annotations

import base64
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from werkzeug.test import EnvironBuilder, run_wsgi_app

from lrs.app import create_app
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.documents import DocumentKey
from schemas.times import format_instant
from tests.bench import cohort
from tests.bench.dataset import (
    UNITS,
    fill,
    fill_documents,
    preferences_of,
    state_of,
    structure_of,
)
from tests.bench.report import Report

SMALL = 10_000
GROWTH = 10
"""Times the scale: `make bench ARGS="queries 100"` compares ten thousand with a million."""

REPEATS = 200
WARM = 20
"""So many are asked first, and not counted."""

KEY, SECRET = "bench-reader", "bench-reader-secret"
SIGNED_IN = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
PASSED = "http://adlnet.gov/expapi/verbs/passed"
COMPLETED = "http://adlnet.gov/expapi/verbs/completed"

NEVER_MEET = "verb and the LMS"
"""Two long lists that have nothing in common: nothing is found."""

FIRST, LATER = "verb", "a later page"

Query = tuple[str, dict[str, str]]
"""A resource and its parameters."""


class Taken(NamedTuple):
    """The p95 of what answers took, in seconds of the processor and by the clock."""

    processor: float
    clock: float


def run(report: Report, scale: int) -> None:
    """Measure each kind of query on a small and on a large data set."""
    thousands = GROWTH * scale
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        for folder, count in ((one, SMALL), (other, thousands * 1000)):
            store = fill(Path(folder), count)
            fill_documents(store, count)
            store.close()
        found = measure(Path(one), Path(other), thousands * 1000)
    for name, (small, large) in found.items():
        report.add(
            "query",
            f"{name}, {thousands}k against 10k, p95 of the processor",
            large.processor * 1000,
            "ms",
            floor=small.processor * 1000,
            target="<1.5",
        )
        report.add("query", f"{name}, {thousands}k, p95", large.clock * 1000, "ms", target="<10")
    report.add(
        "query",
        f"{LATER} against the first, {thousands}k, p95 of the processor",
        found[LATER][1].processor * 1000,
        "ms",
        floor=found[FIRST][1].processor * 1000,
    )


def measure(small: Path, large: Path, count: int) -> dict[str, tuple[Taken, Taken]]:
    """Return what each kind of query takes on a small data set and on one of `count` statements.

    Both are asked in turns. Raises AssertionError where a kind found nothing all the time, which
    would prove nothing.
    """
    found = {}
    with _opened(small, SMALL) as one, _opened(large, count) as other:
        for name in one.kinds:
            samples: tuple[list[Taken], list[Taken]] = ([], [])
            counts = [0, 0]
            for _ in range(REPEATS):
                for place, data_set in enumerate((one, other)):
                    taken, answered = data_set.ask(name)
                    samples[place].append(taken)
                    counts[place] += answered
            if (name == NEVER_MEET) != (counts == [0, 0]):
                raise AssertionError(f"{name}: {counts} found")
            found[name] = (_p95(samples[0]), _p95(samples[1]))
    return found


def _p95(samples: list[Taken]) -> Taken:
    place = int(0.95 * (len(samples) - WARM))
    return Taken(*(sorted(column)[place] for column in zip(*samples[WARM:], strict=True)))


@contextmanager
def _opened(folder: Path, count: int) -> Iterator[DataSet]:
    app = create_app(Settings(data=folder, public_url="http://lrs.example"))
    service = app.extensions["lrs"]
    service.credentials.ensure(KEY, SECRET, name="Reader", scopes=("all/read",))
    try:
        yield DataSet(app, service, count)
    finally:
        service.close()


class DataSet:
    """An application over `count` statements; `kinds` choose what to ask it for."""

    def __init__(self, app: Any, service: Service, count: int) -> None:
        self._app = app
        chance = random.Random(7)
        learners, courses = cohort.size(count)
        stored = [
            format_instant(row.stored)
            for place in range(0, count, max(1, count // 50))
            for row in service.store.statements.following(place, 1)
        ]

        def learner() -> int:
            return min(int(chance.betavariate(1.2, 1.2) * learners), learners - 1)

        def agent(number: int) -> str:
            account = {"homePage": cohort.LMS, "name": f"2026{number:08d}"}
            return json.dumps({"account": account})

        def course_of(number: int) -> int:
            return (number * 7 + chance.randrange(3)) % courses

        def course(number: int) -> str:
            return f"{cohort.LMS}/course/view.php?id={number}"

        def page(of: int) -> str:
            return f"{cohort.LMS}/mod/page/view.php?id={of * 24 + 1}"

        def any_course() -> int:
            return chance.randrange(courses)

        def statements(**parameters: str) -> Query:
            return "statements", {"limit": "100", **parameters}

        def related(**parameters: str) -> Query:
            return statements(related_activities="true", **parameters)

        def between() -> dict[str, str]:
            since, until = sorted(chance.sample(stored, 2))
            return {"since": since, "until": until}

        def later() -> dict[str, str]:
            return {"cursor": str(chance.randrange(count // 2, count))}

        def agent_and_activity() -> Query:
            number = learner()
            return statements(agent=agent(number), activity=page(course_of(number)))

        def agent_and_related() -> Query:
            number = learner()
            return related(agent=agent(number), activity=course(course_of(number)))

        def registration() -> Query:
            number = learner()
            return statements(registration=cohort.registration_of(number, course_of(number)))

        def state() -> Query:
            key = state_of(number := learner(), courses, chance.randrange(UNITS))
            return "activities/state", {
                "activityId": key.activity,
                "agent": agent(number),
                "registration": key.registration,
                "stateId": key.id,
            }

        def states() -> Query:
            resource, parameters = state()
            return resource, {name: parameters[name] for name in ("activityId", "agent")}

        def agent_profile() -> Query:
            number = learner()
            parameters = {"agent": agent(number), "profileId": preferences_of(number).id}
            return "agents/profile", parameters

        def activity_profile() -> Query:
            key: DocumentKey = structure_of(any_course())
            return "activities/profile", {"activityId": key.activity, "profileId": key.id}

        self.kinds: dict[str, Callable[[], Query]] = {
            "newest": statements,
            "agent": lambda: statements(agent=agent(learner())),
            FIRST: lambda: statements(verb=PASSED),
            "activity": lambda: statements(activity=page(any_course())),
            "registration": registration,
            "related activity": lambda: related(activity=course(any_course())),
            "related agent": lambda: statements(agent=agent(learner()), related_agents="true"),
            "verb and related activity": lambda: related(
                verb=PASSED, activity=course(any_course())
            ),
            "agent and verb": lambda: statements(agent=agent(learner()), verb=PASSED),
            "agent and activity": agent_and_activity,
            "agent and related activity": agent_and_related,
            NEVER_MEET: lambda: related(verb=PASSED, activity=cohort.LMS),
            "another verb and the LMS": lambda: related(verb=COMPLETED, activity=cohort.LMS),
            "since and until": lambda: statements(verb=PASSED, **between()),
            "agent, since and until": lambda: statements(agent=agent(learner()), **between()),
            "verb, the LMS, since and until": lambda: related(
                verb=COMPLETED, activity=cohort.LMS, **between()
            ),
            LATER: lambda: statements(verb=PASSED, **later()),
            "a later page of two filters": lambda: related(
                verb=COMPLETED, activity=cohort.LMS, **later()
            ),
            "state": state,
            "ids of states": states,
            "agent profile": agent_profile,
            "activity profile": activity_profile,
        }

    def ask(self, kind: str) -> tuple[Taken, int]:
        """Ask for something of a kind; return what that took, and how much was found."""
        resource, parameters = self.kinds[kind]()
        environ = EnvironBuilder(
            f"/xapi/{resource}",
            query_string=parameters,
            headers={
                "Authorization": f"Basic {SIGNED_IN}",
                "X-Experience-API-Version": "1.0.3",
            },
        ).get_environ()
        clock, processor = time.perf_counter(), time.thread_time()
        body, status, _ = run_wsgi_app(self._app, environ)
        answer = b"".join(body)
        taken = Taken(time.thread_time() - processor, time.perf_counter() - clock)
        assert status.startswith("200"), (kind, status, answer)
        found = orjson.loads(answer)
        return taken, len(found["statements"] if resource == "statements" else found)
