"""`/api/v1/organisations` with employments and consents."""

from __future__ import annotations

from typing import Any

import msgspec
from marshmallow import ValidationError

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.auth.organisations import today
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.organisations import Consent, Employment, Organisation
from schemas.resources.organisations import (
    ID,
    ConsentSchema,
    EmploymentSchema,
    EmploymentsSchema,
    NewConsentsSchema,
    OrganisationChangeSchema,
    OrganisationSchema,
    WithdrawalSchema,
)
from schemas.resources.paging import PageQuery, page_of
from schemas.texts import Text
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of organisations, for registrars."""
    routes = ApiBlueprint(
        "organisations", service, "Organisations, their employees and consents.", "registrar"
    )
    store = service.store.organisations

    def act(action: str, organisation: str, reason: str = "", **detail: Any) -> Act:
        principal = service.principal("registrar").id
        return Act(
            principal=principal, action=action, subject=organisation, reason=reason, detail=detail
        )

    def known(organisation: str) -> Organisation:
        found = store.organisation(organisation)
        if found is None:
            raise Problem(404, "There is no such organisation.")
        return found

    @routes.get("/organisations")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(OrganisationSchema))
    def organisations(query: dict[str, Any]) -> dict[str, Any]:
        """List organisations in the order of their ids."""
        after = read_cursor(query["cursor"], str)
        return page(store.page(after, query["limit"]), query["limit"], lambda one: one.id, _shape)

    @routes.get("/organisations/<organisation>")
    @routes.response(200, OrganisationSchema)
    def organisation(organisation: str) -> dict[str, Any]:
        """Return one organisation."""
        return _shape(known(organisation))

    @routes.put("/organisations/<organisation>")
    @routes.arguments(OrganisationChangeSchema)
    @routes.response(200, OrganisationSchema)
    def put(body: dict[str, Any], organisation: str) -> dict[str, Any]:
        """Add an organisation, or change the one with the id."""
        try:
            ID(organisation)
        except ValidationError as error:
            rule = error.messages[0]
            raise Problem(400, Text("The id of an organisation %(rule)s.", rule=rule)) from None
        new = Organisation(id=organisation, **body)
        return _shape(store.put(new, act("organisation.put", organisation, kind=body["kind"])))

    @routes.get("/organisations/<organisation>/employments")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(EmploymentSchema))
    def employments(query: dict[str, Any], organisation: str) -> dict[str, Any]:
        """List employments, ended ones too, in the order of their personas."""
        known(organisation)
        found = store.employments(organisation, read_cursor(query["cursor"], str), query["limit"])
        return page(found, query["limit"], lambda one: one.persona, msgspec.structs.asdict)

    @routes.post("/organisations/<organisation>/employments")
    @routes.arguments(EmploymentsSchema)
    @routes.response(204)
    def employ(body: dict[str, Any], organisation: str) -> None:
        """Put employments in the place of those of the same personas, all or none.

        Whoever leaves gets a day `until`; from then on the organisation sees nothing of them.
        """
        known(organisation)
        items = _with_personas(service, body["items"])
        store.employ(
            [Employment(organisation=organisation, **item) for item in items],
            today(),
            act("employment.put", organisation, count=len(items)),
        )

    @routes.get("/organisations/<organisation>/consents")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(ConsentSchema))
    def consents(query: dict[str, Any], organisation: str) -> dict[str, Any]:
        """List consents, withdrawn ones too, in the order of their personas."""
        known(organisation)
        found = store.consents(organisation, read_cursor(query["cursor"], str), query["limit"])
        return page(found, query["limit"], lambda one: one.persona, shape_of_consent)

    @routes.post("/organisations/<organisation>/consents")
    @routes.arguments(NewConsentsSchema)
    @routes.response(204)
    def consent(body: dict[str, Any], organisation: str) -> None:
        """Record consents that were given on paper, all or none."""
        known(organisation)
        told = act("consent.record", organisation, count=len(body["items"]))
        items = _with_personas(service, body["items"])
        store.consent(
            [Consent(organisation=organisation, by=told.principal, **item) for item in items],
            today(),
            told,
        )

    @routes.post("/organisations/<organisation>/consents/<persona>/withdraw")
    @routes.arguments(WithdrawalSchema)
    @routes.response(204)
    def withdraw(body: dict[str, Any], organisation: str, persona: str) -> None:
        """Withdraw a consent for a persona who said so; felt at once."""
        told = act("consent.withdraw", organisation, body["reason"])
        told = msgspec.structs.replace(told, persona=persona)
        if not store.withdraw(organisation, persona, told):
            raise Problem(404, "There is no such consent that stands.")

    return routes


def shape_of_consent(consent: Consent) -> dict[str, Any]:
    """Return a consent as `ConsentSchema` gives it."""
    return {
        **msgspec.structs.asdict(consent),
        "given": moment_of(consent.given),
        "withdrawn": None if consent.withdrawn is None else moment_of(consent.withdrawn),
    }


def _shape(organisation: Organisation) -> dict[str, Any]:
    return {**msgspec.structs.asdict(organisation), "created": moment_of(organisation.created)}


def _with_personas(service: Service, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The items with the id of each persona in the place of an identifier.

    Raises Problem (400) that names all who are not known.
    """
    records = service.store.records
    given = [item["persona"] for item in items]
    known = records.personas_of([one for one in given if ":" in one])
    faults = []
    for index, one in enumerate(given):
        if one not in known and records.persona(one) is None:
            rule = Text("%(persona)r is no persona, and no identifier of one", persona=one)
            faults.append({"path": f"items.{index}.persona", "rule": rule})
    if faults:
        raise Problem(400, "Nothing was kept; `errors` says who is not known.", errors=faults)
    return [{**item, "persona": known.get(item["persona"], item["persona"])} for item in items]
