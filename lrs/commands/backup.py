"""`lrs backup`: a copy of everything, made while the service runs."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from lrs.backup import make as making
from lrs.backup import manifest as manifests
from lrs.backup.manifest import BackupError
from lrs.commands.actor import shell_act
from lrs.commands.copy_progress import copy_progress
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from schemas.times import format_instant


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keep", type=click.IntRange(1), help="Remove all but so many, the oldest first.")
@click.option(
    "--with-secret",
    is_flag=True,
    help="Put the root secret in too: whoever has the backup can then use every key in it.",
)
@click.option("--list", "listed", is_flag=True, help="List the backups in FOLDER and make none.")
@data_option
def backup(folder: Path, keep: int | None, with_secret: bool, listed: bool) -> None:
    """Back the store up to FOLDER, which grows by what is new.

    The service may run meanwhile. Use the same FOLDER every time, on another disk; `lrs restore`
    brings any of its backups back.
    """
    try:
        if listed:
            _list(folder)
            return
        settings = Settings.from_environment()
        with closing(Service(settings)) as service, copy_progress("Backing up") as progress:
            made = making.make(
                service.store,
                settings.data,
                service.root_secret,
                folder.absolute(),
                with_secret=with_secret,
                progress=progress,
            )
            service.store.audit.note(shell_act("backup.make", made.path.name))
        click.echo(
            f"{made.path.name}: {made.manifest.statements} statements; {made.added} octets were new"
        )
        if not with_secret:
            click.echo(
                "The root secret is not in it: keep secret.key (or LRS_SECRET_KEY) elsewhere."
            )
        if keep is not None:
            gone, freed = making.prune(folder.absolute(), keep)
            click.echo(f"{gone} older ones removed, {freed} octets freed")
    except BackupError as error:
        raise click.ClickException(str(error)) from None


def _list(folder: Path) -> None:
    for path in manifests.paths(making.Layout(folder).manifests):
        one = manifests.read(path)
        size = sum(file.size for file in one.files)
        click.echo(f"{format_instant(one.at)}  {one.statements} statements  {size} octets")
