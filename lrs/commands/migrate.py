"""`lrs migrate`: moving the store from SQLite to MongoDB."""

from __future__ import annotations

from contextlib import closing

import click

from lrs.commands.copy_progress import copy_progress
from lrs.commands.data_option import data_option
from lrs.moving.move import move_all
from lrs.moving.statements import move_statements
from lrs.settings import Settings
from lrs.store.errors import StoreError
from lrs.store.mongo.store import MongoStore
from lrs.store.sqlite.store import SqliteStore


@click.group()
def migrate() -> None:
    """Move the store to another engine."""


@migrate.command()
@click.argument("engine", type=click.Choice(["mongo"]))
@click.option(
    "--finish",
    is_flag=True,
    help="With the service ended: move all that is left, compare, and give up the SQLite file.",
)
@data_option
def sqlite(engine: str, finish: bool) -> None:
    """Move the embedded store to the MongoDB that LRS_STORE (or --mongo) names.

    First without --finish, as often as you like and with the service running: statements are
    moved, each once, and the command goes on where it ended. Then end the service and run it with
    --finish. Records are made anew from the statements, and compared like everything else.
    """
    settings = Settings.from_environment()
    if settings.mongo is None:
        raise StoreError("say where to: set LRS_STORE to an address such as mongodb://HOST/lrs")
    if not settings.database.exists():
        raise StoreError(f"there is no store to move in {settings.data}")
    with closing(MongoStore(settings.mongo, settings.data)) as target:
        if not finish:
            with (
                closing(SqliteStore(settings.database)) as store,
                copy_progress("statements") as bar,
            ):
                count = move_statements(store, target, bar)
            click.echo(
                f"{count} statements are in MongoDB. End the service and run this with --finish."
            )
            return
        with copy_progress("statements") as bar:
            moved = move_all(settings.database, target, bar)
    click.echo(f"{moved.statements} statements and, by collection:")
    for collection, rows in moved.rows.items():
        click.echo(f"  {collection:24} {rows}")
    click.echo(
        "Counts and hashes of both stores are equal. Start the service with LRS_STORE set; the "
        "SQLite file is kept and cannot be opened by mistake."
    )
