"""Which personas are merged into which, in MongoDB."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from lrs.store.mongo.database import Snapshot


def roots_of(read: Snapshot, personas: Collection[str]) -> dict[str, str]:
    """Return who each of the personas is merged into at last, or itself."""
    roots = {one: one for one in personas}
    while merged := _merged(read, roots.values()):
        roots = {one: merged.get(root, root) for one, root in roots.items()}
    return roots


def parts_of(read: Snapshot, personas: Collection[str]) -> dict[str, list[str]]:
    """Return each of the personas with all that are merged into it, itself first."""
    merged: dict[str, list[str]] = defaultdict(list)
    seen: set[str] = set()
    waiting = set(personas)
    while waiting:
        seen |= waiting
        into_them = {"merged_into": {"$in": sorted(waiting)}}
        for found in read["persona"].find(into_them, {"merged_into": 1}):
            merged[found["merged_into"]].append(found["_id"])
        waiting = {one for into in waiting for one in merged.get(into, ())} - seen
    return {one: _parts(merged, one) for one in personas}


def _merged(read: Snapshot, personas: Collection[str]) -> dict[str, str]:
    where = {"_id": {"$in": sorted(set(personas))}, "merged_into": {"$ne": None}}
    return {
        one["_id"]: one["merged_into"] for one in read["persona"].find(where, {"merged_into": 1})
    }


def _parts(merged: Mapping[str, Sequence[str]], persona: str) -> list[str]:
    parts = [persona]
    for part in parts:
        parts += merged.get(part, ())
    return parts
