"""From received statements to stored ones, whichever way they came."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET

from lrs.auth.allowance import NotAllowed, check_allowance
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.statements import Conflict, NewStatement
from lrs.xapi.search_keys import search_keys, statement_ref, voids
from schemas.identifiers import identifier_of
from schemas.sources import SignatureResult, Source
from schemas.texts import Text
from schemas.xapi import (
    Activity,
    Received,
    Statement,
    StatementObject,
    XapiVersion,
    activities_of,
)
from schemas.xapi.syntax import in_utc

STORED_VERSION = {"1.0.3": "1.0.0", "2.0.0": "2.0.0"}
"""`version` of a statement that came without one (1.0.3 part two 2.4.10)."""

GROUPS = ("parent", "grouping", "category", "other")


def store(
    service: Service,
    source: Source,
    received: list[Received],
    version: XapiVersion,
    *,
    signatures: list[SignatureResult] | None = None,
    before_commit: Callable[[], None] | None = None,
) -> list[str]:
    """Complete and store a batch whole; return the ids in the batch's order.

    `signatures` are the results of verifying each one's signature, `before_commit` as
    `lrs.store.statements` has it. Raises Problem: 403 where the source may not post one of them,
    409 where an id is taken by another statement.
    """
    for index, one in enumerate(received):
        try:
            check_allowance(source, one.properties)
        except NotAllowed as fault:
            raise Problem(
                403,
                Text(
                    "Nothing was stored: statement %(index)s, %(fault)s.",
                    index=index,
                    fault=Text("%(path)s %(rule)s", path=fault.path, rule=fault.rule),
                ),
                errors=[{"index": index, "path": fault.path, "rule": fault.rule}],
            ) from None
    results = signatures or ["unsigned"] * len(received)
    batch = [
        complete(one, source, version, service.settings.public_url, result)
        for one, result in zip(received, results, strict=True)
    ]
    try:
        service.store.statements.add(source.id, batch, before_commit)
    except Conflict as conflict:
        rule = Text(
            "another statement is stored under the id %(id)s", id=uuid.UUID(bytes=conflict.id)
        )
        raise Problem(
            409,
            Text(
                "Nothing was stored: statement %(index)s, $.id: %(rule)s.",
                index=conflict.index,
                rule=rule,
            ),
            errors=[{"index": conflict.index, "path": "$.id", "rule": rule}],
        ) from None
    return [str(uuid.UUID(bytes=new.id)) for new in batch]


def complete(
    received: Received,
    source: Source,
    version: XapiVersion,
    home_page: str,
    signature: SignatureResult = "unsigned",
) -> NewStatement:
    """Return the statement as it will be stored: with id, authority and version, with context
    activities in arrays (1.0.3 part two 2.4.6.2) and, in 2.0.0, its times in UTC (4.2.7).

    `authority` is the source's, whatever the client sent, unless the source may set it. Without
    the scope `define` it tells nothing of activities that others will see.
    """
    properties = _with_arrays(received.statement, received.properties)
    statement_id = uuid.UUID(properties["id"]) if "id" in properties else uuid.uuid4()
    authority = {
        "objectType": "Agent",
        "name": source.name,
        "account": {"homePage": home_page, "name": source.key},
    }
    properties.pop("stored", None)
    properties["id"] = str(statement_id)
    if not (source.sets_authority and "authority" in properties):
        properties["authority"] = authority
    properties.setdefault("version", STORED_VERSION[version])
    if version == "2.0.0":
        _bring_to_utc(properties)
    # What the client says of the authority is no key either: it would be found by it.
    statement: Statement = msgspec.structs.replace(received.statement, authority=UNSET)
    target = statement_ref(statement)
    return NewStatement(
        id=statement_id.bytes,
        body=msgspec.json.encode(properties),
        timestamp="timestamp" in properties,
        keys=search_keys(statement) | _authority_keys(properties["authority"]),
        refers_to=uuid.UUID(target).bytes if target else None,
        voids=voids(statement),
        definitions=_definitions(properties) if source.may("define") else (),
        signature=signature,
    )


def _authority_keys(authority: dict[str, Any]) -> set[str]:
    agents = [authority, *authority.get("member", [])]
    return {f"related_agent:{one}" for one in map(identifier_of, agents) if one}


def _bring_to_utc(properties: dict[str, Any]) -> None:
    """Change the timestamps of a statement and its SubStatement."""
    if "timestamp" in properties:
        properties["timestamp"] = in_utc(properties["timestamp"])
    thing = properties["object"]
    if "timestamp" in thing:
        properties["object"] = {**thing, "timestamp": in_utc(thing["timestamp"])}


def _definitions(properties: dict[str, Any]) -> tuple[tuple[str, bytes], ...]:
    return tuple(
        (activity["id"], msgspec.json.encode(activity["definition"]))
        for activity in activities_of(properties)
        if activity.get("definition")
    )


def _with_arrays(statement: Statement | StatementObject, sent: dict[str, Any]) -> dict[str, Any]:
    """A copy of the plain statement with each single context activity in an array."""
    properties = dict(sent)
    context = statement.context
    if context is not UNSET and context.context_activities is not UNSET:
        groups = context.context_activities
        if any(isinstance(getattr(groups, name), Activity) for name in GROUPS):
            properties["context"] = {
                **sent["context"],
                "contextActivities": {
                    name: group if isinstance(group, list) else [group]
                    for name, group in sent["context"]["contextActivities"].items()
                },
            }
    thing = statement.object
    if thing is not UNSET and thing.object_type == "SubStatement":
        properties["object"] = _with_arrays(thing, sent["object"])
    return properties
