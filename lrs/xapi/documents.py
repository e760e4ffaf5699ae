"""The document resources: state, activity profile, agent profile (1.0.3 part three 2.2, 2.3,
2.6, 2.7; 2.0.0 4.1.6.2, 4.1.6.5, 4.1.6.6) and their concurrency control (3.1; 4.1.4).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec
from flask import Blueprint, Response, request
from werkzeug.datastructures import ETags
from werkzeug.http import http_date

from lrs.problems import Problem
from lrs.service import Service
from lrs.store.documents import Document, DocumentKey, DocumentKind, DocumentScope, NewDocument
from lrs.xapi import tincan_python
from lrs.xapi.parameters import (
    agent_parameter,
    expect_parameters,
    instant_parameter,
    iri_parameter,
    required,
    uuid_parameter,
)
from schemas.sources import Scope
from schemas.texts import Text, text_of

CONTEXT: dict[DocumentKind, tuple[str, ...]] = {
    "state": ("activityId", "agent", "registration"),
    "activity_profile": ("activityId",),
    "agent_profile": ("agent",),
}
"""Which parameters make up the context of a kind of document."""

_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_value = msgspec.json.Decoder(msgspec.Raw)

CHECK_FIRST = Text(
    "A document is stored under this id already. GET it to see its current state, then send "
    "your request again with its ETag in the header If-Match."
)

CONDITION_MISSING = Text(
    "A PUT of a profile in xAPI 1.0.3 needs the header If-Match (with the ETag of the document "
    "that it replaces) or If-None-Match: * (where it is to be a new one)."
)


def blueprint(service: Service) -> Blueprint:
    """Return the routes of the three document resources."""
    routes = Blueprint("documents", __name__)
    _resource(routes, service, "/activities/state", "state", "state")
    _resource(routes, service, "/activities/profile", "activity_profile", "profile")
    _resource(routes, service, "/agents/profile", "agent_profile", "profile")
    return routes


def _resource(
    routes: Blueprint, service: Service, url: str, kind: DocumentKind, scope: Scope
) -> None:
    id_name = "stateId" if kind == "state" else "profileId"
    documents = service.store.documents

    def key() -> DocumentKey:
        expect_parameters(*CONTEXT[kind], id_name)
        context = _context(kind)
        return DocumentKey(*context[:3], context.registration or "", required(id_name))

    @routes.put(url, endpoint=f"{kind}_put")
    def put() -> Response:
        _, version = service.enter(scope)
        sent, conditions = _sent(), _Conditions.sent()
        unconditional = conditions == _Conditions(None, None)
        must_say = version == "1.0.3" and not tincan_python.is_asking()

        def change(kept: Document | None) -> NewDocument:
            conditions.check(kept)
            # In 1.0.3 states need no condition, profiles always do (3.1, client requirements).
            if unconditional and kept is not None and (kind != "state" or version == "2.0.0"):
                raise Problem(409, CHECK_FIRST)
            if unconditional and kind != "state" and must_say:
                raise Problem(400, CONDITION_MISSING)
            return sent

        documents.change(key(), change)
        return Response(status=204)

    @routes.post(url, endpoint=f"{kind}_post")
    def post() -> Response:
        service.enter(scope)
        sent, conditions = _sent(), _Conditions.sent()
        fields = _fields(sent, "The content sent") if _is_json(sent) else None

        def change(kept: Document | None) -> NewDocument:
            conditions.check(kept)
            if kept is None:
                return sent
            return _merged(kept, fields)

        documents.change(key(), change)
        return Response(status=204)

    @routes.get(url, endpoint=f"{kind}_get")
    def get() -> Response:
        service.enter(scope, "all/read")
        if id_name not in request.args:
            expect_parameters(*CONTEXT[kind], "since")
            return _listed(documents.ids(_context(kind), instant_parameter("since")))
        kept = documents.get(key())
        if kept is None:
            raise Problem(404, "There is no such document.")
        return _document(kept)

    @routes.delete(url, endpoint=f"{kind}_delete")
    def delete() -> Response:
        service.enter(scope)
        if kind == "state" and id_name not in request.args:
            expect_parameters(*CONTEXT[kind])
            documents.delete_all(_context(kind))
            return Response(status=204)
        documents.change(key(), _Conditions.sent().check)
        return Response(status=204)


def etag_of(content: bytes) -> str:
    """Return a document's ETag without quotes: SHA-1 in hex, as 1.0.3 part three 3.1 has it."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _context(kind: DocumentKind) -> DocumentScope:
    names = CONTEXT[kind]
    return DocumentScope(
        kind,
        iri_parameter("activityId") if "activityId" in names else "",
        agent_parameter()[1] if "agent" in names else "",
        uuid_parameter("registration") if "registration" in names else None,
    )


