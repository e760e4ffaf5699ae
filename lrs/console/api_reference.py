"""The pages that describe `/api/v1` and let requests be tried, made from its description."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from flask import current_app, render_template
from flask.typing import ResponseReturnValue

from lrs.console.frame import Pages
from lrs.problems import Problem

DEEPEST = 6
"""How deep an example of a body goes into what is nested."""

_SAMPLES = {
    "date": "2026-03-01",
    "date-time": "2026-03-01T08:00:00+08:00",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.org/",
    "url": "https://example.org/",
}


class Noun(msgspec.Struct, frozen=True):
    """A noun of the API, and how many operations it has."""

    name: str
    description: str
    count: int


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter (`place` is path or query), or a field of a form; `choices` where there are no
    others, `pattern` what it looks like in a word.
    """

    name: str
    place: str
    required: bool
    description: str
    kind: str
    default: str
    choices: tuple[str, ...]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What can be asked: a body of one `media` type with an `example`, or a form of `parts`."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    media: str | None
    example: str
    parts: tuple[Field, ...]
    answers: tuple[tuple[str, str, str], ...]
    """Each status with its description and the media types of its content."""


def install(pages: Pages) -> None:
    """Add the pages, for everybody: what may be asked is no secret."""

    @functools.cache
    def description() -> dict[str, Any]:
        [api] = current_app.extensions["flask-smorest"]["apis"].values()
        found: dict[str, Any] = json.loads(json.dumps(api["ext_obj"].spec.to_dict(), default=str))
        return found

    @pages.public("/api-reference")
    def api_reference() -> ResponseReturnValue:
        return render_template("api_reference.html", nouns=nouns(description()))

    @pages.public("/api-reference/<noun>")
    def api_reference_noun(noun: str) -> ResponseReturnValue:
        asked = [one for one in nouns(description()) if one.name == noun]
        if not asked:
            raise Problem(404, "There is nothing at this address.")
        return render_template(
            "api_reference_noun.html",
            noun=asked[0],
            operations=list(operations(description(), noun)),
        )


def nouns(description: Mapping[str, Any]) -> list[Noun]:
    """Return the nouns (tags) of an OpenAPI description in its order."""
    counts: dict[str, int] = {}
    for _path, _method, operation in _all(description):
        for tag in operation["tags"]:
            counts[tag] = counts.get(tag, 0) + 1
    return [
        Noun(tag["name"], tag.get("description", ""), counts[tag["name"]])
        for tag in description["tags"]
        if tag["name"] in counts
    ]


def operations(description: Mapping[str, Any], noun: str) -> Iterator[Operation]:
    """Yield the operations of a noun of an OpenAPI 3.1 description, in its order."""
    for path, method, operation in _all(description):
        if noun not in operation["tags"]:
            continue
        content = operation.get("requestBody", {}).get("content", {})
        media = next(iter(content), None)
        schema = _resolved(description, content[media].get("schema", {})) if media else {}
        form = media == "multipart/form-data"
        yield Operation(
            id=re.sub(r"[^a-z0-9]+", "-", f"{method} {path}".lower()).strip("-"),
            method=method.upper(),
            path=path,
            summary=operation.get("summary", ""),
            description=operation.get("description", ""),
            fields=tuple(
                _field(description, one["name"], one["in"], one["schema"], one)
                for one in operation.get("parameters", ())
            ),
            media=media,
            example=_written(description, media, schema) if media and not form else "",
            parts=tuple(_parts(description, schema)) if form else (),
            answers=tuple(
                _answer(description, status, one)
                for status, one in sorted(operation["responses"].items())
            ),
        )


def example(description: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """Return a value that a schema may take, with its required properties, to begin with."""
    schema = _resolved(description, schema)
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else kinds[0]
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = schema.get("required", list(properties)) if depth < DEEPEST else []
        return {
            name: example(description, properties[name], depth + 1)
            for name in wanted
            if name in properties and not properties[name].get("readOnly")
        }
    if kind == "array":
        return [example(description, schema.get("items", {}), depth + 1)] if depth < DEEPEST else []
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    return _SAMPLES.get(schema.get("format", ""), "")


def _all(description: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, methods in description["paths"].items():
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if isinstance(operation, dict) and "responses" in operation:
                own = [*shared, *operation.get("parameters", [])]
                yield path, method, {**operation, "parameters": own}


def _resolved(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow `$ref` and what may be null to the schema that says more."""
    while True:
        if "$ref" in schema:
            found: Any = description
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        elif "anyOf" in schema or "allOf" in schema or "oneOf" in schema:
            options = schema.get("anyOf") or schema.get("allOf") or schema.get("oneOf") or []
            schema = next((one for one in options if one.get("type") != "null"), {})
        else:
            return schema


def _field(
    description: Mapping[str, Any],
    name: str,
    place: str,
    schema: Mapping[str, Any],
    told: Mapping[str, Any],
) -> Field:
    schema = _resolved(description, schema)
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    default = schema.get("default")
    return Field(
        name=name,
        place=place,
        required=bool(told.get("required")),
        description=told.get("description") or schema.get("description", ""),
        kind=schema.get("format", kind),
        default="" if default is None else json.dumps(default).strip('"'),
        choices=tuple(str(one) for one in schema.get("enum", ()) if one is not None),
    )


def _parts(description: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        yield _field(description, name, "form", one, {"required": name in required})


def _written(description: Mapping[str, Any], media: str, schema: Mapping[str, Any]) -> str:
    if media != "application/json":
        return ""
    return json.dumps(example(description, schema), ensure_ascii=False, indent=2)


def _answer(
    description: Mapping[str, Any], status: str, answer: Mapping[str, Any]
) -> tuple[str, str, str]:
    answer = _resolved(description, answer)
    return status, answer.get("description", ""), ", ".join(answer.get("content", {}))
