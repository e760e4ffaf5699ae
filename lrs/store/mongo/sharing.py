"""What each organisation sees, kept with every change of what it is made from, in MongoDB.

A `view` is what an organisation may see of a persona: the employment and the consent it is made
from, the `level` where both are live, and on which day (`due`) that may change by itself. `shared`
has what is seen of each achievement, or that it is `gone`; a change gives it another seq. Each lane
adds to documents of its own in `shared_sum`, as in `figures`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec
from pymongo import IndexModel, ReplaceOne, UpdateOne

from lrs.store.mongo.database import Transaction
from lrs.store.mongo.queries import name_of
from lrs.store.sharing import Shown, shown
from schemas.achievements import Achievement
from schemas.organisations import Consent, Employment, live, next_change

INDEXES = {
    "view": [
        IndexModel([("organisation", 1), ("persona", 1)]),
        IndexModel([("persona", 1), ("organisation", 1)]),
        IndexModel([("due", 1)], partialFilterExpression={"due": {"$exists": True}}),
    ],
    "shared": [
        IndexModel([("organisation", 1), ("seq", 1)]),
        IndexModel([("organisation", 1), ("persona", 1), ("seq", 1)]),
        IndexModel([("organisation", 1), ("unit", 1), ("seq", 1)]),
        IndexModel([("organisation", 1), ("department", 1), ("seq", 1)]),
    ],
    "shared_sum": [
        IndexModel(
            [("organisation", 1), ("unit", 1), ("department", 1), ("month", 1), ("state", 1)]
        )
    ],
}

View = dict[str, Any]

_NOTHING: Mapping[str, Any] = dict.fromkeys(("unit", "state", "achieved", "employee"), "") | {
    "department": "",
    "version": 0,
    "score": None,
}
"""What a tombstone tells."""

_achievement = msgspec.json.Decoder(Achievement).decode


def share(tx: Transaction, achievement: Achievement) -> None:
    """Show a changed achievement to every organisation that sees the persona."""
    _guard(tx, [achievement.persona])
    for view in list(tx["view"].find({"persona": achievement.persona, "level": {"$ne": None}})):
        _show(tx, view["organisation"], {achievement.id: _shown(achievement, view)})


def views_of(tx: Transaction, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], View]:
    """Return the view of each organisation and persona, an empty one where there is none."""
    views = {key: _empty(*key) for key in keys}
    names = [view["_id"] for view in views.values()]
    for found in tx["view"].find({"_id": {"$in": names}}):
        views[found["organisation"], found["persona"]] = found
    return views


def refresh(tx: Transaction, views: Sequence[View], today: date) -> None:
    """Write views with another employment or consent, and what follows from it."""
    if not views:
        return
    personas = sorted({view["persona"] for view in views})
    _guard(tx, personas)
    for view in views:
        _settle(view, today)
    tx["view"].bulk_write([ReplaceOne({"_id": view["_id"]}, view, upsert=True) for view in views])
    achievements: dict[str, list[Achievement]] = defaultdict(list)
    seen = [view["persona"] for view in views if view["level"] is not None]
    for found in tx["achievement"].find({"persona": {"$in": seen}}, {"persona": 1, "body": 1}):
        achievements[found["persona"]].append(_achievement(found["body"]))
    changes: dict[str, dict[str, Shown | None]] = defaultdict(dict)
    for view in views:
        organisation, persona = view["organisation"], view["persona"]
        if view["level"] is None:
            changes[organisation] |= _hidden(tx, organisation, persona)
        else:
            changes[organisation] |= {one.id: _shown(one, view) for one in achievements[persona]}
    for organisation, change in changes.items():
        _show(tx, organisation, change)


def forget(tx: Transaction, persona: str) -> None:
    """Let no organisation see anything of a persona that is erased, nor keep who it was."""
    _guard(tx, [persona])
    for view in list(tx["view"].find({"persona": persona}, {"organisation": 1})):
        organisation = view["organisation"]
        _show(tx, organisation, _hidden(tx, organisation, persona))
        tx["shared"].update_many(
            {"organisation": organisation, "persona": persona}, {"$set": {"persona": ""}}
        )
    tx["view"].delete_many({"persona": persona})
    tx["guard"].delete_one({"_id": _guarded(persona)})


def _guard(tx: Transaction, personas: Sequence[str]) -> None:
    """Conflict with what else changes what is seen of the personas: an achievement that is
    written reads the views, a view that is written reads the achievements.
    """
    tx.guard(*(_guarded(persona) for persona in personas))


def _guarded(persona: str) -> str:
    return f"sharing:{persona}"


def _empty(organisation: str, persona: str) -> View:
    return {
        "_id": name_of(organisation, persona),
        "organisation": organisation,
        "persona": persona,
        "employment": None,
        "consent": None,
    }


def _settle(view: View, today: date) -> None:
    """Tell what may be seen on the day, and until which one."""
    employment = _read(view["employment"], Employment)
    consent = _read(view["consent"], Consent)
    view["level"] = consent.level if consent and live(employment, consent, today) else None
    view.pop("due", None)
    if (day := next_change(employment, consent, today)) is not None:
        view["due"] = day.isoformat()


def _read(found: Any, kind: type[msgspec.Struct]) -> Any:
    return None if found is None else msgspec.convert(found, kind)


def _shown(achievement: Achievement, view: View) -> Shown | None:
    employment = view["employment"]
    return shown(achievement, employment["employee"], employment["department"])


def _hidden(tx: Transaction, organisation: str, persona: str) -> dict[str, Shown | None]:
    """Return that nothing of the persona is seen any more."""
    where = {"organisation": organisation, "persona": persona, "gone": False}
    return {found["achievement"]: None for found in tx["shared"].find(where, {"achievement": 1})}


def _show(tx: Transaction, organisation: str, change: Mapping[str, Shown | None]) -> None:
    """Let the organisation see the achievements so from now on, or no more.

    Of what is gone a tombstone is left, with nothing in it but what was there before has gone.
    """
    names = {one: name_of(organisation, one) for one in change}
    held = {
        found["achievement"]: Shown(*(found[name] for name in Shown._fields))
        for found in tx["shared"].find({"_id": {"$in": list(names.values())}, "gone": False})
    }
    sums: Counter[tuple[str, str, str, str]] = Counter()
    writes: list[UpdateOne] = []
    for achievement, new in change.items():
        old = held.get(achievement)
        if old == new:
            continue
        told = {
            "seq": tx.next_seq(),
            "changed": tx.instant,
            "gone": new is None,
            **(_NOTHING if new is None else new._asdict()),
        }
        key = {"organisation": organisation, "achievement": achievement}
        writes.append(
            UpdateOne({"_id": names[achievement]}, {"$set": told, "$setOnInsert": key}, upsert=True)
        )
        for row, by in ((old, -1), (new, 1)):
            if row is not None:
                sums[row.unit, row.department, row.achieved[:7], row.state] += by
    if writes:
        tx["shared"].bulk_write(writes)
    _count(tx, organisation, sums)


def _count(
    tx: Transaction, organisation: str, sums: Mapping[tuple[str, str, str, str], int]
) -> None:
    writes = []
    for (unit, department, month, state), by in sums.items():
        key = {
            "organisation": organisation,
            "unit": unit,
            "department": department,
            "month": month,
            "state": state,
        }
        name = {**key, "slot": tx.slot}
        writes.append(
            UpdateOne({"_id": name}, {"$inc": {"count": by}, "$setOnInsert": key}, upsert=True)
        )
    if writes:
        tx["shared_sum"].bulk_write(writes)
