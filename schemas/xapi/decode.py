"""From bytes to statements, with errors that name index, path and rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas.xapi.actors import check_actor
from schemas.xapi.errors import RuleBroken, StatementError
from schemas.xapi.model import Actor, Statement
from schemas.xapi.rules import check_statement
from schemas.xapi.versions import XapiVersion

DEPTH_LIMIT = 64
"""Arrays and objects within each other at the most; xAPI itself needs 9."""

_raw_batch = msgspec.json.Decoder(list[msgspec.Raw])
_typed = msgspec.json.Decoder(Statement)
_actor = msgspec.json.Decoder(Actor)
_plain = msgspec.json.Decoder()
_AT = re.compile(r" - at `(?P<path>[^`]+)`\Z")
_TOO_DEEP = f"must not nest deeper than {DEPTH_LIMIT} arrays and objects"
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},:]', re.S)


@dataclass(frozen=True, slots=True)
class Received:
    """A valid statement: typed, and as the plain JSON that was sent."""

    statement: Statement
    properties: dict[str, Any]


def decode_statements(body: bytes, version: XapiVersion) -> tuple[list[Received], bool]:
    """Return the statements of a request's body, and whether it was a single one (no array).

    Raises StatementError for the first that is not valid, and where two have the same id.
    """
    if body.lstrip(b" \t\r\n")[:1] != b"[":
        return [_decode(body, version, 0)], True
    try:
        raws = _raw_batch.decode(body)
    except RecursionError:
        _check_depth(body, None)
        raise StatementError(None, "$", _TOO_DEEP) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StatementError(None, "$", _not_json(error)) from None
    received = [_decode(raw, version, index) for index, raw in enumerate(raws)]
    _check_distinct(received)
    return received, False


def decode_statement(body: bytes, version: XapiVersion) -> Received:
    """Return the one statement that the body is. Raises StatementError."""
    received, single = decode_statements(body, version)
    if not single:
        raise StatementError(None, "$", "must be one statement, is an array")
    return received[0]


def decode_actor(body: bytes) -> Actor:
    """Return the Agent or Group that the body is. Raises StatementError."""
    _check_depth(body, 0)
    try:
        actor = _actor.decode(body)
        check_actor(actor, "$")
    except msgspec.ValidationError as error:
        raise StatementError(None, *_shape_error(error)) from None
    except RuleBroken as error:
        raise StatementError(None, error.path, error.rule) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StatementError(None, "$", _not_json(error)) from None
    return actor


def read_statement(stored: bytes) -> Statement:
    """Return a statement that was stored, so that its rules need no second look."""
    return _typed.decode(stored)


def _decode(raw: bytes | msgspec.Raw, version: XapiVersion, index: int) -> Received:
    _check_depth(bytes(raw), index)
    try:
        statement = _typed.decode(raw)
        check_statement(statement, version)
        return Received(statement, _plain.decode(raw))
    except msgspec.ValidationError as error:
        path, rule = _shape_error(error)
        raise StatementError(index, path, rule) from None
    except RuleBroken as error:
        raise StatementError(index, error.path, error.rule) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StatementError(index, "$", _not_json(error)) from None


def _check_distinct(received: list[Received]) -> None:
    seen: dict[str, int] = {}
    for index, one in enumerate(received):
        sent = one.properties.get("id")
        if sent is None:
            continue
        first = seen.setdefault(sent.lower(), index)
        if first != index:
            raise StatementError(index, "$.id", f"is the id of statement {first} too")


def _shape_error(error: msgspec.ValidationError) -> tuple[str, str]:
    """Take msgspec's message apart: `Expected `str`, got `int` - at `$.actor.mbox``."""
    text = str(error)
    match = _AT.search(text)
    path = match["path"] if match else "$"
    rule = text[: match.start()] if match else text
    unknown = re.search(r"unknown field `(.*)`", rule)
    if unknown:
        return f"{path}.{unknown[1]}", "is no property that xAPI knows here"
    missing = re.search(r"missing required field `(.*)`", rule)
    if missing:
        return f"{path}.{missing[1]}", "must be there"
    return path, rule


def _not_json(error: Exception) -> str:
    return f"must be JSON in UTF-8: {error}"


def _check_depth(body: bytes, index: int | None) -> None:
    """Refuse deep nesting before a recursive decoder meets it, and say where it is.

    `body` is the statement at `index`, or a whole batch where that is None.
    """
    if body.count(b"[") + body.count(b"{") <= DEPTH_LIMIT:
        return
    trail = _way_to_depth(body, DEPTH_LIMIT + (index is None))
    if not trail:
        return
    if index is None:
        index = int(trail.pop(0))
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in trail[:6])
    raise StatementError(index, "$" + "".join(steps) + "…", _TOO_DEEP)


def _way_to_depth(body: bytes, limit: int) -> list[str | int]:
    """Return the keys and indexes on the way to the first place deeper than `limit`, if any."""
    trail: list[str | int] = []
    key = b""
    for match in _TOKEN.finditer(body):
        token = match[0]
        if token in b"{[":
            trail.append("" if token == b"{" else 0)
            if len(trail) > limit:
                return trail
        elif token in b"}]":
            del trail[-1:]
        elif token in b",:":
            if trail and isinstance(trail[-1], int):
                trail[-1] += token == b","
            elif trail and token == b":":
                trail[-1] = key.decode("utf-8", "replace")[:40]
        else:
            key = token[1:-1]
    return []
