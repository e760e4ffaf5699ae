"""Storing statements: PUT and POST (1.0.3 part three 2.1.1, 2.1.2, 1.5; 2.0.0 4.1.6.1, 4.1.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from lrs.problems import Problem
from lrs.service import Service
from lrs.store.attachments import Incoming, Reception
from lrs.xapi.multipart import Part, read_parts
from lrs.xapi.parameters import expect_parameters, required, uuid_parameter
from lrs.xapi.signatures import (
    MEDIA_TYPE,
    SIZE_LIMIT,
    SignatureFault,
    check_signature,
    signature_attachments,
)
from lrs.xapi.statements import store
from schemas.sources import SignatureResult, Source
from schemas.texts import Text
from schemas.xapi import (
    Received,
    StatementError,
    XapiVersion,
    decode_statement,
    decode_statements,
)


def blueprint(service: Service) -> Blueprint:
    """Return the routes that store statements."""
    routes = Blueprint("statement_writing", __name__)

    @routes.post("/statements")
    def post() -> Response:
        source, version = service.enter("statements/write")
        expect_parameters()
        ids = _store(service, source, version, None)
        return Response(msgspec.json.encode(ids), 200, {"Content-Type": "application/json"})

    @routes.put("/statements")
    def put() -> Response:
        source, version = service.enter("statements/write")
        expect_parameters("statementId")
        required("statementId")
        _store(service, source, version, uuid_parameter("statementId"))
        return Response(status=204)

    return routes


def _store(
    service: Service, source: Source, version: XapiVersion, statement_id: str | None
) -> list[str]:
    """Store what the request brings, whole; one statement with the id, or any number if None."""
    with service.store.attachments.receive() as reception:
        if request.mimetype == "application/json":
            received = _decoded(request.get_data(), version, statement_id)
            _check_all_there(received, {})
        elif request.mimetype == "multipart/mixed":
            received = _received_parts(reception, version, statement_id)
        else:
            raise Problem(
                400,
                Text(
                    "Send statements as application/json, or as multipart/mixed with "
                    "attachments, not as %(mimetype)s.",
                    mimetype=f"{request.mimetype or 'nothing'!r:.80}",
                ),
            )
        signatures = [
            signature_result(service, one, index, version, reception.finished)
            for index, one in enumerate(received)
        ]
        return store(
            service,
            source,
            received,
            version,
            signatures=signatures,
            before_commit=reception.keep,
        )


def _decoded(body: bytes, version: XapiVersion, statement_id: str | None) -> list[Received]:
    if statement_id is None:
        return decode_statements(body, version)[0]
    received = decode_statement(body, version)
    if received.properties.setdefault("id", statement_id).lower() != statement_id:
        raise Problem(400, "The parameter statementId is not the id of the statement.")
    return [received]


def _received_parts(
    reception: Reception, version: XapiVersion, statement_id: str | None
) -> list[Received]:
    """The statements of a multipart request, its attachments finished in `reception`."""
    boundary = request.mimetype_params.get("boundary")
    if not boundary:
        raise Problem(400, "The Content-Type multipart/mixed must name its boundary.")
    parts = read_parts(request.stream, boundary)
    first = next(parts, None)
    if first is None or first.media_type != "application/json":
        raise Problem(400, "The first part must be the statements, as application/json.")
    received = _decoded(b"".join(first.pieces), version, statement_id)
    declared = {
        one["sha2"].lower(): one
        for received_one in received
        for one in attachments_of(received_one)
    }
    for part in parts:
        incoming = _receive(reception, part, declared)
        reception.finished[part.headers["x-experience-api-hash"].lower()] = incoming
    _check_all_there(received, reception.finished)
    return received


def _receive(reception: Reception, part: Part, declared: dict[str, dict[str, Any]]) -> Incoming:
    """Stream one part to the disk and hold it against what the statements say of it."""
    sha2 = part.headers.get("x-experience-api-hash", "").lower()
    if part.headers.get("content-transfer-encoding", "").lower() != "binary":
        raise Problem(400, "Every attachment part needs Content-Transfer-Encoding: binary.")
    if sha2 not in declared:
        raise Problem(
            400,
            Text(
                "Every attachment part needs an X-Experience-API-Hash that is the sha2 "
                "of an attachment of the statements; %(sha2)r is none.",
                sha2=sha2[:130],
            ),
        )
    incoming = reception.start(sha2)
    for piece in part.pieces:
        incoming.write(piece)
    if incoming.finish() != sha2:
        raise Problem(400, Text("The content of attachment %(sha2)s has another SHA-2.", sha2=sha2))
    return incoming


def attachments_of(received: Received) -> list[dict[str, Any]]:
    """The attachments of a statement and of the SubStatement in it, as plain JSON."""
    properties = received.properties
    thing = properties["object"]
    inner = thing.get("attachments", []) if thing.get("objectType") == "SubStatement" else []
    return [*properties.get("attachments", []), *inner]


def _check_all_there(received: Sequence[Received], finished: dict[str, Incoming]) -> None:
    for index, one in enumerate(received):
        for attachment in attachments_of(one):
            if "fileUrl" not in attachment and attachment["sha2"].lower() not in finished:
                raise StatementError(
                    index,
                    "$.attachments",
                    f"must each have a fileUrl or come with the request as multipart/mixed, "
                    f"{attachment['sha2']} does neither",
                )


def signature_result(
    service: Service,
    received: Received,
    index: int,
    version: XapiVersion,
    finished: dict[str, Incoming],
) -> SignatureResult:
    """Verify the statement's signatures; the worst result counts."""
    results: set[SignatureResult] = set()
    for attachment in signature_attachments(received.properties):
        incoming = finished.get(attachment["sha2"].lower())
        if attachment["contentType"] != MEDIA_TYPE:
            raise _refused(index, f"must have the contentType {MEDIA_TYPE}")
        if incoming is None:
            results.add("untrusted")  # it stays elsewhere, at its fileUrl
            continue
        if incoming.length > SIZE_LIMIT:
            raise _refused(index, f"must not have more than {SIZE_LIMIT} octets")
        try:
            results.add(
                check_signature(incoming.read(), received.properties, version, service.trust)
            )
        except SignatureFault as fault:
            raise _refused(index, str(fault)) from None
    for worst in ("invalid", "untrusted", "valid"):
        if worst in results:
            return worst
    return "unsigned"


def _refused(index: int, rule: str) -> StatementError:
    return StatementError(index, "$.attachments", f"a signature {rule}")
