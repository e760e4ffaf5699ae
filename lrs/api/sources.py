"""`/api/v1/sources`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.auth.sources import KeyTaken, new_key
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.resources.paging import PageQuery, page_of
from schemas.resources.sources import (
    IssuedSourceSchema,
    NewSourceSchema,
    RevocationSchema,
    RotationSchema,
    SourceChangeSchema,
    SourceSchema,
)
from schemas.sources import Source
from schemas.texts import Text, text_of
from schemas.times import instant_of, moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of sources, for administrators."""
    routes = ApiBlueprint("sources", service, "Systems that may post statements.")
    store = service.store.sources

    def act(action: str, key: str, reason: str = "", **detail: Any) -> Act:
        principal = service.principal().id
        return Act(principal=principal, action=action, subject=key, reason=reason, detail=detail)

    def shape(source: Source) -> dict[str, Any]:
        body = _plain(source)
        body["secrets"] = [
            {name: _moment(getattr(one, name)) for name in ("created", "expires", "used")}
            for one in store.secrets(source.key)
        ]
        return body

    @routes.get("/sources")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(SourceSchema))
    def sources(query: dict[str, Any]) -> dict[str, Any]:
        """List sources in the order of their keys, revoked ones included."""
        after = read_cursor(query["cursor"], str)
        return page(store.page(after, query["limit"]), query["limit"], lambda one: one.key, _plain)

    @routes.post("/sources")
    @routes.arguments(NewSourceSchema)
    @routes.response(201, IssuedSourceSchema)
    def add(body: dict[str, Any]) -> dict[str, Any]:
        """Add a source; the answer shows its secret, this once."""
        key = body.pop("key", None) or new_key()
        wanted = _with(Source(id=0, key=key, name="", provenance="manual", scopes=()), body)
        try:
            source, secret = service.credentials.issue(
                key=key,
                name=wanted.name,
                provenance=wanted.provenance,
                scopes=wanted.scopes,
                limits=wanted,
                act=act("source.add", key, scopes=list(wanted.scopes)),
            )
        except KeyTaken as error:
            raise Problem(
                409, Text("Nothing was added: %(error)s.", error=text_of(error))
            ) from None
        return {**shape(source), "secret": secret}

    @routes.get("/sources/<key>")
    @routes.response(200, SourceSchema)
    def source(key: str) -> dict[str, Any]:
        """Return one source, with what is known of its secrets."""
        return shape(_found(store.find(key)))

    @routes.patch("/sources/<key>")
    @routes.arguments(SourceChangeSchema)
    @routes.response(200, SourceSchema)
    def change(body: dict[str, Any], key: str) -> dict[str, Any]:
        """Change what a source may do; felt by every process within a second."""
        changed = store.change(
            key, lambda one: _with(one, body), act("source.change", key, changed=sorted(body))
        )
        if changed is None:
            raise _missing()
        return shape(changed)

    @routes.post("/sources/<key>/rotate")
    @routes.arguments(RotationSchema)
    @routes.response(200, IssuedSourceSchema)
    def rotate(body: dict[str, Any], key: str) -> dict[str, Any]:
        """Give a source another secret, shown this once; the old ones work on for a while."""
        secret = service.credentials.rotate(
            key, body["overlap"], act("source.rotate", key, overlap=body["overlap"])
        )
        if secret is None:
            raise _missing()
        return {**shape(_found(store.find(key))), "secret": secret}

    @routes.post("/sources/<key>/revoke")
    @routes.arguments(RevocationSchema)
    @routes.response(204)
    def revoke(body: dict[str, Any], key: str) -> None:
        """Revoke a source; felt by every process within a second.

        What it posted since `compromised_since` counts as evidence no more.
        """
        since: datetime | None = body["compromised_since"]
        told = act("source.revoke", key, body["reason"])
        if not store.revoke(key, told, None if since is None else instant_of(since)):
            raise _missing()

    return routes


def _with(source: Source, body: dict[str, Any]) -> Source:
    changes: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in body.items()
    }
    if changes.get("expires") is not None:
        changes["expires"] = instant_of(changes["expires"])
    return msgspec.structs.replace(source, **changes)


def _plain(source: Source) -> dict[str, Any]:
    body = msgspec.structs.asdict(source)
    for name in ("expires", "created", "revoked", "compromised"):
        body[name] = _moment(body[name])
    return body


def _moment(instant: int | None) -> Any:
    return None if instant is None else moment_of(instant)


def _found(source: Source | None) -> Source:
    if source is None:
        raise _missing()
    return source


def _missing() -> Problem:
    return Problem(404, "There is no such source, or it is revoked.")
