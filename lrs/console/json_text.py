"""JSON as indented text in pieces, each with the class by which a page colours it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

Kind = Literal["k", "s", "n", "l", ""]
"""A key, a string, a number, a literal (true, false, null), or what stands between them."""


class Token(NamedTuple):
    """A piece of the text."""

    kind: Kind
    text: str


def tokens_of(value: Any, indent: str = "") -> Iterator[Token]:
    """Yield the pieces of a JSON value; together they are the value as indented JSON."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        yield Token("", "{")
        for number, (key, member) in enumerate(value.items()):
            yield Token("", f"{',' if number else ''}\n{inner}")
            yield Token("k", json.dumps(key, ensure_ascii=False))
            yield Token("", ": ")
            yield from tokens_of(member, inner)
        yield Token("", f"\n{indent}}}")
    elif isinstance(value, list) and value:
        yield Token("", "[")
        for number, member in enumerate(value):
            yield Token("", f"{',' if number else ''}\n{inner}")
            yield from tokens_of(member, inner)
        yield Token("", f"\n{indent}]")
    else:
        yield Token(_kind(value), json.dumps(value, ensure_ascii=False))


def _kind(value: Any) -> Kind:
    if isinstance(value, str):
        return "s"
    if isinstance(value, bool) or value is None:
        return "l"
    return "n" if isinstance(value, int | float) else ""
