"""`lrs records`: looking after the learner records."""

from __future__ import annotations

import os
from contextlib import closing
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress, TimeRemainingColumn

from adapters.inbound import inbound_adapters
from adapters.spreadsheet import Language
from lrs.achievements.catalogue import units_by_activity
from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.records.rebuild import rebuild as make_anew
from lrs.service import Service
from lrs.settings import Settings

_NOTHING_TO_DISCARD: Final[dict[Language, str]] = {
    "en": "no rebuild was broken off: there is nothing to give up",
    "zh-CN": "没有中断的重建：无需放弃",
}
_DISCARDED: Final[dict[Language, str]] = {
    "en": "The rebuild was given up; the records stay as they were.",
    "zh-CN": "已放弃重建；学习记录保持原样。",
}
_STATEMENTS: Final[dict[Language, str]] = {"en": "statements", "zh-CN": "学习经历陈述"}
_REBUILT: Final[dict[Language, str]] = {
    "en": "The records were made anew from all statements, {0} in all.",
    "zh-CN": "已根据全部学习经历陈述（共 {0} 条）重建学习记录。",
}


@click.group()
def records() -> None:
    """Learner records: how they are made from statements."""


@records.command()
@click.option("--discard", is_flag=True, help="Give up a rebuild that was broken off.")
@data_option
def rebuild(discard: bool) -> None:
    """Make all events and records anew from the statements, while the service goes on.

    Wanted after an inbound adapter was added or changed. The records that are served stay as they
    are until the new ones are whole; then those take their place at once. A rebuild that was
    broken off goes on where it was.
    """
    language = language_of(os.environ)
    with closing(Service(Settings.from_environment())) as service:
        store = service.store
        if discard:
            if not store.projections.discard():
                raise click.UsageError(_NOTHING_TO_DISCARD[language])
            click.echo(_DISCARDED[language])
            return
        # Numbers of statements are places, not counts: how far it is, is where it is between them.
        first = next((one.seq for one in store.statements.following(0, 1)), 0)
        with Progress(
            *Progress.get_default_columns()[:3],
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not Console(stderr=True).is_terminal,
        ) as progress:
            task = progress.add_task(_STATEMENTS[language], total=None)

            def shown(reached: int) -> None:
                last = max(reached, store.statements.last_seq())
                progress.update(task, completed=reached - first, total=last - first)

            try:
                make_anew(
                    store,
                    inbound_adapters(),
                    lambda: units_by_activity(store.units.all()),
                    shown,
                )
            except LookupError as error:
                raise click.ClickException(str(error)) from error
        click.echo(_REBUILT[language].format(store.health.statements()))
