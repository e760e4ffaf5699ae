"""`/api/v1/clients`."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.oauth.registration import Registration
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.clients import Client, ClientError
from schemas.resources.clients import (
    ClientChangeSchema,
    ClientSchema,
    IssuedClientSchema,
    NewClientSchema,
)
from schemas.resources.paging import PageQuery, page_of
from schemas.texts import Text, text_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of OAuth clients, for administrators."""
    routes = ApiBlueprint("clients", service, "Machines that ask for access tokens.")
    store = service.store.clients
    registration = Registration(store, service.store.sources, service.root_secret)

    def act(action: str, client: str, **detail: Any) -> Act:
        return Act(principal=service.principal().id, action=action, subject=client, detail=detail)

    @routes.get("/clients")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(ClientSchema))
    def clients(query: dict[str, Any]) -> dict[str, Any]:
        """List clients in the order of their ids, revoked ones included."""
        after = read_cursor(query["cursor"], str)
        return page(store.page(after, query["limit"]), query["limit"], lambda one: one.id, _shape)

    @routes.post("/clients")
    @routes.arguments(NewClientSchema)
    @routes.response(201, IssuedClientSchema)
    def add(body: dict[str, Any]) -> dict[str, Any]:
        """Add a client; the answer shows its secret, where it has one, this once."""
        client = Client(**{**body, "scopes": tuple(body["scopes"])})
        try:
            secret = registration.add(client, act("client.add", client.id, scopes=body["scopes"]))
        except ClientError as error:
            raise Problem(
                400, Text("Nothing was added: %(error)s.", error=text_of(error))
            ) from None
        return {**_shape(_found(store.client(client.id))), "secret": secret}

    @routes.get("/clients/<client>")
    @routes.response(200, ClientSchema)
    def client(client: str) -> dict[str, Any]:
        """Return one client."""
        return _shape(_found(store.client(client)))

    @routes.patch("/clients/<client>")
    @routes.arguments(ClientChangeSchema)
    @routes.response(200, ClientSchema)
    def change(body: dict[str, Any], client: str) -> dict[str, Any]:
        """Change what a client may do, or its keys; felt at its next request."""

        def changed(one: Client) -> Client:
            new = msgspec.structs.replace(
                one, **{**body, "scopes": tuple(body.get("scopes", one.scopes))}
            )
            registration.check(new)
            return new

        told = act("client.change", client, changed=sorted(body))
        try:
            return _shape(_found(store.change(client, changed, told)))
        except ClientError as error:
            raise Problem(
                400, Text("Nothing was changed: %(error)s.", error=text_of(error))
            ) from None

    @routes.post("/clients/<client>/secret")
    @routes.response(200, IssuedClientSchema)
    def new_secret(client: str) -> dict[str, Any]:
        """Give a client another secret in the place of the one before; shown this once."""
        found = _found(store.client(client))
        try:
            secret = registration.new_secret(found, act("client.secret", client))
        except ClientError as error:
            raise Problem(
                409, Text("Nothing was changed: %(error)s.", error=text_of(error))
            ) from None
        return {**_shape(found), "secret": secret}

    @routes.post("/clients/<client>/revoke")
    @routes.response(204)
    def revoke(client: str) -> None:
        """Revoke a client and every token that it has; felt at its next request."""
        now = service.store.now()
        if not registration.revoke(client, now, act("client.revoke", client)):
            raise _missing()

    return routes


def _shape(client: Client) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(client),
        "created": moment_of(client.created),
        "revoked": None if client.revoked is None else moment_of(client.revoked),
    }


def _found(client: Client | None) -> Client:
    if client is None:
        raise _missing()
    return client


def _missing() -> Problem:
    return Problem(404, "There is no such client.")