def _sent() -> NewDocument:
    """The document of the request; one that says it is JSON must be."""
    kind = request.content_type or "application/octet-stream"
    sent = NewDocument(content_type=kind, content=request.get_data())
    if _is_json(sent):
        try:
            _value.decode(sent.content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(
                400,
                Text(
                    "The content is not the JSON that it says it is: %(error)s",
                    error=text_of(error),
                ),
            ) from None
    return sent


def _is_json(document: NewDocument) -> bool:
    return document.content_type.partition(";")[0].strip().lower() == "application/json"


def _fields(document: NewDocument, what: str) -> dict[str, msgspec.Raw]:
    try:
        return _object.decode(document.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(
            400,
            Text(
                "%(what)s is no JSON object, so there is nothing to merge; use PUT to replace it.",
                what=what,
            ),
        ) from None


def _merged(kept: Document, fields: dict[str, msgspec.Raw] | None) -> NewDocument:
    """The kept document with the fields set (2.2, JSON procedure): top-level ones, whole."""
    if fields is None or not _is_json(kept):
        raise Problem(
            400,
            Text(
                "Only application/json can be merged into application/json; use PUT to "
                "replace the document, which is %(content_type)s.",
                content_type=kept.content_type,
            ),
        )
    merged = {**_fields(kept, "The stored document"), **fields}
    return NewDocument(content_type=kept.content_type, content=msgspec.json.encode(merged))


@dataclass(frozen=True)
class _Conditions:
    """If-Match and If-None-Match of a request (RFC 9110 13.1); None where one is not there."""

    match: ETags | None
    none_match: ETags | None

    @classmethod
    def sent(cls) -> _Conditions:
        headers = request.headers
        return cls(
            request.if_match if "If-Match" in headers else None,
            request.if_none_match if "If-None-Match" in headers else None,
        )

    def check(self, kept: Document | None) -> None:
        etag = etag_of(kept.content) if kept else None
        if self.match is not None and not (etag and self.match.contains(etag)):
            raise Problem(412, "The document is not the one that If-Match names; GET it again.")
        if self.none_match is not None and etag and self.none_match.contains_weak(etag):
            raise Problem(412, "A document is stored here that If-None-Match excludes.")


def _document(kept: Document) -> Response:
    response = Response(
        kept.content,
        200,
        {
            "Content-Type": kept.content_type,
            "Last-Modified": http_date(kept.updated // 1_000_000),
            # A stored page must not run as one of this site.
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
    response.set_etag(etag_of(kept.content))
    response.make_conditional(request, accept_ranges=True, complete_length=len(kept.content))
    return response


def _listed(ids: list[tuple[str, int]]) -> Response:
    content = msgspec.json.encode([one for one, _ in ids])
    headers = {"Content-Type": "application/json"}
    if ids:
        headers["Last-Modified"] = http_date(max(updated for _, updated in ids) // 1_000_000)
    response = Response(content, 200, headers)
    response.set_etag(etag_of(content))
    return response
