"""`lrs reconcile`: what we think and what receivers hold, compared now."""

from __future__ import annotations

import os
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from adapters.outbound import DeliveryError, Refused
from adapters.spreadsheet import Language
from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.exchange.reconciler import Reconciler
from lrs.exchange.work import connections
from lrs.service import Service
from lrs.settings import Settings

_NO_RECEIVER: Final[dict[Language, str]] = {
    "en": "there is no receiver {0!r}; see `lrs receiver list`",
    "zh-CN": "没有接收方 {0!r}；请用 `lrs receiver list` 查看",
}
_COMPARED: Final[dict[Language, str]] = {
    "en": "{name}: {compared} claims compared, {differ} differ, {repaired} repaired (report {id})",
    "zh-CN": "{name}：已比对 {compared} 项学分申报，{differ} 项不一致，{repaired} 项已修复"
    "（报告 {id}）",
}
_NOT_FINISHED: Final[dict[Language, str]] = {
    "en": "{name}: not finished: {error}",
    "zh-CN": "{name}：未完成：{error}",
}
_COLUMNS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("claim", "difference", "here", "there", "repair"),
    "zh-CN": ("学分申报", "差异", "本方", "对方", "修复"),
}


@click.command()
@click.argument("receiver", required=False)
@data_option
def reconcile(receiver: str | None) -> None:
    """Compare all claims with what RECEIVER (or each receiver) holds, and repair what may be.

    Ends with 1 where differences are left, so that it can stand in a schedule.
    """
    service = Service(Settings.from_environment())
    known = service.store.exchange.receivers()
    if receiver is not None and receiver not in known:
        raise click.UsageError(_NO_RECEIVER[language_of(os.environ)].format(receiver))
    to = connections(service)
    reconciler = Reconciler(service.store.exchange, service.store.reconciliations, to)
    left = 0
    for name in [receiver] if receiver else list(known):
        left += _one(reconciler, name, asked=receiver is not None)
    to.close()
    service.close()
    raise SystemExit(1 if left else 0)


def _one(reconciler: Reconciler, name: str, *, asked: bool) -> int:
    """Reconcile with a receiver, show it, and return how many differences are left."""
    try:
        report = reconciler.reconcile(name)
    except Refused as error:
        click.echo(f"{name}: {error}", err=asked)
        return int(asked)
    except DeliveryError as error:
        click.echo(f"{name}: {error}", err=True)
        return 1
    language = language_of(os.environ)
    left = len(report.differences) - report.repaired
    click.echo(
        _COMPARED[language].format(
            name=name,
            compared=report.compared,
            differ=len(report.differences),
            repaired=report.repaired,
            id=report.id,
        )
    )
    if report.error:
        click.echo(_NOT_FINISHED[language].format(name=name, error=report.error), err=True)
        return left + 1
    if report.differences:
        table = Table(*_COLUMNS[language])
        for one in report.differences:
            table.add_row(one.claim, one.kind, one.ours or "-", one.theirs or "-", one.repair)
        Console().print(table)
    return left
