"""Makes the client from the OpenAPI description, for `make client`."""

from __future__ import annotations

import keyword
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lrs.app import create_app
from lrs.settings import Settings

TARGET = Path(__file__).with_name("generated.py")
METHODS = ("get", "put", "post", "patch", "delete")

HEAD = '''"""A typed client of the REST API. Made by `make client`; changes here are lost."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict, cast
from urllib.parse import quote

import requests

TIMEOUT = 30


class ApiError(Exception):
    """An answer other than success: a problem (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail', '')}")
        self.status = status
        self.problem = problem

'''

CLIENT = '''
class LrsClient:
    """The API at `base` (such as https://lrs.example), by key and secret or an access token."""

    def __init__(
        self,
        base: str,
        *,
        key: str = "",
        secret: str = "",
        token: str = "",
        session: requests.Session | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self._session = session or requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"
        elif key:
            self._session.auth = (key, secret)

    def _send(self, method: str, path: str, query: dict[str, Any], body: Any = None) -> Any:
        answer = self._session.request(
            method,
            self._base + path,
            params={name: value for name, value in query.items() if value is not None},
            json=body,
            timeout=TIMEOUT,
        )
        kind = answer.headers.get("Content-Type", "")
        is_json = answer.content and "json" in kind and "ndjson" not in kind
        content = answer.json() if is_json else answer.content
        if answer.status_code >= 400:
            raise ApiError(answer.status_code, content if isinstance(content, dict) else {})
        return content
'''


def description() -> dict[str, Any]:
    """Return the OpenAPI description of an application of our own."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings(data=Path(folder), public_url="http://localhost"))
        described: dict[str, Any] = app.test_client().get("/api/v1/openapi.json").get_json()
        app.extensions["lrs"].close()
    return described


def generated(described: Mapping[str, Any]) -> str:
    """Return the client's module for a description."""
    lines = [HEAD]
    for name, schema in sorted(described["components"]["schemas"].items()):
        lines += _typed_dict(name, schema)
    lines.append(CLIENT)
    for path, operations in sorted(described["paths"].items()):
        for method in METHODS:
            if method in operations:
                shared = operations.get("parameters", [])
                lines += _method(path, method, operations[method], shared)
    return "\n".join(lines)


def _typed_dict(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    required = set(schema.get("required", ()))
    # Quoted: a shape may name another that comes later.
    fields = [
        f"    {key!r}: {(kind if key in required else f'NotRequired[{kind}]')!r},"
        for key, kind in (
            (key, _type(one)) for key, one in sorted(schema.get("properties", {}).items())
        )
    ]
    yield f"{_class(name)} = TypedDict({_class(name)!r}, {{"
    yield from fields
    yield "})\n"


def _method(
    path: str, method: str, operation: Mapping[str, Any], shared: list[dict[str, Any]]
) -> Iterator[str]:
    parameters = [one for one in (*shared, *operation.get("parameters", ())) if "$ref" not in one]
    places = [one for one in parameters if one["in"] == "path"]
    query = [one for one in parameters if one["in"] == "query"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    arguments = ["self", *(f"{_name(one['name'])}: {_type(one['schema'])}" for one in places)]
    if body is not None:
        arguments.append(f"body: {_type(body['schema'])}")
    if query:
        arguments.append("*")
    for one in sorted(query, key=lambda one: not one.get("required", False)):
        kind = _type(one["schema"])
        kind = kind.removesuffix(" | None")
        optional = "" if one.get("required") else " | None = None"
        arguments.append(f"{_name(one['name'])}: {kind}{optional}")
    answer = _answer(operation)
    address = re.sub(r"{(\w+)}", lambda found: f"{{quote(str({_name(found[1])}), safe='')}}", path)
    given = ", ".join(f"{one['name']!r}: {_name(one['name'])}" for one in query)
    sent = ", body" if body is not None else ""
    call = f"self._send({method.upper()!r}, f{address!r}, {{{given}}}{sent})"
    yield f"    def {_operation_name(path, method)}({', '.join(arguments)}) -> {answer}:"
    yield f'        """{operation.get("summary", path)}"""'
    yield f"        {call}" if answer == "None" else f"        return cast({answer!r}, {call})"
    yield ""


def _answer(operation: Mapping[str, Any]) -> str:
    for status, answer in sorted(operation["responses"].items()):
        if status.startswith("2"):
            content = answer.get("content", {})
            if "application/json" in content:
                return _type(content["application/json"].get("schema", {}))
            return "bytes" if content else "None"
    return "None"


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return _class(schema["$ref"].rpartition("/")[2])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_plain({**schema, "type": one}) for one in kind)
    return _plain(schema)


def _plain(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if kind == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    plain = {
        "string": "str",
        "integer": "int",
        "number": "float",
        "boolean": "bool",
        "null": "None",
        "object": "dict[str, Any]",
    }
    return plain.get(str(kind), "Any")


def _class(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _name(name: str) -> str:
    plain = re.sub(r"\W", "_", name)
    return f"{plain}_" if keyword.iskeyword(plain) or plain in ("self", "body") else plain


def _operation_name(path: str, method: str) -> str:
    words = re.sub(r"\W+", "_", path.removeprefix("/api/v1/")).strip("_")
    return f"{method}_{words}"


if __name__ == "__main__":
    TARGET.write_text(generated(description()), "utf-8")
