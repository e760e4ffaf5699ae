"""`lrs outbox`: what has to leave this machine, and what is on the shelf."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from adapters.spreadsheet import Language
from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.outbox import OutboxItem
from schemas.times import format_instant

PAGE = 200

_COLUMNS: Final[dict[Language, tuple[str, ...]]] = {
    "en": ("id", "kind", "to", "of", "attempts", "state", "said"),
    "zh-CN": ("编号", "类别", "发往", "对象", "尝试次数", "状态", "答复"),
}
_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "more": {
        "en": "There is more; the first {limit} are shown (--limit).",
        "zh-CN": "还有更多；只显示前 {limit} 项（--limit）。",
    },
    "parked": {"en": "parked", "zh-CN": "已搁置"},
    "due": {"en": "due {at}Z", "zh-CN": "定于 {at}Z"},
    "left_alone": {
        "en": "{name}: {failures} failures in a row; left alone until {until}Z",
        "zh-CN": "{name}：连续失败 {failures} 次；{until}Z 之前不再尝试",
    },
    "which": {
        "en": "give the ids of `lrs outbox list --parked`, or --all",
        "zh-CN": "请给出 `lrs outbox list --parked` 所列编号，或使用 --all",
    },
    "due_again": {
        "en": "{count} of {chosen} are due again",
        "zh-CN": "{chosen} 项中有 {count} 项将重新投递",
    },
    "others": {
        "en": "the others are not on the shelf; see `lrs outbox list`",
        "zh-CN": "其余各项未被搁置；请用 `lrs outbox list` 查看",
    },
    "not_parked": {
        "en": "{item} is not on the shelf; see `lrs outbox list --parked`",
        "zh-CN": "{item} 未被搁置；请用 `lrs outbox list --parked` 查看",
    },
    "discarded": {"en": "{item} is discarded", "zh-CN": "{item} 已移除"},
}


def _said(text: str, **parts: object) -> str:
    return _TEXTS[text][language_of(os.environ)].format(**parts)


@click.group()
def outbox() -> None:
    """The outbox: what goes to receivers and subscribers."""


@outbox.command("list")
@click.option("--parked", is_flag=True, help="Only what is on the shelf and waits for a person.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@data_option
def list_items(parked: bool, limit: int) -> None:
    """List what has not arrived yet, the oldest first."""
    service = Service(Settings.from_environment())
    table = Table(*_COLUMNS[language_of(os.environ)])
    for count, item in enumerate(_items(service, parked or None)):
        if count == limit:
            click.echo(_said("more", limit=limit), err=True)
            break
        state = _said("parked") if item.parked else _said("due", at=format_instant(item.due)[:19])
        table.add_row(
            str(item.id),
            item.kind,
            item.destination,
            item.subject,
            str(item.attempts),
            state,
            item.error or "",
        )
    Console().print(table)
    for name, circuit in sorted(service.store.outbox.circuits().items()):
        if circuit.failures:
            until = format_instant(circuit.closed_off)[:19]
            click.echo(_said("left_alone", name=name, failures=circuit.failures, until=until))
    service.close()


@outbox.command()
@click.argument("items", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that is on the shelf.")
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@data_option
def retry(items: tuple[int, ...], everything: bool, reason: str) -> None:
    """Try parked deliveries again, with their attempts forgotten."""
    if bool(items) == everything:
        raise click.UsageError(_said("which"))
    service = Service(Settings.from_environment())
    chosen = [item.id for item in _items(service, True)] if everything else list(items)
    count = 0
    for begin in range(0, len(chosen), PAGE):
        some = chosen[begin : begin + PAGE]
        subject = str(some[0]) if len(some) == 1 else "several"
        act = shell_act("outbox.retry", subject, reason=reason, items=some)
        count += service.store.outbox.retry(some, act)
    service.close()
    click.echo(_said("due_again", count=count, chosen=len(chosen)))
    if count < len(items):
        raise click.ClickException(_said("others"))


@outbox.command()
@click.argument("item", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the audit log.")
@data_option
def discard(item: int, reason: str) -> None:
    """Take a parked delivery out for good; a claim in it is withdrawn and not put again."""
    service = Service(Settings.from_environment())
    done = service.store.outbox.discard(item, shell_act("outbox.discard", str(item), reason=reason))
    service.close()
    if not done:
        raise click.ClickException(_said("not_parked", item=item))
    click.echo(_said("discarded", item=item))


def _items(service: Service, parked: bool | None) -> Iterator[OutboxItem]:
    after: int | None = None
    while found := service.store.outbox.items(after, PAGE, parked=parked):
        yield from found
        after = found[-1].id
