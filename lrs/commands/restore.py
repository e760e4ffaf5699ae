"""`lrs restore`: a backup brought back to a folder of its own."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path

import click

from lrs.auth.secrets import ROOT_SECRET_FILE, RootSecret
from lrs.backup.make import fingerprint
from lrs.backup.manifest import BackupError
from lrs.backup.promised import Loss, OtherHistory, read_promise
from lrs.backup.restore import Restored, check, chosen
from lrs.backup.restore import restore as bring_back
from lrs.commands.actor import shell_act
from lrs.commands.copy_progress import copy_progress
from lrs.ledger.notes import NoteError
from schemas.times import format_instant, instant_of, parse_timestamp

LOST = 3
"""Exit code of a restore that would lose, or has lost, signed entries of the ledger."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class _Moment(click.ParamType[datetime]):
    name = "time"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return value if isinstance(value, datetime) else parse_timestamp(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-24T22:00:00Z", param, ctx)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="The new data folder to make.")
@click.option("--at", type=_Moment(), help="The newest backup not later than this; else the last.")
@click.option(
    "--promised",
    "promises",
    type=_FILE,
    multiple=True,
    help="A checkpoint of the ledger that others hold, or a monitor's state file.",
)
@click.option(
    "--accept-loss",
    is_flag=True,
    help="Restore even where signed entries of the ledger are lost; exits with 3 all the same.",
)
@click.option("--secret", type=_FILE, help="The root secret (secret.key) to put in place.")
@click.option("--check", "only_check", is_flag=True, help="Read and check the backup only.")
def restore(
    folder: Path,
    data: Path | None,
    *,
    at: datetime | None,
    promises: tuple[Path, ...],
    accept_loss: bool,
    secret: Path | None,
    only_check: bool,
) -> None:
    """Make a data folder of the newest backup in FOLDER, every octet checked.

    Nothing is put in place where anything is wrong. Exits with 1 where the backup is damaged or
    the ledger is another one, and with 3 where signed entries of the ledger are lost.
    """
    if only_check == (data is not None):
        raise click.UsageError("give either --data NEW or --check")
    moment = instant_of(at) if at is not None else None
    try:
        if data is None:
            with copy_progress("Checking") as progress:
                manifest = check(folder, moment, progress)
            click.echo(f"The backup of {format_instant(manifest.at)} is whole.")
            return
        content = _secret_of(folder, moment, secret)
        with copy_progress("Restoring") as progress:
            restored = bring_back(
                folder,
                data.absolute(),
                shell_act("backup.restore", folder.name),
                at=moment,
                promises=[_promise(path) for path in promises],
                accept_loss=accept_loss,
                progress=progress,
            )
    except Loss as error:
        click.echo(f"lrs: LOSS: {error}", err=True)
        click.echo(
            "Nothing was restored. Look for a later backup; --accept-loss restores all the same, "
            "and whoever watches the ledger will see that its history was cut.",
            err=True,
        )
        sys.exit(LOST)
    except (BackupError, OtherHistory) as error:
        raise click.ClickException(str(error)) from None
    if content is not None:
        _put_secret(data / ROOT_SECRET_FILE, content)
    _tell(restored, data, content is not None)
    if restored.loss is not None:
        sys.exit(LOST)


def _promise(path: Path) -> str:
    try:
        return read_promise(path.read_text("utf-8"))
    except (NoteError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{path} holds no checkpoint: {error}") from None


def _secret_of(folder: Path, at: int | None, given: Path | None) -> bytes | None:
    """The root secret to put in place, where it is the one that the backup was made with."""
    if given is None:
        return None
    content = given.read_bytes()
    manifest, _ = chosen(folder, at)
    if fingerprint(RootSecret(content)) != manifest.secret:
        raise BackupError(f"{given} is not the root secret that this backup was made with")
    return content


def _put_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _tell(restored: Restored, data: Path, secret: bool) -> None:
    manifest = restored.manifest
    click.echo(
        f"{data}: the state of {format_instant(manifest.at)}, {manifest.statements} statements, "
        f"{restored.attachments} attachments, {restored.entries} entries of the ledger"
    )
    if not (secret or restored.secret or os.environ.get("LRS_SECRET_KEY")):
        click.echo(
            f"The root secret is not there: put it at {data / ROOT_SECRET_FILE} (or set "
            "LRS_SECRET_KEY) before you serve, or no key and no password will work.",
            err=True,
        )
    if restored.loss is not None:
        click.echo(f"lrs: LOSS: {restored.loss}", err=True)
