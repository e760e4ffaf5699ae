"""Units and conditions as people write them, from what was read of it."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.equivalences import Equivalence
from schemas.units import AllOf, AnyOf, Condition, Group, Sequence, Unit


def written_unit(unit: Unit) -> dict[str, Any]:
    """Return a unit as plain values in the form of a units file."""
    return {**_plain(unit), "rule": written_condition(unit.rule)}


def written_equivalence(equivalence: Equivalence) -> dict[str, Any]:
    """Return an equivalence as plain values in the form of a units file."""
    return _plain(equivalence)


def written_condition(condition: Condition) -> dict[str, Any]:
    """Return a condition as a mapping whose only key names it."""
    name = str(condition.__struct_config__.tag)
    if isinstance(condition, AllOf | AnyOf | Sequence):
        return {name: [written_condition(inner) for inner in condition.of]}
    plain = _plain(condition)
    plain.pop("condition", None)
    if isinstance(condition, Group):
        plain["of"] = [written_condition(inner) for inner in condition.of]
    return {name: plain}


def _plain(value: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain
