"""`/api/v1/people`."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.people import NameTaken
from schemas.audit import Act
from schemas.people import Person, RoleError, check_roles, sign_in_name
from schemas.resources.paging import PageQuery, page_of
from schemas.resources.people import (
    NewPersonSchema,
    PersonChangeSchema,
    PersonSchema,
    PersonWithLinkSchema,
    ResetSchema,
)
from schemas.texts import Text, text_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of people, for administrators."""
    routes = ApiBlueprint("people", service, "People who sign in, and their roles.")
    store = service.store.people

    def act(action: str, person: str, reason: str, **detail: Any) -> Act:
        principal = service.principal().id
        return Act(principal=principal, action=action, subject=person, reason=reason, detail=detail)

    def link_of(person: Person, reason: str) -> dict[str, Any]:
        token = service.sign_in.new_link(person.id, act("person.reset", person.id, reason))
        return {**_shape(person), "link": f"{service.settings.public_url}/sign-in/link/{token}"}

    @routes.get("/people")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(PersonSchema))
    def people(query: dict[str, Any]) -> dict[str, Any]:
        """List people in the order of the names they sign in with."""
        after = read_cursor(query["cursor"], str)
        return page(store.page(after, query["limit"]), query["limit"], lambda one: one.name, _shape)

    @routes.post("/people")
    @routes.arguments(NewPersonSchema)
    @routes.response(201, PersonWithLinkSchema)
    def add(body: dict[str, Any]) -> dict[str, Any]:
        """Add a person; the answer has the link, this once, at which they choose a password."""
        reason = body.pop("reason")
        new = Person(
            id=uuid.uuid4().hex,
            **{**body, "roles": tuple(body["roles"]), "name": sign_in_name(body["name"])},
        )
        try:
            check_roles(new)
            store.add(new, act("person.add", new.id, reason, roles=list(new.roles)))
        except RoleError as error:
            raise Problem(400, Text("Nobody was added: %(error)s.", error=text_of(error))) from None
        except NameTaken as error:
            raise Problem(409, Text("Nobody was added: %(error)s.", error=text_of(error))) from None
        return link_of(_found(store.person(new.id)), reason)

    @routes.get("/people/<person>")
    @routes.response(200, PersonSchema)
    def person(person: str) -> dict[str, Any]:
        """Return one person."""
        return _shape(_found(store.person(person)))

    @routes.patch("/people/<person>")
    @routes.arguments(PersonChangeSchema)
    @routes.response(200, PersonSchema)
    def change(body: dict[str, Any], person: str) -> dict[str, Any]:
        """Change a person; felt at their next request. Whoever is disabled is signed out."""
        reason = body.pop("reason")
        now = service.store.now()
        told = act("person.change", person, reason, changed=sorted(body), roles=body.get("roles"))
        try:
            return _shape(_found(store.change(person, lambda one: _with(one, body, now), told)))
        except RoleError as error:
            raise Problem(
                400, Text("Nothing was changed: %(error)s.", error=text_of(error))
            ) from None
        except NameTaken as error:
            raise Problem(
                409, Text("Nothing was changed: %(error)s.", error=text_of(error))
            ) from None

    @routes.post("/people/<person>/reset")
    @routes.arguments(ResetSchema)
    @routes.response(200, PersonWithLinkSchema)
    def reset(body: dict[str, Any], person: str) -> dict[str, Any]:
        """Return a link, this once, at which the person chooses another password."""
        found = _found(store.person(person))
        if found.disabled is not None:
            raise Problem(409, "The person is disabled; let them in again first.")
        if body["second_factor"]:
            told = act("second_factor.remove", person, body["reason"])
            store.set_second_factor(person, None, (), told)
        store.forgive(found.name)
        return link_of(found, body["reason"])

    return routes


def _shape(person: Person) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(person),
        "disabled": person.disabled is not None,
        "created": moment_of(person.created),
    }


def _with(one: Person, body: dict[str, Any], now: int) -> Person:
    changes = dict(body)
    if "roles" in changes:
        changes["roles"] = tuple(changes["roles"])
    if "disabled" in changes:
        changes["disabled"] = (one.disabled or now) if changes["disabled"] else None
    new = msgspec.structs.replace(one, **changes)
    check_roles(new)
    return new


def _found(person: Person | None) -> Person:
    if person is None:
        raise Problem(404, "There is no such person.")
    return person
