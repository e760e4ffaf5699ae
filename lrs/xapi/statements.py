"""The statement resource (1.0.3 part three 2.1; 2.0.0 4.1.6.1)."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, request, url_for
from werkzeug.http import http_date

from lrs.problems import Problem
from lrs.service import Service
from lrs.store.statements import Conflict, NewStatement, StatementQuery
from lrs.xapi.search_keys import search_keys, statement_ref, voids
from schemas.identifiers import identifier_of
from schemas.sources import Source
from schemas.times import instant_of
from schemas.xapi import Received, Statement, XapiVersion, decode_statement, decode_statements
from schemas.xapi.syntax import IRI, UUID, parse_timestamp

PAGE_LIMIT = 500
"""Statements on one page at the most; `limit=0` asks for this."""

STORED_VERSION = {"1.0.3": "1.0.0", "2.0.0": "2.0.0"}
"""`version` of a statement that came without one (1.0.3 part two 2.4.10)."""


def blueprint(service: Service) -> Blueprint:
    """Return the routes of the statement resource."""
    routes = Blueprint("statements", __name__)

    @routes.post("/statements")
    def post() -> Response:
        source, version = service.enter("statements/write")
        _expect_json()
        received, _ = decode_statements(request.get_data(), version)
        ids = store(service, source, received, version)
        return _json(ids)

    @routes.put("/statements")
    def put() -> Response:
        source, version = service.enter("statements/write")
        _expect_json()
        statement_id = _uuid_parameter("statementId")
        if statement_id is None:
            raise Problem(400, "The parameter statementId is missing.")
        received = decode_statement(request.get_data(), version)
        sent = received.properties.setdefault("id", statement_id)
        if sent.lower() != statement_id:
            raise Problem(400, "The parameter statementId is not the id of the statement.")
        store(service, source, [received], version)
        return Response(status=204)

    @routes.get("/statements")
    def get() -> Response:
        source, _ = service.enter("statements/read", "statements/read/mine", "all/read")
        mine = not source.may("statements/read", "all/read")
        wanted = _uuid_parameter("statementId")
        voided = _uuid_parameter("voidedStatementId")
        if wanted or voided:
            return _one(service, source, wanted, voided, mine)
        return _page(service, _query(source if mine else None))

    return routes


def store(
    service: Service, source: Source, received: list[Received], version: XapiVersion
) -> list[str]:
    """Complete and store a batch whole; return the ids in the batch's order.

    Raises Problem (409) where an id is taken by another statement.
    """
    batch = [complete(one, source, version, service.settings.public_url) for one in received]
    try:
        service.store.statements.add(source.id, batch)
    except Conflict as conflict:
        rule = f"another statement is stored under the id {uuid.UUID(bytes=conflict.id)}"
        raise Problem(
            409,
            f"Nothing was stored: statement {conflict.index}, $.id: {rule}.",
            errors=[{"index": conflict.index, "path": "$.id", "rule": rule}],
        ) from None
    return [str(uuid.UUID(bytes=new.id)) for new in batch]


def complete(
    received: Received, source: Source, version: XapiVersion, home_page: str
) -> NewStatement:
    """Return the statement as it will be stored: with id, authority and version.

    `authority` is always the source's, whatever the client sent.
    """
    properties = dict(received.properties)
    statement_id = uuid.UUID(properties["id"]) if "id" in properties else uuid.uuid4()
    authority = {
        "objectType": "Agent",
        "name": source.name,
        "account": {"homePage": home_page, "name": source.key},
    }
    properties.pop("stored", None)
    properties["id"] = str(statement_id)
    properties["authority"] = authority
    properties.setdefault("version", STORED_VERSION[version])
    statement: Statement = received.statement
    target = statement_ref(statement)
    agent = f"account:{home_page}|{source.key}"
    return NewStatement(
        id=statement_id.bytes,
        body=msgspec.json.encode(properties),
        timestamp="timestamp" in properties,
        keys=search_keys(statement) | {f"related_agent:{agent}"},
        refers_to=uuid.UUID(target).bytes if target else None,
        voids=voids(statement),
    )


def _expect_json() -> None:
    if request.mimetype != "application/json":
        raise Problem(415, f"Send application/json, not {request.mimetype or 'nothing'!r}.")


def _uuid_parameter(name: str) -> str | None:
    text = request.args.get(name)
    if text is not None and not UUID.fullmatch(text):
        raise Problem(400, f"The parameter {name} must be a UUID.")
    return text.lower() if text is not None else None


def _one(
    service: Service, source: Source, wanted: str | None, voided: str | None, mine: bool
) -> Response:
    others = set(request.args) - {"statementId", "voidedStatementId", "format", "attachments"}
    if (wanted and voided) or others:
        raise Problem(400, "statementId and voidedStatementId go with no other filter.")
    found = service.store.statements.get(uuid.UUID(wanted or voided).bytes)
    if found is None or found.voided != bool(voided) or (mine and found.source != source.id):
        raise Problem(404, "There is no such statement.")
    return Response(
        found.body,
        200,
        {
            "Content-Type": "application/json",
            "Last-Modified": _http_date(found.stored),
        },
    )


def _query(mine: Source | None) -> StatementQuery:
    arguments = request.args
    known = {
        "agent",
        "verb",
        "activity",
        "registration",
        "related_activities",
        "related_agents",
        "since",
        "until",
        "limit",
        "format",
        "attachments",
        "ascending",
        "cursor",
    }
    if unknown := sorted(set(arguments) - known):
        raise Problem(
            400, f"The parameter {unknown[0]!r} is not known; parameters: {sorted(known)}"
        )
    keys = [f"source:{mine.id}"] if mine else []
    if "agent" in arguments:
        role = "related_agent" if _flag("related_agents") else "agent"
        keys.append(f"{role}:{_agent(arguments['agent'])}")
    if "activity" in arguments:
        role = "related_activity" if _flag("related_activities") else "activity"
        keys.append(f"{role}:{_iri('activity')}")
    if "verb" in arguments:
        keys.append(f"verb:{_iri('verb')}")
    if registration := _uuid_parameter("registration"):
        keys.append(f"registration:{registration}")
    limit = _number("limit", 0)
    cursor = _number("cursor", 0)
    return StatementQuery(
        keys=tuple(keys),
        since=_instant("since"),
        until=_instant("until"),
        ascending=_flag("ascending"),
        after=cursor or None,
        limit=min(limit or PAGE_LIMIT, PAGE_LIMIT),
    )


def _page(service: Service, query: StatementQuery) -> Response:
    rows = service.store.statements.find(query)
    more = ""
    if len(rows) == query.limit:
        kept = {name: value for name, value in request.args.items() if name != "cursor"}
        more = f"{url_for('statements.get')}?{urlencode({**kept, 'cursor': rows[-1].seq})}"
    body = b'{"statements":[%b],"more":%b}' % (
        b",".join(row.body for row in rows),
        msgspec.json.encode(more),
    )
    headers = {"Content-Type": "application/json"}
    if rows:
        headers["Last-Modified"] = _http_date(max(row.stored for row in rows))
    return Response(body, 200, headers)


def _flag(name: str) -> bool:
    text = request.args.get(name, "false").lower()
    if text not in ("true", "false"):
        raise Problem(400, f"The parameter {name} must be true or false.")
    return text == "true"


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not text.isdecimal() or len(text) > 18:
        raise Problem(400, f"The parameter {name} must be a number that is not negative.")
    return int(text)


def _iri(name: str) -> str:
    if not IRI.fullmatch(request.args[name]):
        raise Problem(400, f"The parameter {name} must be an absolute IRI.")
    return request.args[name]


def _instant(name: str) -> int | None:
    text = request.args.get(name)
    if text is None:
        return None
    moment = parse_timestamp(text)
    if moment is None:
        raise Problem(400, f"The parameter {name} must be a timestamp (RFC 3339).")
    return instant_of(moment.astimezone())


def _agent(text: str) -> str:
    try:
        agent: Any = msgspec.json.decode(text)
        found = identifier_of(agent) if isinstance(agent, dict) else None
    except (msgspec.DecodeError, KeyError, TypeError):
        found = None
    if found is None:
        raise Problem(400, "The parameter agent must be an Agent or identified Group as JSON.")
    return found


def _http_date(instant: int) -> str:
    return http_date(instant // 1_000_000)


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), 200, {"Content-Type": "application/json"})
