"""A small and safe part of YAML 1.2, read so that every value keeps the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import yaml

MOST_CHARACTERS = 256 * 1024
DEEPEST = 40

Step = str | int
"""A key or an index on the way to a value."""


class YamlError(ValueError):
    """The text is not YAML that is read here; `line` counts from 1."""

    def __init__(self, line: int, rule: str) -> None:
        super().__init__(f"line {line}: {rule}")
        self.line = line
        self.rule = rule


class _Composer(yaml.SafeLoader):
    """Refuses what makes YAML costly or surprising before any value is made of it."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(line, "anchors (&) and aliases (*) are not read: write the value out")
        if getattr(event, "tag", None):
            raise YamlError(line, "tags (!) are not read: remove it, and quote what is text")
        self.depth += 1
        if self.depth > DEEPEST:
            raise YamlError(line, f"is nested more than {DEEPEST} deep: make the rule flatter")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


# The core schema of YAML 1.2 (10.3.2) in decimal: `no` and `2026-03-01` are text.
for _tag, _pattern, _first in (
    ("null", r"null|~|", ["n", "~", ""]),
    ("bool", r"true|false", ["t", "f"]),
    ("int", r"-?(?:0|[1-9]\d{0,14})", list("-0123456789")),
    ("float", r"-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?(?:e[-+]?\d{1,2})?", list("-0123456789")),
):
    _Composer.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z", re.ASCII), _first
    )

_VALUES: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text == "true",
    "int": int,
    "float": float,
}


class Located:
    """A document: its plain `value`, and the line of every part of it."""

    def __init__(self, node: yaml.Node) -> None:
        self._node = node
        self.value = _plain(node)

    def line_of(self, path: Sequence[Step]) -> int:
        """Return the line of a value's key, of the value, or of what it is missing in."""
        node, mark = self._node, self._node.start_mark
        for step in path:
            if isinstance(node, yaml.MappingNode):
                found = next(((k, v) for k, v in node.value if k.value == step), None)
                if found is None:
                    break
                mark, node = found[0].start_mark, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                node = node.value[step]
                mark = node.start_mark
            else:
                break
        return int(mark.line) + 1


def read_located(text: str) -> Located:
    """Return the one document in `text`: mappings, lists, text, numbers, true, false and null.

    Raises YamlError: for what is not YAML, is too large or too deep, for anchors, aliases, tags,
    keys that are not text or stand twice.
    """
    if len(text) > MOST_CHARACTERS:
        raise YamlError(1, f"has more than {MOST_CHARACTERS} characters: divide the file")
    try:
        composer = _Composer(text)
        try:
            node = composer.get_single_node()
        finally:
            composer.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        told = ", ".join(filter(None, (error.context, error.problem)))
        raise YamlError(line, f"is not YAML: {told}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"is not YAML: {error.reason}") from error
    if node is None:
        raise YamlError(1, "is empty: write `units:` and a list of units")
    return Located(node)


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        value: dict[str, Any] = {}
        for key, inner in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError(line, "a key must be text")
            if key.value in value:
                raise YamlError(line, f"the key {key.value!r} stands twice: remove one of them")
            value[key.value] = _plain(inner)
        return value
    if isinstance(node, yaml.SequenceNode):
        return [_plain(inner) for inner in node.value]
    convert = _VALUES.get(node.tag.rpartition(":")[2], str)
    return convert(node.value)
