"""`python -m lrs.demo.fill URL [CLASSES]`: fills a running service with a made-up cohort.

It is a process beside the service and brings a sandbox Credit Bank along. What it does is done
as tools, an office and an administrator would do it; doing it again changes nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import click
import requests

from lrs.achievements.evaluate import activities_of
from lrs.achievements.units_file import read_units
from lrs.auth.passwords import hash_password
from lrs.demo import population
from lrs.demo.cohort import MOODLE
from lrs.demo.offices import Offices, subscribe
from lrs.demo.processes import Processes, lrs_command, reserve_port
from lrs.demo.steps import BANK_CLIENT, UNITS
from lrs.exchange.receivers import put_receiver
from lrs.lifeline import exit_with_parent
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.exchange import KnownReceiver
from lrs.store.people import NameTaken
from schemas.audit import Act
from schemas.identifiers import identifier_of
from schemas.people import Person
from schemas.principals import Role
from schemas.sources import Provenance

BATCH = 200
ENTERPRISE = "demo-rail"
FILES = ("enterprise-safety.yaml", "enterprise-courses.yaml", "one-plus-x.yaml")
SOURCES: dict[str, tuple[str, Provenance]] = {
    "lms": ("学习平台 Moodle", "server"),
    "drill": ("应急演练课件 (cmi5)", "launched"),
    "exams": ("考试中心", "server"),
}
PEOPLE: dict[Role, str] = {
    "officer": "陈认证",
    "registrar": "林学籍",
    "trainer": "周教师",
    "auditor": "沈审计",
    "enterprise": "方企业",
    "learner": "",
    "reader": "何查阅",
}
"""Who can sign in, each by the name of the role; the learner has their own name."""

SECOND_REGISTRAR: tuple[str, Role, str] = ("registrar-2", "registrar", "许复核")

READY_WITHIN = 60.0
FOLLOWED_WITHIN = 300.0
MISTAKES = 3
LEARNER = 2
"""The place of the learner who can sign in: a diligent one."""


class Filling:
    """The filling of one service, over its data folder and its address."""

    def __init__(self, url: str, classes: int) -> None:
        self._url = url
        self._classes = classes
        self._settings = Settings.from_environment()
        self._service = Service(self._settings)
        self._data = self._settings.data

    def run(self) -> None:
        """Post, import, and let people in."""
        self._post("exams", population.exam_statements(self._classes))
        self._post("lms", population.lms_statements(self._classes))
        self._post("drill", population.drill_statements(self._classes))
        self._import_attendance()
        self._let_people_in()
        self._follow()
        Offices(
            self._service,
            registrar=_person("registrar"),
            second=_person(SECOND_REGISTRAR[0]),
            auditor=_person("auditor"),
        ).keep(population.learners(self._classes))
        self._take_back()
        (self._data / "filled").touch()

    @property
    def password(self) -> str:
        """The password of everybody in the demonstration; derived, so kept nowhere."""
        return self._service.root_secret.derive(b"demonstration people").hex()[:16]

    @property
    def is_filled(self) -> bool:
        """Whether an earlier run came to its end."""
        return (self._data / "filled").exists()

    def prepare(self, bank: str) -> None:
        """Publish the units, and make the bank, a subscriber and the sources known."""
        store = self._service.store
        subscribe(self._service)
        for name in FILES:
            path = UNITS.with_name(name)
            for unit in read_units(path.read_text("utf-8"), path.name):
                store.units.publish(unit, activities_of(unit))
        put_receiver(
            store,
            KnownReceiver(
                name="credit-bank",
                adapter="credit_bank",
                url=bank,
                client_id=BANK_CLIENT,
                institution="国家开放大学教育培训中心",
            ),
            _act("receiver.put", "credit-bank"),
        )
        for key, (name, provenance) in SOURCES.items():
            self._service.credentials.ensure(
                key,
                self._secret_of(key),
                name=name,
                provenance=provenance,
                scopes=("statements/write",),
            )

    def _secret_of(self, key: str) -> str:
        return self._service.root_secret.derive(f"demonstration {key}".encode()).hex()

    def _post(self, key: str, statements: Iterable[dict[str, Any]]) -> None:
        session = requests.Session()
        session.auth = (key, self._secret_of(key))
        session.headers["X-Experience-API-Version"] = "1.0.3"
        for batch in _batches(statements):
            answer = session.post(f"{self._url}/xapi/statements", json=batch, timeout=60)
            if not answer.ok:
                raise click.ClickException(f"the service refused statements: {answer.text}")

    def _let_people_in(self) -> None:
        """Make an account for each role, and a second registrar: identities take two people."""
        learner = population.learners(1)[LEARNER]
        hashed = hash_password(self.password)
        people: list[tuple[str, Role, str]] = [(role, role, name) for role, name in PEOPLE.items()]
        for sign_in, role, name in (*people, SECOND_REGISTRAR):
            person = Person(
                id=_person(sign_in).removeprefix("person:"),
                name=sign_in,
                display_name=name or learner.name,
                roles=(role,),
                organisation=ENTERPRISE if role == "enterprise" else None,
                persona=self._persona_of(learner) if role == "learner" else None,
            )
            accounts = self._service.store.people
            with suppress(NameTaken):
                accounts.add(person, _act("person.add", person.id))
            accounts.set_password(person.id, hashed, _act("person.password", person.id))

    def _persona_of(self, learner: population.Learner) -> str:
        """The persona of a learner, once what was posted of them is in the records."""
        identifier = identifier_of(learner.actor)
        assert identifier is not None  # noqa: S101 - an account
        self._follow()
        return self._service.store.records.personas_of([identifier])[identifier]

    def _follow(self) -> None:
        """Wait until all that was posted by now is in the records and was evaluated."""
        store = self._service.store
        last, deadline = store.statements.last_seq(), time.monotonic() + FOLLOWED_WITHIN
        while store.records.checkpoint() < last or store.achievements.due(1):
            if time.monotonic() > deadline:
                raise click.ClickException("the records do not follow; see the service's log")
            time.sleep(0.2)

    def _take_back(self) -> None:
        """Void a few results of the LMS that somebody was verified for, as posted by mistake."""
        store = self._service.store
        lms = store.sources.find("lms")
        own = self._persona_of(population.learners(1)[LEARNER])
        mistaken = [
            evidence
            for _changed, one in sorted(store.achievements.page(None, 200), key=lambda x: x[1].id)
            if one.state == "verified" and one.persona != own
            for evidence in list(one.evidence)[:1]
            if (stored := store.statements.get(uuid.UUID(evidence).bytes)) is not None
            and lms is not None
            and stored.source == lms.id
        ]
        self._post("lms", population.voiding_statements(mistaken[:MISTAKES]))

    def _import_attendance(self) -> None:
        sheet = self._data / "attendance.csv"
        population.write_attendance(sheet, self._classes)
        subprocess.run(
            lrs_command(
                "import",
                str(sheet),
                f"--data={self._data}",
                f"--home-page={MOODLE}",
                f"--course-base={MOODLE}/course/",
            ),
            check=False,  # a few of its rows are wrong, which is what the exit code then says
        )


def _person(sign_in: str) -> str:
    """The principal of somebody who was let in."""
    return f"person:{uuid.uuid5(population.NAMESPACE, f'person {sign_in}').hex}"


def _act(action: str, subject: str) -> Act:
    return Act(principal="command:demo", action=action, subject=subject)


def _batches(statements: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(statements)
    while batch := list(islice(left, BATCH)):
        yield batch


def main(url: str, classes: int) -> None:
    """Fill the service at `url` with so many classes and keep its bank running."""
    exit_with_parent()
    deadline = time.monotonic() + READY_WITHIN
    while not _answers(url):
        if time.monotonic() > deadline:
            raise click.ClickException(f"{url} does not answer")
        time.sleep(0.2)
    filling = Filling(url, classes)
    data = Settings.from_environment().data
    processes = Processes(Path(data) / "demo.log")
    bank = f"http://127.0.0.1:{reserve_port(9090)}"
    processes.start(
        "bank",
        f"--port={bank.rpartition(':')[2]}",
        f"--data={data / 'bank'}",
        f"--client={BANK_CLIENT}={url}/.well-known/jwks.json",
        ready=f"{bank}/healthz",
    )
    try:
        filling.prepare(bank)
        if not filling.is_filled:
            filling.run()
            click.echo("The demonstration is filled; its records and claims follow.")
        click.echo(f"Sign in at {url}/sign-in as {', '.join([*PEOPLE, SECOND_REGISTRAR[0]])}")
        click.echo(f"  password  {filling.password}")
        processes.wait()
    finally:
        processes.stop()


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=2).ok
    except requests.RequestException:
        return False


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else population.CLASSES)
