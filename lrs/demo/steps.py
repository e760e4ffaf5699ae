"""The steps of the demonstration; each may be repeated and changes nothing the second time."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from tincan import RemoteLRS, Statement, StatementList

from lrs.achievements.evaluate import activities_of
from lrs.achievements.units_file import read_units
from lrs.demo import cohort
from lrs.demo.processes import lrs_command
from lrs.exchange.receivers import put_receiver
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.exchange import KnownReceiver
from schemas.audit import Act
from schemas.sources import Provenance

ADMINISTRATOR = "admin"
BANK_CLIENT = "open-university-training"
MOODLE_SOURCE = "moodle"
AU_SOURCE = "emergency-drill"
UNITS = Path(__file__).resolve().parents[2] / "examples" / "units" / "enterprise-safety.yaml"

FINISHED_WITHIN = 120.0
"""Seconds; a delivery whose worker was killed is taken up again after its lease."""


class Demonstration:
    """The demonstration on one data folder."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._service = Service(Settings.from_environment())

    def secret_of(self, key: str) -> str:
        """Return the API secret of a source; it is derived, so that nothing in the clear is
        kept between two runs.
        """
        return self._service.root_secret.derive(f"demonstration {key}".encode()).hex()

    def prepare(self, bank: str) -> None:
        """Publish the unit and make the bank and the sources known."""
        store = self._service.store
        for unit in read_units(UNITS.read_text("utf-8"), UNITS.name):
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
            Act(principal="command:demo", action="receiver.put", subject="credit-bank"),
        )
        self._source(MOODLE_SOURCE, "Moodle", "server")
        self._source(AU_SOURCE, "Emergency drill", "launched")

    def post_moodle(self, service: str) -> None:
        """Post the LMS's statements over HTTP."""
        self._post(service, MOODLE_SOURCE, cohort.moodle_statements())

    def post_cmi5(self, service: str) -> None:
        """Post the assignable unit's statements over HTTP."""
        self._post(service, AU_SOURCE, cohort.cmi5_statements())

    def import_attendance(self) -> None:
        """Write the trainer's sheet and import it with `lrs import`."""
        sheet = self._data / "attendance.xlsx"
        cohort.write_attendance(sheet)
        done = subprocess.run(
            lrs_command(
                "import",
                str(sheet),
                f"--data={self._data}",
                f"--home-page={cohort.MOODLE}",
                f"--course-base={cohort.MOODLE}/course/",
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise click.ClickException(f"the import failed: {done.stdout}{done.stderr}")

    def wait(self) -> None:
        """Wait until all that was posted has had its effect.

        Raises click.ClickException where it takes too long.
        """
        store = self._service.store
        deadline = time.monotonic() + FINISHED_WITHIN
        while time.monotonic() < deadline:
            if (
                store.records.checkpoint() == store.statements.last_seq()
                and not store.achievements.due(1)
                and all(
                    claim.state not in ("queued", "sent")
                    for claim in store.exchange.claims(None, 100)
                )
            ):
                return
            time.sleep(0.1)
        raise click.ClickException(f"not finished in time; see {self._data / 'demo.log'}")

    def _source(self, key: str, name: str, provenance: Provenance) -> None:
        self._service.credentials.ensure(
            key,
            self.secret_of(key),
            name=name,
            provenance=provenance,
            scopes=("statements/write", "statements/read/mine"),
        )

    def _post(self, service: str, key: str, statements: Iterator[dict[str, Any]]) -> None:
        client = RemoteLRS(
            endpoint=f"{service}/xapi/",
            version="1.0.3",
            username=key,
            password=self.secret_of(key),
        )
        answer = client.save_statements(StatementList([Statement(one) for one in statements]))
        if not answer.success:
            raise click.ClickException(f"the service refused statements: {answer.data}")
