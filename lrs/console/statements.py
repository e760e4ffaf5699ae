"""The explorer of statements: filters, and each statement readable and raw."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Request, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adapters.reading import seconds_of
from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.frame import Pages
from lrs.console.json_text import tokens_of
from lrs.console.language import gettext as _
from lrs.console.language import in_language, typed_instant
from lrs.console.navigation import STAFF
from lrs.console.words import spent
from lrs.problems import Problem
from lrs.store.statements import StatementQuery, StoredStatement
from schemas.identifiers import actor_of, identifier_of

PAGE = 25
FILTERS = ("agent", "verb", "activity", "registration", "since", "until", "related")

VERBS = (
    "http://adlnet.gov/expapi/verbs/completed",
    "http://adlnet.gov/expapi/verbs/passed",
    "http://adlnet.gov/expapi/verbs/failed",
    "http://adlnet.gov/expapi/verbs/attended",
    "http://adlnet.gov/expapi/verbs/scored",
    "http://adlnet.gov/expapi/verbs/initialized",
    "http://adlnet.gov/expapi/verbs/terminated",
    "http://adlnet.gov/expapi/verbs/voided",
    "http://id.tincanapi.com/verb/viewed",
)
"""Offered while typing; any other IRI can be typed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A statement as one line of the list: who did what, with what result."""

    id: str
    actor: str
    identifier: str | None
    verb: str
    verb_id: str
    object: str
    object_id: str | None
    within: str | None
    result: tuple[str, ...]
    timestamp: str
    stored: int
    source: str
    voided: bool
    signature: str


def install(pages: Pages) -> None:
    """Add the explorer and the page of one statement."""
    store = pages.service.store

    @pages.route("/statements", *STAFF)
    def statements() -> ResponseReturnValue:
        query, faults = read_filters(request)
        found: list[StoredStatement] = [] if faults else store.statements.find(query)
        sources = {one.id: one.name for one in store.sources.all().values()}
        following = None
        if len(found) > PAGE:
            found = found[:PAGE]
            kept = {name: request.args[name] for name in FILTERS if request.args.get(name)}
            place = {"cursor": write_cursor(found[-1].seq)}
            following = f"{url_for('console.statements')}?{urlencode({**kept, **place})}"
        return render_template(
            "statements.html",
            lines=[line_of(one, sources) for one in found],
            next=following,
            faults=faults,
            given=request.args,
            verbs=VERBS,
        )

    @pages.route("/statements/<uuid:statement>", *STAFF)
    def statements_one(statement: uuid.UUID) -> ResponseReturnValue:
        found = store.statements.get(statement.bytes)
        if found is None:
            raise Problem(404, _("There is no such statement."))
        body = msgspec.json.decode(found.body)
        identifier = identifier_of(body["actor"])
        persona = store.records.personas_of([identifier]).get(identifier) if identifier else None
        sources = {one.id: one.name for one in store.sources.all().values()}
        return render_template(
            "statement.html",
            line=line_of(found, sources),
            persona=persona,
            body=body,
            seq=found.seq,
            events=store.records.events_of_statement(found.seq),
            raw=tokens_of(body),
        )


def read_filters(asked: Request) -> tuple[StatementQuery, dict[str, str]]:
    """Return the query that a request's filters make, and what is wrong with which filter."""
    faults: dict[str, str] = {}
    given = {name: asked.args.get(name, "").strip() for name in FILTERS}
    related = "related_" if given["related"] else ""
    keys = []
    if given["agent"]:
        try:
            keys.append(f"{related}agent:{read_identifier(given['agent'])}")
        except ValueError:
            faults["agent"] = _(
                "An e-mail address, an IRI of OpenID, or HOMEPAGE|NAME of an account."
            )
    for name, role in (("verb", "verb"), ("activity", f"{related}activity")):
        if given[name]:
            if ":" in given[name]:
                keys.append(f"{role}:{given[name]}")
            else:
                faults[name] = _("An absolute IRI, such as http://adlnet.gov/expapi/verbs/passed.")
    if given["registration"]:
        try:
            keys.append(f"registration:{uuid.UUID(given['registration'])}")
        except ValueError:
            faults["registration"] = _("A UUID.")
    bounds: dict[str, int] = {}
    for name in ("since", "until"):
        if given[name]:
            try:
                bounds[name] = typed_instant(given[name])
            except ValueError:
                faults[name] = _("A day and a time.")
    query = StatementQuery(
        keys=tuple(keys),
        since=bounds.get("since"),
        until=bounds.get("until"),
        after=read_cursor(asked.args.get("cursor"), int),
        limit=PAGE + 1,
    )
    return query, faults


def read_identifier(text: str) -> str:
    """Return what a person types for an agent as an identifier (`schemas.identifiers`).

    An e-mail address, `HOMEPAGE|NAME`, an OpenID, an Agent in JSON or an identifier itself.
    Raises ValueError.
    """
    if text.startswith("{"):
        actor = msgspec.json.decode(text)
        found = identifier_of(actor) if isinstance(actor, dict) else None
        if found is None:
            raise ValueError("the agent has no identifier")
        return found
    try:
        actor_of(text)
    except ValueError:
        if "|" in text:
            return f"account:{text}"
        if "@" in text:
            return f"mbox:mailto:{text.removeprefix('mailto:')}"
        if text.startswith(("http://", "https://")):
            return f"openid:{text}"
        raise
    return text


def line_of(stored: StoredStatement, sources: dict[int, str]) -> Line:
    """Return a stored statement as one line; `sources` are the sources' names by id."""
    body = msgspec.json.decode(stored.body)
    actor, verb, thing = body["actor"], body["verb"], body["object"]
    identifier = identifier_of(actor)
    return Line(
        id=str(uuid.UUID(bytes=stored.id)),
        actor=actor.get("name") or identifier or _("a group without a name"),
        identifier=identifier,
        verb=in_language(verb.get("display")) or verb["id"].rpartition("/")[2],
        verb_id=verb["id"],
        object=_name_of(thing),
        object_id=thing.get("id"),
        within=_within(body),
        result=tuple(_result(body.get("result", {}))),
        timestamp=body["timestamp"],
        stored=stored.stored,
        source=sources.get(stored.source, ""),
        voided=stored.voided,
        signature=stored.signature,
    )


def _name_of(thing: dict[str, Any]) -> str:
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        name = in_language(thing.get("definition", {}).get("name"))
        return str(name or thing["id"])
    if kind == "StatementRef":
        return _("statement %(id)s", id=thing["id"])
    if kind == "SubStatement":
        return _("what another did")
    return str(thing.get("name") or identifier_of(thing) or _("a group without a name"))


def _within(body: dict[str, Any]) -> str | None:
    """What the object is a part of, where that has a name."""
    groups = body.get("context", {}).get("contextActivities", {})
    for one in groups.get("parent", []):
        if name := in_language(one.get("definition", {}).get("name")):
            return name
    return None


def _result(result: dict[str, Any]) -> list[str]:
    told = []
    score = result.get("score", {})
    if "scaled" in score:
        told.append(f"{score['scaled']:.0%}")
    elif "raw" in score:
        told.append(f"{score['raw']:g}" + (f" / {score['max']:g}" if "max" in score else ""))
    if "success" in result:
        told.append(_("passed") if result["success"] else _("failed"))
    if result.get("completion"):
        told.append(_("completed"))
    if "duration" in result:
        seconds = seconds_of(result["duration"])
        told.append(spent(seconds) if seconds is not None else str(result["duration"]))
    return told
