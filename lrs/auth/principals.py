"""Who a source or a person is as a principal."""

from __future__ import annotations

from schemas.people import Person
from schemas.principals import Principal, Role
from schemas.sources import Source


def of_source(source: Source) -> Principal:
    """Return a source as a principal: `all` administers, `all/read` reads."""
    roles: tuple[Role, ...] = ()
    if source.may():
        roles = ("administrator",)
    elif source.may("all/read"):
        roles = ("reader",)
    return Principal(id=f"source:{source.key}", name=source.name, roles=roles)


def of_person(person: Person) -> Principal:
    """Return a person as a principal."""
    return Principal(
        id=f"person:{person.id}",
        name=person.display_name,
        roles=person.roles,
        organisation=person.organisation,
        persona=person.persona,
    )
