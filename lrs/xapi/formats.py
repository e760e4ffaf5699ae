"""The formats in which statements are returned, and what a client of 1.0.3 is shown
(1.0.3 part three 2.1.3; 2.0.0 4.1.6.1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec
from werkzeug.datastructures import LanguageAccept

from schemas.xapi import XapiVersion, activities_of

Format = Literal["exact", "ids", "canonical"]
Shape = Callable[[dict[str, Any]], dict[str, Any]]

_IDENTIFIERS = ("mbox", "mbox_sha1sum", "openid", "account")
_ACTIVITY_LISTS = ("choices", "scale", "source", "target", "steps")
_NEWER = (b'"contextAgents"', b'"contextGroups"', b'"version":"2.')
_plain = msgspec.json.Decoder()


def formatted(
    bodies: Iterable[bytes],
    form: Format,
    version: XapiVersion,
    languages: LanguageAccept,
    definitions: Callable[[Iterable[str]], dict[str, bytes]],
) -> list[bytes]:
    """Return the statements in a format, for a client of a version.

    `definitions` looks up what is known of activities. Statements that need no change are
    returned as they were stored, without being parsed.
    """
    shown = [_for_1_0_3(body) if version == "1.0.3" else body for body in bodies]
    if form == "exact":
        return shown
    statements = [_plain.decode(body) for body in shown]
    if form == "ids":
        return [msgspec.json.encode(_reshaped(one, _actor_ids, _id, _id)) for one in statements]
    return _canonical(statements, languages, definitions)


def _for_1_0_3(body: bytes) -> bytes:
    """The statement without what 2.0.0 added, which a client of 1.0.3 would refuse."""
    if not any(mark in body for mark in _NEWER):
        return body
    statement = _plain.decode(body)
    if str(statement.get("version", "")).startswith("2."):
        statement["version"] = "1.0.0"
    for holder in (statement, statement["object"]):
        context = holder.get("context")
        if isinstance(context, dict):
            context.pop("contextAgents", None)
            context.pop("contextGroups", None)
    return msgspec.json.encode(statement)


def _canonical(
    statements: Sequence[dict[str, Any]],
    languages: LanguageAccept,
    definitions: Callable[[Iterable[str]], dict[str, bytes]],
) -> list[bytes]:
    wanted = {activity["id"] for one in statements for activity in activities_of(one)}
    known = {iri: _plain.decode(body) for iri, body in definitions(wanted).items()}

    def one_language(texts: dict[str, str]) -> dict[str, str]:
        if len(texts) < 2:
            return texts
        tag = languages.best_match(texts.keys()) or next(iter(texts))
        return {tag: texts[tag]}

    def verb(value: dict[str, Any]) -> dict[str, Any]:
        return {**value, "display": one_language(value["display"])} if "display" in value else value

    def activity(value: dict[str, Any]) -> dict[str, Any]:
        definition = known.get(value["id"], value.get("definition"))
        if definition is None:
            return value
        shown = dict(definition)
        for name in ("name", "description"):
            if name in shown:
                shown[name] = one_language(shown[name])
        for name in _ACTIVITY_LISTS:
            if name in shown:
                shown[name] = [
                    {**part, "description": one_language(part["description"])}
                    if "description" in part
                    else part
                    for part in shown[name]
                ]
        return {**value, "definition": shown}

    return [
        msgspec.json.encode(_reshaped(one, lambda actor: actor, verb, activity))
        for one in statements
    ]


def _id(value: dict[str, Any]) -> dict[str, Any]:
    return {"id": value["id"]}


def _actor_ids(actor: dict[str, Any]) -> dict[str, Any]:
    """What identifies an Agent or a Group; a Group with no identifier is its members."""
    shown = {name: actor[name] for name in ("objectType", *_IDENTIFIERS) if name in actor}
    if "member" in actor and not any(name in actor for name in _IDENTIFIERS):
        shown["member"] = [_actor_ids(member) for member in actor["member"]]
    return shown


def _reshaped(statement: dict[str, Any], actor: Shape, verb: Shape, activity: Shape) -> Any:
    """The statement with every actor, verb and activity in it in another shape."""
    shown = {
        **statement,
        "actor": actor(statement["actor"]),
        "verb": verb(statement["verb"]),
        "object": _object(statement["object"], actor, verb, activity),
    }
    if "authority" in statement:
        shown["authority"] = actor(statement["authority"])
    if "context" in statement:
        shown["context"] = _context(statement["context"], actor, activity)
    return shown


def _object(thing: dict[str, Any], actor: Shape, verb: Shape, activity: Shape) -> Any:
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        return activity(thing)
    if kind == "SubStatement":
        return _reshaped(thing, actor, verb, activity)
    return actor(thing) if kind in ("Agent", "Group") else thing


def _context(context: dict[str, Any], actor: Shape, activity: Shape) -> dict[str, Any]:
    shown = dict(context)
    for name in ("instructor", "team"):
        if name in shown:
            shown[name] = actor(shown[name])
    for name, inner in (("contextAgents", "agent"), ("contextGroups", "group")):
        if name in shown:
            shown[name] = [{**entry, inner: actor(entry[inner])} for entry in shown[name]]
    if "contextActivities" in shown:
        shown["contextActivities"] = {
            name: [activity(one) for one in group]
            for name, group in shown["contextActivities"].items()
        }
    return shown
