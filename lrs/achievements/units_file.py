"""Units as people write them: a YAML file, read whole or refused with all that is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import ValidationError

from lrs.achievements.located_yaml import Located, Step, YamlError, read_located
from lrs.achievements.unit_schema import UnitsFileSchema
from schemas.units import AllOf, AnyOf, Condition, Group, LeafCondition, Unit

MOST_ERRORS = 100
"""Errors that are told at once."""

Path = tuple[Step, ...]


class UnitsFileError(ValueError):
    """A units file is refused; `errors` are lines of `file:line: field: rule`, in order."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


def read_units(text: str, name: str) -> list[Unit]:
    """Return the units in the text of a YAML file, in its order (docs/units.md).

    `name` is the file's in errors. Raises UnitsFileError with everything that is wrong, but what
    is wrong between units only where each is right by itself.
    """
    try:
        located = read_located(text)
    except YamlError as error:
        raise UnitsFileError([f"{name}:{error.line}: {error.rule}"]) from error
    try:
        units: list[Unit] = UnitsFileSchema().load(located.value)["units"]
    except ValidationError as error:
        wrong = list(_flat(error.messages, (), located.value))
        raise UnitsFileError(_lines(name, located, wrong)) from error
    wrong = [*_taken_twice(units), *_widened(units)]
    if wrong:
        raise UnitsFileError(_lines(name, located, wrong))
    return units


def _taken_twice(units: Sequence[Unit]) -> Iterator[tuple[Path, str]]:
    seen = set()
    for index, unit in enumerate(units):
        if (unit.code, unit.version) in seen:
            yield (
                ("units", index, "version"),
                f"stands twice with the code {unit.code!r}: give it the next version or remove it",
            )
        seen.add((unit.code, unit.version))


def _widened(units: Sequence[Unit]) -> Iterator[tuple[Path, str]]:
    for index, unit in enumerate(units):
        for path, leaf in _leaves(unit.rule, ("units", index, "rule")):
            more = sorted(set(leaf.provenance or ()) - set(unit.provenance))
            if more:
                yield (
                    (*path, "provenance"),
                    f"must only narrow what the unit accepts ({', '.join(unit.provenance)}), "
                    f"has {', '.join(more)}: remove it, or add it to the unit's provenance",
                )


def _leaves(condition: Condition, path: Path) -> Iterator[tuple[Path, LeafCondition]]:
    """Yield the conditions on evidence, each with its path in the file."""
    below = (*path, str(condition.__struct_config__.tag))
    if isinstance(condition, Group):
        within = below if isinstance(condition, AllOf | AnyOf) else (*below, "of")
        for index, inner in enumerate(condition.of):
            yield from _leaves(inner, (*within, index))
    else:
        yield below, condition


def _flat(messages: Any, path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    """Yield each of marshmallow's messages with the path of the value that it is about.

    They nest as the values do, but for `_schema`, and `key` and `value` below a key of a Dict.
    """
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            is_item = isinstance(value, list) and isinstance(step, int)
            if is_item or (isinstance(value, dict) and step in value):
                yield from _flat(inner, (*path, step), value[step])
            elif step in ("_schema", "key", "value") or not isinstance(value, dict):
                yield from _flat(inner, path, value)
            else:
                yield from _flat(inner, (*path, step), None)
    else:
        for message in messages:
            yield path, message


def _lines(name: str, located: Located, wrong: Sequence[tuple[Path, str]]) -> list[str]:
    told = sorted({(located.line_of(path), _dotted(path), rule) for path, rule in wrong})
    lines = [f"{name}:{line}: {f'{path}: ' if path else ''}{rule}" for line, path, rule in told]
    if len(lines) > MOST_ERRORS:
        more = f"{name}: {len(lines) - MOST_ERRORS} more errors are not shown: correct these first"
        return [*lines[:MOST_ERRORS], more]
    return lines


def _dotted(path: Path) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")
