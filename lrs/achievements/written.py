"""Conditions as people write them, from what was read of it."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.units import AllOf, AnyOf, Condition, Group, Sequence


def written_condition(condition: Condition) -> dict[str, Any]:
    """Return a condition as a mapping whose only key names it, in the form of a units file."""
    name = str(condition.__struct_config__.tag)
    if isinstance(condition, AllOf | AnyOf | Sequence):
        return {name: [written_condition(inner) for inner in condition.of]}
    plain: dict[str, Any] = msgspec.to_builtins(condition)
    plain.pop("condition", None)
    if isinstance(condition, Group):
        plain["of"] = [written_condition(inner) for inner in condition.of]
    return {name: plain}
