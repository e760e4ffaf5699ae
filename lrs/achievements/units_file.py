"""Units as people write them: a YAML file, read whole or refused with all that is wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from marshmallow import ValidationError

from lrs.achievements.located_yaml import Located, Step, YamlError, read_located
from lrs.achievements.unit_schema import UnitsFileSchema
from schemas.equivalences import Equivalence
from schemas.units import Unit

MOST_ERRORS = 100
"""Errors that are told at once."""

Path = tuple[Step, ...]


class UnitsFileError(ValueError):
    """A units file is refused; `errors` are lines of `file:line: field: rule`, in order."""

    def __init__(self, errors: Sequence[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = tuple(errors)


class UnitsFile(NamedTuple):
    """What a file says, in its order, and where it says it."""

    name: str
    units: tuple[Unit, ...]
    equivalences: tuple[Equivalence, ...]
    located: Located

    def lines(self, wrong: Sequence[tuple[Path, str]]) -> list[str]:
        """Return what is wrong as lines of `file:line: field: rule`, in order."""
        return _lines(self.name, self.located, wrong)


def read_units(text: str, name: str) -> list[Unit]:
    """Return the units in the text of a YAML file, as `read_units_file` does."""
    return list(read_units_file(text, name).units)


def read_units_file(text: str, name: str) -> UnitsFile:
    """Return the units and equivalences in the text of a YAML file (docs/units.md).

    `name` is the file's in errors. Raises UnitsFileError with everything that is wrong, but what
    is wrong between units only where each is right by itself.
    """
    try:
        located = read_located(text)
    except YamlError as error:
        raise UnitsFileError([f"{name}:{error.line}: {error.rule}"]) from error
    try:
        read = UnitsFileSchema().load(located.value)
    except ValidationError as error:
        wrong = list(_flat(error.messages, (), located.value))
        raise UnitsFileError(_lines(name, located, wrong)) from error
    found = UnitsFile(name, tuple(read["units"]), tuple(read["equivalences"]), located)
    wrong = [
        *_taken_twice("units", found.units),
        *_taken_twice("equivalences", found.equivalences),
    ]
    if wrong:
        raise UnitsFileError(found.lines(wrong))
    return found


def _taken_twice(key: str, given: Sequence[Unit | Equivalence]) -> Iterator[tuple[Path, str]]:
    seen = set()
    for index, one in enumerate(given):
        if (one.code, one.version) in seen:
            yield (
                (key, index, "version"),
                f"stands twice with the code {one.code!r}: give it the next version or remove it",
            )
        seen.add((one.code, one.version))


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
