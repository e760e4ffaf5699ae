"""Reading statements (1.0.3 part three 2.1.3; 2.0.0 4.1.6.1)."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Sequence
from typing import Any, cast, get_args
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, request, url_for
from msgspec import UNSET
from werkzeug.http import http_date

from lrs.problems import Problem
from lrs.service import Service
from lrs.store.statements import StatementQuery, StoredStatement
from lrs.xapi.formats import Format, formatted
from lrs.xapi.multipart import write_parts
from lrs.xapi.parameters import (
    agent_parameter,
    expect_parameters,
    flag_parameter,
    instant_parameter,
    iri_parameter,
    number_parameter,
    uuid_parameter,
)
from schemas.sources import Source
from schemas.texts import Text
from schemas.xapi import XapiVersion, read_statement

PAGE_LIMIT = 500
"""Statements on one page at the most; `limit=0` asks for this."""

ONE = ("statementId", "voidedStatementId", "format", "attachments")
MANY = (
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
)


def blueprint(service: Service) -> Blueprint:
    """Return the routes that read statements."""
    routes = Blueprint("statements", __name__)

    @routes.get("/statements")
    def get() -> Response:
        source, version = service.enter("statements/read", "statements/read/mine", "all/read")
        mine = not source.may("statements/read", "all/read")
        if "statementId" in request.args or "voidedStatementId" in request.args:
            return _one(service, source if mine else None, version)
        return _page(service, source if mine else None, version)

    return routes


def _one(service: Service, mine: Source | None, version: XapiVersion) -> Response:
    expect_parameters(*ONE)
    wanted, voided = uuid_parameter("statementId"), uuid_parameter("voidedStatementId")
    if wanted and voided:
        raise Problem(400, "Ask for statementId or for voidedStatementId, not for both.")
    found = service.store.statements.get(uuid.UUID(wanted or voided).bytes)
    is_hidden = mine is not None and found is not None and found.source != mine.id
    if found is None or is_hidden or found.voided != bool(voided):
        raise Problem(404, "There is no such statement.")
    body = _formatted(service, [found], version)[0]
    return _answer(service, body, [found])


def _page(service: Service, mine: Source | None, version: XapiVersion) -> Response:
    expect_parameters(*MANY)
    query = _query(mine)
    # One more than is shown tells whether there is a next page.
    rows = service.store.statements.find(dataclasses.replace(query, limit=query.limit + 1))
    more = ""
    if len(rows) > query.limit:
        rows = rows[: query.limit]
        kept = {name: value for name, value in request.args.items() if name != "cursor"}
        more = f"{url_for('statements.get')}?{urlencode({**kept, 'cursor': rows[-1].seq})}"
    body = b'{"statements":[%b],"more":%b}' % (
        b",".join(_formatted(service, rows, version)),
        msgspec.json.encode(more),
    )
    return _answer(service, body, rows)


def _query(mine: Source | None) -> StatementQuery:
    keys = [f"source:{mine.id}"] if mine else []
    related_agents = flag_parameter("related_agents")
    related_activities = flag_parameter("related_activities")
    if "agent" in request.args:
        role = "related_agent" if related_agents else "agent"
        keys.append(f"{role}:{agent_parameter(group=True)[1]}")
    if "activity" in request.args:
        role = "related_activity" if related_activities else "activity"
        keys.append(f"{role}:{iri_parameter('activity')}")
    if "verb" in request.args:
        keys.append(f"verb:{iri_parameter('verb')}")
    if registration := uuid_parameter("registration"):
        keys.append(f"registration:{registration}")
    return StatementQuery(
        keys=tuple(keys),
        since=instant_parameter("since"),
        until=instant_parameter("until"),
        ascending=flag_parameter("ascending"),
        after=number_parameter("cursor") or None,
        limit=min(number_parameter("limit") or PAGE_LIMIT, PAGE_LIMIT),
    )


def _formatted(
    service: Service, rows: Sequence[StoredStatement], version: XapiVersion
) -> list[bytes]:
    form = request.args.get("format", "exact")
    if form not in get_args(Format):
        raise Problem(
            400,
            Text(
                "The parameter format must be one of %(known)s.", known=", ".join(get_args(Format))
            ),
        )
    return formatted(
        [row.body for row in rows],
        cast(Format, form),
        version,
        request.accept_languages,
        service.store.statements.definitions,
    )


def _answer(service: Service, body: bytes, rows: Sequence[StoredStatement]) -> Response:
    headers: dict[str, Any] = {"Content-Type": "application/json", "Vary": "Accept-Language"}
    if rows:
        headers["Last-Modified"] = http_date(max(row.stored for row in rows) // 1_000_000)
    if not flag_parameter("attachments"):
        response = Response(body, 200, headers)
        response.add_etag()
        # Not by Last-Modified: a page changes when one of it is voided, which stores nothing on it.
        if request.if_none_match.contains_weak(response.get_etag()[0] or ""):
            response = Response(b"", 304, response.headers)
        return response
    attachments = service.store.attachments
    found = [one for one in _attachments(rows).items() if attachments.has(one[0])]
    kind, pieces, length = write_parts(body, found, attachments)
    headers |= {"Content-Type": kind, "Content-Length": length}
    return Response(pieces, 200, headers)


def _attachments(rows: Sequence[StoredStatement]) -> dict[str, str]:
    """The media type of each attachment of the statements, by its SHA-2."""
    found: dict[str, str] = {}
    for row in rows:
        if b'"attachments"' not in row.body:
            continue
        statement = read_statement(row.body)
        for holder in (statement, statement.object):
            if holder.attachments is not UNSET:
                found |= {one.sha2.lower(): one.content_type for one in holder.attachments}
    return found
