"""`lrs explain`: why a learner has achieved a unit or has not."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import UTC, datetime

import click

from adapters.spreadsheet import LANGUAGES, Language
from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.explanation import explain_judgement
from lrs.achievements.judge import Judge
from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.records import Persona

_NO_PERSONA: dict[Language, str] = {
    "en": "there is no persona {0!r}: give its id or one of its identifiers, such as "
    "account:https://lms.example.cn|7",
    "zh-CN": "没有学习者 {0!r}：请给出其 ID 或某个标识，例如 account:https://lms.example.cn|7",
}
_NO_UNIT: dict[Language, str] = {
    "en": "there is no unit {0!r} in force; see `lrs units list`",
    "zh-CN": "没有有效的认证单元 {0!r}；请用 `lrs units list` 查看",
}


@click.command()
@click.argument("persona")
@click.argument("unit")
@click.option("--language", type=click.Choice(LANGUAGES), help="By default that of the terminal.")
@data_option
def explain(persona: str, unit: str, language: Language | None) -> None:
    """Say condition by condition whether PERSONA (an id or an identifier) has achieved UNIT."""
    language = language or language_of(os.environ)
    with closing(Service(Settings.from_environment())) as service:
        store = service.store
        found = _persona(service, persona)
        if found is None:
            raise click.ClickException(_NO_PERSONA[language].format(persona))
        judge = Judge(
            catalogue=catalogue_of(store.units.all(), store.equivalences.all()),
            achievements=store.achievements,
            records=store.records,
            statements=store.statements,
            sources=store.sources.all(),
        )
        judgement = judge.judge(found, unit, datetime.now(UTC))
        if judgement is None:
            raise click.ClickException(_NO_UNIT[language].format(unit))
        held = judgement.held
        decisions = store.achievements.decisions(held.id) if held is not None else []
        for line in explain_judgement(judgement, decisions, language):
            click.echo(line)


def _persona(service: Service, given: str) -> Persona | None:
    records = service.store.records
    known = records.personas_of([given])
    return records.persona(known.get(given, given))
