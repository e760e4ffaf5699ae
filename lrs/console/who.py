"""Who is meant: learners as people type them, principals as people know them."""

from __future__ import annotations

from collections.abc import Iterable

from lrs.console.language import gettext as _
from lrs.console.statements import read_identifier
from lrs.store.people import People
from lrs.store.records import Persona, Records


def persona_called(records: Records, text: str) -> Persona | None:
    """Return the learner that is meant by an id, an e-mail address, `HOMEPAGE|NAME` or another
    identifier; None where nobody is known by it.
    """
    known = records.persona(text)
    if known is not None or not text:
        return known
    try:
        found = records.personas_of([read_identifier(text)])
    except ValueError:
        return None
    return next((records.persona(one) for one in found.values()), None)


def principal_names(people: People, principals: Iterable[str | None]) -> dict[str, str]:
    """Return how principals are called: people by their names, others by what they are."""
    return {one: _name(people, one) for one in set(principals) if one is not None}


def _name(people: People, principal: str) -> str:
    kind, _colon, name = principal.partition(":")
    if kind == "person":
        person = people.person(name)
        return person.display_name if person else principal
    if kind == "roster":
        return _("the roster %(name)s", name=name)
    if kind == "source":
        return _("the source %(key)s", key=name)
    return principal
