"""`lrs demo`: the whole way of the data, with real processes."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lrs.demo.processes import Processes, reserve_port
from lrs.demo.report import print_report
from lrs.demo.steps import ADMINISTRATOR, BANK_CLIENT, Demonstration
from lrs.lifeline import exit_with_parent

STEPS = 7


@click.command()
@click.option("--exit", "leave", is_flag=True, help="End the processes after the report.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/demo"),
    show_default=True,
    help="A folder of the demonstration's own.",
)
def demo(leave: bool, data: Path) -> None:
    """Show the whole way: statements, records, achievements, claims, receipts.

    Running it again changes nothing and shows the same.
    """
    exit_with_parent()
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.environ["LRS_DATA"] = str(data)
    with _only_one(data) as alone:
        if not alone:
            _show_running(data)
            return
        processes = Processes(data / "demo.log")
        try:
            _run(data, processes)
            if not leave:
                click.echo("All of it keeps running; Ctrl-C ends it.")
                processes.wait()
        except KeyboardInterrupt:
            pass
        finally:
            processes.stop()


def _run(data: Path, processes: Processes) -> None:
    demonstration = Demonstration(data)
    service = f"http://127.0.0.1:{reserve_port(8080)}"
    bank = f"http://127.0.0.1:{reserve_port(9090)}"
    _step(1, "the learning record store starts")
    key, secret = ADMINISTRATOR, demonstration.secret_of(ADMINISTRATOR)
    processes.start(
        "serve",
        f"--port={service.rpartition(':')[2]}",
        f"--data={data}",
        ready=f"{service}/healthz",
        environment={
            "LRS_ADMIN_KEY": key,
            "LRS_ADMIN_SECRET": secret,
            "LRS_PUBLIC_URL": service,
        },
    )
    _step(2, "the sandbox Credit Bank starts, a process and an authorization server of its own")
    processes.start(
        "bank",
        f"--port={bank.rpartition(':')[2]}",
        f"--data={data / 'bank'}",
        f"--client={BANK_CLIENT}={service}/.well-known/jwks.json",
        ready=f"{bank}/healthz",
    )
    _step(3, "a unit is published, the bank and two sources are made known")
    demonstration.prepare(bank)
    _step(4, "an LMS posts statements with the xAPI client library TinCan")
    demonstration.post_moodle(service)
    _step(5, "a cmi5 assignable unit posts statements")
    demonstration.post_cmi5(service)
    _step(6, "a trainer's attendance sheet is imported")
    demonstration.import_attendance()
    _step(7, "records, achievements and claims follow; the bank answers")
    demonstration.wait()
    addresses = {"service": service, "bank": bank}
    (data / "running.json").write_text(json.dumps(addresses))
    print_report(service, bank, key, secret)


def _show_running(data: Path) -> None:
    """Report from the demonstration that another process runs on the same data."""
    try:
        addresses = json.loads((data / "running.json").read_text())
    except (OSError, ValueError):
        raise click.ClickException(
            "a demonstration is starting on the same data; try again when it has reported"
        ) from None
    click.echo("A demonstration is running already; this is what it holds.")
    secret = Demonstration(data).secret_of(ADMINISTRATOR)
    print_report(addresses["service"], addresses["bank"], ADMINISTRATOR, secret)


@contextmanager
def _only_one(data: Path) -> Iterator[bool]:
    """Tell whether this is the only demonstration on the data, and keep it so."""
    descriptor = os.open(data / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (data / "running.json").unlink(missing_ok=True)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _step(number: int, text: str) -> None:
    click.echo(f"[{number}/{STEPS}] {text}")
