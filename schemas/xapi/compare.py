"""When two statements are the same (1.0.3 part two 2.3.1: immutability and its exceptions)."""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import Any

from schemas.xapi.syntax import parse_timestamp

_SET_BY_LRS = {"id", "stored", "authority", "version"}
_NOT_COMPARED_IN = {
    "actor": {"name"},
    "verb": {"display"},
    "activity": {"definition"},
    "attachment": {"display", "description", "fileUrl"},
}
_PARTS = re.compile(r"(\d+(?:\.\d+)?)([A-Z])|(T)")


def same_statement(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two statements, as plain JSON, say the same.

    Left aside: what the LRS sets, names and descriptions that may change with time, the order of
    members and of context activities, default object types, how a time or duration is written. A
    timestamp counts only where both have one.
    """
    left, right = _statement(one), _statement(other)
    if "timestamp" not in one or "timestamp" not in other:
        left.pop("timestamp", None)
        right.pop("timestamp", None)
    return left == right


def _statement(statement: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in statement.items() if name not in _SET_BY_LRS}
    for name in ("actor", "object"):
        if isinstance(plain.get(name), dict):
            plain[name] = _thing(plain[name], "Agent" if name == "actor" else "Activity")
    if isinstance(plain.get("verb"), dict):
        plain["verb"] = _without(plain["verb"], "verb")
    if isinstance(plain.get("context"), dict):
        plain["context"] = _context(plain["context"])
    result = plain.get("result")
    if isinstance(result, dict) and isinstance(result.get("duration"), str):
        plain["result"] = {**result, "duration": duration_parts(result["duration"])}
    if isinstance(plain.get("timestamp"), str):
        plain["timestamp"] = _instant(plain["timestamp"])
    if isinstance(plain.get("attachments"), list):
        plain["attachments"] = _sorted([_without(a, "attachment") for a in plain["attachments"]])
    return plain


def _thing(thing: dict[str, Any], default: str) -> dict[str, Any]:
    kind = thing.get("objectType", default)
    if kind == "SubStatement":
        return {**_statement(thing), "objectType": kind}
    if kind == "Activity":
        return {**_without(thing, "activity"), "objectType": kind}
    if kind in ("Agent", "Group"):
        plain = {**_without(thing, "actor"), "objectType": kind}
        if isinstance(plain.get("mbox_sha1sum"), str):
            plain["mbox_sha1sum"] = plain["mbox_sha1sum"].lower()
        if isinstance(plain.get("member"), list):
            plain["member"] = _sorted([_thing(member, "Agent") for member in plain["member"]])
        return plain
    return {**thing, "id": str(thing.get("id")).lower()}


def _context(context: dict[str, Any]) -> dict[str, Any]:
    plain = dict(context)
    for name in ("instructor", "team"):
        if isinstance(plain.get(name), dict):
            plain[name] = _thing(plain[name], "Agent")
    if isinstance(plain.get("registration"), str):
        plain["registration"] = plain["registration"].lower()
    if isinstance(plain.get("statement"), dict):
        plain["statement"] = _thing(plain["statement"], "StatementRef")
    for name, inner in (("contextAgents", "agent"), ("contextGroups", "group")):
        if isinstance(plain.get(name), list):
            plain[name] = [{**one, inner: _thing(one[inner], "Agent")} for one in plain[name]]
    groups = plain.get("contextActivities")
    if isinstance(groups, dict):
        plain["contextActivities"] = {
            name: _sorted(
                [_thing(a, "Activity") for a in (group if isinstance(group, list) else [group])]
            )
            for name, group in groups.items()
        }
    return plain


def _without(value: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: inner for name, inner in value.items() if name not in _NOT_COMPARED_IN[kind]}


def _sorted(values: list[Any]) -> list[Any]:
    return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def _instant(text: str) -> float | str:
    moment = parse_timestamp(text)
    if moment is None:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def duration_parts(text: str) -> tuple[tuple[str, float], ...] | str:
    """Return a duration's parts, to 0.01 s (2.0.0 4.2.7); months and minutes kept apart."""
    parts, in_time = [], False
    for number, unit, mark in _PARTS.findall(text):
        in_time = in_time or bool(mark)
        if number and float(number):
            figure = float(number)
            parts.append(
                (
                    f"T{unit}" if in_time else unit,
                    int(figure * 100) / 100 if unit == "S" else figure,
                )
            )
    return tuple(parts)
