"""What the statements about an activity tell of it, taken together (1.0.3 part two 2.4.4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_MAPS = ("name", "description", "extensions")
"""Properties whose entries add up; of the others the latest stands."""


def merge_definitions(kept: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Return the definition that is known after a statement told `told`, as plain JSON."""
    merged = {**kept, **told}
    for name in _MAPS:
        if name in kept and name in told:
            merged[name] = {**kept[name], **told[name]}
    return merged


def activities_of(statement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each activity in a statement or SubStatement, as plain JSON, wherever it stands."""
    thing = statement.get("object", {})
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        yield thing
    elif kind == "SubStatement":
        yield from activities_of(thing)
    groups = statement.get("context", {}).get("contextActivities", {})
    for group in groups.values():
        yield from group if isinstance(group, list) else [group]
