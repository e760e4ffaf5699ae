"""`lrs verify`: what an auditor checks without believing this service."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from adapters.outbound_http import OutboundError, OutboundHttp
from lrs.commands.terminal_language import language_of
from lrs.dossier.opened import Trusted
from lrs.dossier.verdict import LANGUAGES, Language
from lrs.dossier.verify import verify_dossier
from lrs.ledger.monitor import Tampered, decode_seen, encode_seen, watch
from lrs.ledger.notes import NoteError, VerifierKey
from lrs.xapi.signatures import Trust

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--monitor", metavar="URL", help="Watch a log instead: its address, up to /ledger.")
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("lrs-monitor.json"),
    show_default=True,
    help="With --monitor: where the last checkpoint seen is kept.",
)
@click.option("--key", "keys", multiple=True, help="A key of the ledger that you trust.")
@click.option("--witness", "witnesses", multiple=True, help="A witness's key that you trust.")
@click.option("--tsa", type=_FILE, help="Root certificates of time-stamp authorities.")
@click.option("--trust", type=_FILE, help="Root certificates that signed statements are held to.")
@click.option("--language", type=click.Choice(LANGUAGES), help="By default that of the terminal.")
def verify(
    file: Path | None,
    monitor: str | None,
    state: Path,
    language: Language | None,
    **trusted: Any,
) -> None:
    """Check a dossier FILE with no access to the service, or watch a log (--monitor).

    Exits with 0 where everything holds and the credit stands, 1 where something does not hold, 3
    where everything holds and tells that the credit was refused, revoked, withdrawn or erased.
    """
    keys, witnesses = (_keys(trusted[name]) for name in ("keys", "witnesses"))
    if (file is None) == (monitor is None):
        raise click.UsageError("give either a dossier's FILE or --monitor URL")
    if monitor is not None:
        _monitor(monitor.rstrip("/"), state, keys)
        return
    assert file is not None  # noqa: S101
    tsa = trusted["tsa"].read_bytes() if trusted["tsa"] else None
    verdict = verify_dossier(
        file,
        Trusted(
            keys=keys,
            witnesses=witnesses,
            timestamp_certificates=tsa,
            signatures=Trust.load(trusted["trust"]),
        ),
    )
    click.echo("\n".join(verdict.texts(language or language_of(os.environ))))
    sys.exit(verdict.exit_code)


def _keys(texts: Sequence[str]) -> list[VerifierKey]:
    try:
        return [VerifierKey.parse(text) for text in texts]
    except NoteError as error:
        raise click.UsageError(f"a key that you trust cannot be read: {error}") from None


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
