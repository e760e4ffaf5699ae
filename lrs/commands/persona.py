"""`lrs persona`: who is one person."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Final

import click

from adapters.spreadsheet import Language
from lrs.commands.actor import shell_user
from lrs.commands.data_option import data_option
from lrs.commands.terminal_language import language_of
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.identity import NotPossible
from schemas.identity import IdentityLink, LinkKind, LinkState
from schemas.times import format_instant, instant_of

reason_option = click.option("--reason", required=True, help="Why; it is kept with the link.")

_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "nobody": {"en": "nobody is known as {0!r}", "zh-CN": "没有学习者 {0!r}"},
    "no_link": {"en": "there is no link {0!r}", "zh-CN": "没有关联 {0!r}"},
    "persona": {"en": "persona     {0}", "zh-CN": "学习者    {0}"},
    "name": {"en": "name        {0}", "zh-CN": "姓名      {0}"},
    "merged": {"en": "merged into {0}", "zh-CN": "已并入    {0}"},
    "identifier": {"en": "identifier  {0}", "zh-CN": "标识      {0}"},
    "employer": {"en": "employer    {0}", "zh-CN": "用人单位  {0}"},
    "link": {"en": "link        {0}", "zh-CN": "关联      {0}"},
    "by": {"en": "            {0} by {1} and {2}", "zh-CN": "          {0}，由 {1} 和 {2}"},
    "undone": {"en": ", undone {0}", "zh-CN": "，{0} 撤销"},
}


def _said(text: str, *parts: object) -> str:
    return _TEXTS[text][language_of(os.environ)].format(*parts)


@contextmanager
def _service() -> Iterator[Service]:
    """Give the service; what is not possible becomes one line that says why."""
    with closing(Service(Settings.from_environment())) as service:
        try:
            yield service
        except NotPossible as error:
            raise click.ClickException(str(error)) from error


def _show(link: IdentityLink) -> None:
    click.echo(f"{link.id}  {link.kind}  {link.state}  {link.persona} -> {link.other}")


@click.group()
def persona() -> None:
    """Personas: learners as we know them, and which of them are one person."""


@persona.command()
@click.argument("persona")
@data_option
def show(persona: str) -> None:
    """Show a persona, given by its id or one of its identifiers, with the links that made it."""
    with _service() as service:
        store = service.store
        found = store.records.persona(store.records.personas_of([persona]).get(persona, persona))
        if found is None:
            raise click.ClickException(_said("nobody", persona))
        click.echo(_said("persona", found.id))
        click.echo(_said("name", found.name or "-"))
        if found.merged_into:
            click.echo(_said("merged", found.merged_into))
        for identifier in found.identifiers:
            click.echo(_said("identifier", identifier))
        for _, employer in store.identity.employers(found.id):
            click.echo(_said("employer", employer))
        for link in store.identity.history(found.id):
            at = link.undone_at
            undone = "" if at is None else _said("undone", format_instant(at))
            when = format_instant(link.decided_at or 0)
            told = f"{link.id} {link.kind} {link.persona} -> {link.other}"
            click.echo(_said("link", told))
            click.echo(_said("by", when, link.proposed_by, link.decided_by) + undone)


@persona.command()
@click.argument("persona")
@click.argument("into")
@reason_option
@data_option
def merge(persona: str, into: str, reason: str) -> None:
    """Propose to merge PERSONA into another; somebody else has to confirm it."""
    _propose(reason, kind="merge", persona=persona, other=into)


@persona.command()
@click.argument("link")
@reason_option
@data_option
def unmerge(link: str, reason: str) -> None:
    """Propose to undo a merge or transfer; somebody else has to confirm it."""
    _propose(reason, kind="undo", undoes=link)


@persona.command()
@click.argument("identifier")
@click.option("--since", type=click.DateTime(), required=True, help="In UTC.")
@click.option("--to", "other", help="The persona who holds it then; by default a new one.")
@reason_option
@data_option
def transfer(identifier: str, since: datetime, other: str | None, reason: str) -> None:
    """Propose that IDENTIFIER is somebody else's for what is done from a time on."""
    moment = since.replace(tzinfo=UTC)
    _propose(reason, kind="transfer", other=other, identifier=identifier, since=instant_of(moment))


@persona.command()
@click.argument("link")
@reason_option
@data_option
def confirm(link: str, reason: str) -> None:
    """Confirm what somebody else proposed."""
    _decide(link, "confirmed", reason)


@persona.command()
@click.argument("link")
@reason_option
@data_option
def refuse(link: str, reason: str) -> None:
    """Refuse what somebody else proposed."""
    _decide(link, "refused", reason)


def _propose(
    reason: str,
    *,
    kind: LinkKind,
    persona: str = "",
    other: str | None = None,
    identifier: str | None = None,
    since: int | None = None,
    undoes: str | None = None,
) -> None:
    link = IdentityLink(
        id=str(uuid.uuid4()),
        kind=kind,
        persona=persona,
        other=other,
        identifier=identifier,
        since=since,
        undoes=undoes,
        reason=reason,
        proposed_by=shell_user(),
    )
    with _service() as service:
        _show(service.store.identity.propose(link))


def _decide(link: str, state: LinkState, reason: str) -> None:
    with _service() as service:
        decided = service.store.identity.decide(link, shell_user(), state, reason)
    if decided is None:
        raise click.ClickException(_said("no_link", link))
    _show(decided)
