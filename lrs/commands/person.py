"""`lrs person`: the people who sign in to the pages, and their roles."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from lrs.auth.passwords import SHORTEST, WeakPassword, check_password, hash_password
from lrs.commands.actor import shell_act
from lrs.commands.data_option import data_option
from lrs.service import Service
from lrs.settings import Settings
from lrs.store.people import NameTaken
from schemas.people import Person, RoleError, check_roles, sign_in_name
from schemas.principals import ROLES

PASSWORD = "LRS_PERSON_PASSWORD"  # noqa: S105 - a variable's name
PAGE = 200


@click.group()
def person() -> None:
    """People: who signs in to the pages, and in which roles."""


@person.command()
@click.argument("name")
@click.option("--display", help="What others see; by default the name.")
@click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, required=True)
@click.option("--organisation", help="The organisation that the person acts for.")
@click.option("--persona", help="The learner that the person is.")
@click.option(
    "--password",
    "ask",
    is_flag=True,
    help=f"Set a password now, asked for or from {PASSWORD}, instead of printing a link.",
)
@click.option("--password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
def add(
    *,
    name: str,
    display: str | None,
    roles: tuple[str, ...],
    organisation: str | None,
    persona: str | None,
    ask: bool,
    password_file: Path | None,
) -> None:
    """Add a person, and print a link, this once, at which they choose a password."""
    new = Person(
        id=uuid.uuid4().hex,
        name=sign_in_name(name),
        display_name=display or name,
        roles=roles,  # type: ignore[arg-type]
        organisation=organisation,
        persona=persona,
    )
    if not new.name:
        raise click.UsageError("the name must not be empty")
    with _service() as service:
        password = _password(new.name, ask, password_file)
        try:
            check_roles(new)
            act = shell_act("person.add", new.id, roles=roles, organisation=organisation)
            service.store.people.add(new, act)
        except (RoleError, NameTaken) as error:
            raise click.UsageError(str(error)) from None
        if password is None:
            _print_link(service, new)
        else:
            act = shell_act("person.password", new.id)
            service.store.people.set_password(new.id, hash_password(password), act)
            click.echo(f"{new.name} can sign in at {service.settings.public_url}/sign-in")


@person.command("list")
@data_option
def list_people() -> None:
    """List the people with their roles."""
    table = Table("name", "display", "roles", "organisation", "persona", "state")
    with _service() as service:
        for one in _everybody(service):
            table.add_row(
                one.name,
                one.display_name,
                " ".join(one.roles),
                one.organisation or "",
                one.persona or "",
                "disabled" if one.disabled is not None else "",
            )
    Console().print(table)


@person.command()
@click.argument("name")
@click.option("--role", "roles", type=click.Choice(ROLES), multiple=True, required=True)
@click.option("--organisation", help="Another organisation; an empty one takes it away.")
@click.option("--persona", help="Another persona; an empty one takes it away.")
@data_option
def role(name: str, roles: tuple[str, ...], organisation: str | None, persona: str | None) -> None:
    """Give a person these roles in the place of those held; felt at the next request."""

    def changed(one: Person) -> Person:
        new = msgspec.structs.replace(
            one,
            roles=roles,
            organisation=one.organisation if organisation is None else organisation or None,
            persona=one.persona if persona is None else persona or None,
        )
        check_roles(new)
        return new

    with _service() as service:
        one = _named(service, name)
        act = shell_act("person.role", one.id, roles=roles, organisation=organisation)
        try:
            service.store.people.change(one.id, changed, act)
        except RoleError as error:
            raise click.UsageError(str(error)) from None
    click.echo(f"{one.name} is {', '.join(roles)}")


@person.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Let a disabled person in again.")
@click.option("--reason", default="", help="Why; kept in the audit log.")
@data_option
def disable(name: str, again: bool, reason: str) -> None:
    """Keep a person out, with every session ended at once."""
    with _service() as service:
        one = _named(service, name)
        now = service.store.now()
        act = msgspec.structs.replace(
            shell_act("person.enable" if again else "person.disable", one.id), reason=reason
        )
        service.store.people.change(
            one.id,
            lambda person: msgspec.structs.replace(person, disabled=None if again else now),
            act,
        )
    click.echo(f"{one.name} is {'let in again' if again else 'disabled'}")


@person.command()
@click.argument("name")
@click.option("--second-factor", is_flag=True, help="Take the second factor away as well.")
@data_option
def reset(name: str, second_factor: bool) -> None:
    """Print a link, this once, at which a person chooses another password."""
    with _service() as service:
        one = _named(service, name)
        if one.disabled is not None:
            raise click.UsageError(f"{one.name} is disabled; see `lrs person disable --again`")
        if second_factor:
            act = shell_act("second_factor.remove", one.id)
            service.store.people.set_second_factor(one.id, None, (), act)
        service.store.people.forgive(one.name)
        _print_link(service, one)


@contextmanager
def _service() -> Iterator[Service]:
    service = Service(Settings.from_environment())
    try:
        yield service
    finally:
        service.close()


def _everybody(service: Service) -> Iterator[Person]:
    after = None
    while page := service.store.people.page(after, PAGE):
        yield from page
        after = page[-1].name


def _named(service: Service, name: str) -> Person:
    account = service.store.people.account(sign_in_name(name))
    if account is None:
        raise click.UsageError(f"nobody signs in as {name!r}; see `lrs person list`")
    return account.person


def _password(name: str, ask: bool, file: Path | None) -> str | None:
    """The password from the file, the environment or the keyboard; never from an argument."""
    if file is not None:
        password = file.read_text("utf-8").rstrip("\r\n")
    elif ask:
        password = os.environ.get(PASSWORD) or click.prompt(
            "Password", hide_input=True, confirmation_prompt=True
        )
    else:
        return None
    try:
        check_password(password, name)
    except WeakPassword as weak:
        rule = {
            "short": f"must have at least {SHORTEST} characters",
            "long": "is too long",
            "plain": "must have at least five different characters",
            "name": "must not be made of the name",
        }[weak.rule]
        raise click.UsageError(f"the password {rule}") from None
    return password


def _print_link(service: Service, one: Person) -> None:
    token = service.sign_in.new_link(one.id, shell_act("person.reset", one.id))
    click.echo(
        f"{one.name} chooses a password at this address, once, within a day:\n"
        f"  {service.settings.public_url}/sign-in/link/{token}"
    )
