"""`lrs verify`: what an auditor checks without believing this service."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from adapters.outbound_http import OutboundError, OutboundHttp
from lrs.ledger.monitor import Tampered, decode_seen, encode_seen, watch
from lrs.ledger.notes import NoteError, VerifierKey


@click.command()
@click.option("--monitor", metavar="URL", help="Watch a log: its address, ending in /ledger.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("lrs-monitor.json"),
    show_default=True,
    help="With --monitor: where the last checkpoint seen is kept.",
)
@click.option("--key", "keys", multiple=True, help="A key of the ledger that you trust.")
def verify(monitor: str | None, state: Path, keys: tuple[str, ...]) -> None:
    """Watch a log (--monitor).

    Exits with 0 where everything holds, with 1 where something does not.
    """
    try:
        known = [VerifierKey.parse(key) for key in keys]
    except NoteError as error:
        raise click.UsageError(f"--key: {error}") from None
    if monitor is None:
        raise click.UsageError("give the log's address with --monitor")
    _monitor(monitor.rstrip("/"), state, known)


def _monitor(url: str, state: Path, known: list[VerifierKey]) -> None:
    try:
        seen = decode_seen(state.read_bytes()) if state.exists() else None
    except ValueError as error:
        raise click.ClickException(
            f"{state} was not written by this command ({error}); name another with --state"
        ) from None
    http = OutboundHttp()

    def fetch(path: str) -> bytes:
        answer = http.get(f"{url}/{path}")
        if answer.status != 200:
            raise Tampered(f"{url}/{path} is not served (status {answer.status})")
        return answer.body

    try:
        now = watch(fetch, seen, known)
    except Tampered as error:
        click.echo(f"✗ {error}")
        for note in error.notes:
            click.echo(f"\nSigned by the log (keep it, it is proof):\n{note}")
        sys.exit(1)
    except OutboundError as error:
        raise click.ClickException(str(error)) from None
    finally:
        http.close()
    _replace(state, encode_seen(now))
    before = f"goes on from the {seen.size} seen before" if seen else "is seen for the first time"
    click.echo(f"✓ {now.origin}: {now.size} leaves, recomputed from the entries; the log {before}.")
    if not seen and not known:
        click.echo("! The log's keys were taken as it publishes them; compare them by another way:")
        for key in now.keys:
            click.echo(f"  {key}")


def _replace(path: Path, content: bytes) -> None:
    """Write whole or not at all: a state half written would lose what was seen."""
    descriptor, draft = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(draft).replace(path)
