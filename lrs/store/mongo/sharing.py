"""What each organisation sees, kept with every change of what it is made from, in MongoDB.

A `view` is what an organisation has of a persona: the `employment` and the `consent` that were
recorded for it, and what it sees of it, which follows from these and from those of the personas
merged into it: the `level` where both are live, with the `employee` and the `department`, and on
which day (`due`) that may change by itself. Of a persona that is merged nothing is seen. `shared`
has what is seen of each achievement, or that it is `gone`; a change gives it another seq. Each lane
adds to documents of its own in `shared_sum`, as in `figures`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec
from pymongo import IndexModel, UpdateOne

from lrs.store.mongo.database import Transaction
from lrs.store.mongo.facts import note_act
from lrs.store.mongo.merging import parts_of, roots_of
from lrs.store.mongo.queries import bulk, name_of
from lrs.store.sharing import Shown, act_of_following, day_of, followed, shown
from schemas.achievements import Achievement
from schemas.organisations import (
    Consent,
    Employment,
    consent_of,
    employment_of,
    live,
    next_change,
)

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

Key = tuple[str, str]
"""An organisation and a persona."""

_NOT_SEEN: Mapping[str, Any] = {"level": None, "employee": "", "department": ""}

_NOTHING: Mapping[str, Any] = dict.fromkeys(
    ("unit", "state", "achieved", "valid_from", "employee"), ""
) | {
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


def recorded(tx: Transaction, keys: Iterable[Key]) -> dict[Key, Mapping[str, Any]]:
    """Return the views that there are of the organisations and personas."""
    names = [name_of(*key) for key in keys]
    found = tx["view"].find({"_id": {"$in": names}})
    return {(view["organisation"], view["persona"]): view for view in found}


def put(
    tx: Transaction,
    kind: Literal["employment", "consent"],
    told: Iterable[Employment] | Iterable[Consent],
) -> None:
    """Record employments or consents in the place of earlier ones; `refresh` brings what is seen
    up to date.
    """
    writes = [_update((one.organisation, one.persona), {kind: _plain(one)}) for one in told]
    bulk(tx, "view", writes)


def refresh(tx: Transaction, keys: Collection[Key], today: date) -> None:
    """Bring what organisations see of personas up to date with employments and consents.

    Of one that is merged into another nothing is seen: it is the other one's.
    """
    if not keys:
        return
    roots = roots_of(tx, {persona for _, persona in keys})
    # Whoever merges or parts a persona guards it and who is left of it: what was recorded for any
    # of those that are merged is read here as it stays.
    _guard(tx, {*roots, *roots.values()})
    parts = parts_of(tx, set(roots.values()))
    seen_of = {(organisation, roots[persona]) for organisation, persona in keys}
    hidden = [key for key in keys if key not in seen_of]
    held = recorded(tx, [(into, part) for into, root in seen_of for part in parts[root]])
    seen: dict[Key, Mapping[str, Any]] = {}
    for organisation, root in sorted(seen_of):
        views = [held.get((organisation, part), {}) for part in parts[root]]
        seen[organisation, root] = _seen(views, today)
    writes = [_update(key, _NOT_SEEN, due=None) for key in hidden]
    writes += [_update(key, view, due=view["due"]) for key, view in seen.items()]
    bulk(tx, "view", writes)
    _show_views(tx, hidden, seen)


def refresh_everywhere(tx: Transaction, *personas: str) -> None:
    """Bring what every organisation sees of personas up to date, where who is merged into whom
    has changed.
    """
    roots = set(roots_of(tx, personas).values())
    # Here and not only in `refresh`: what is recorded at the same time may be the first there is.
    _guard(tx, {*personas, *roots})
    among = [part for parts in parts_of(tx, roots).values() for part in parts]
    found = tx["view"].find({"persona": {"$in": among}}, {"organisation": 1})
    organisations = {view["organisation"] for view in found}
    keys = [(one, persona) for one in sorted(organisations) for persona in personas]
    refresh(tx, keys, day_of(tx.instant))


def employ_by_roster(
    tx: Transaction, roster: str, person: str, before: set[Key], now: set[Key]
) -> None:
    """Let employments follow a roster: whom it lists in an organisation with the id of one of ours
    works there from today on, whom it lists no more has left today.

    `before` and `now` are where the roster lists the person. What somebody recorded stays as it is.
    """
    named = sorted({organisation for organisation, _ in before | now})
    found = tx["organisation"].find({"_id": {"$in": named}}, {"_id": 1})
    ours = {organisation["_id"] for organisation in found}
    keys = sorted(key for key in before | now if key[0] in ours)
    held = recorded(tx, keys)
    today = day_of(tx.instant)
    told = []
    for key in keys:
        given = Employment(
            organisation=key[0], persona=key[1], since=today, employee=person, roster=roster
        )
        change = followed(given, employment_in(held.get(key, {})), listed=key in now)
        if change is not None:
            told.append(change)
    if told:
        put(tx, "employment", told)
        for one in told:
            note_act(tx, act_of_following(one))
        refresh(tx, [(one.organisation, one.persona) for one in told], today)


def employment_in(view: Mapping[str, Any]) -> Employment | None:
    """Return the employment that was recorded, None where there is none."""
    found = view.get("employment")
    return None if found is None else msgspec.convert(found, Employment)


def consent_in(view: Mapping[str, Any]) -> Consent | None:
    """Return the consent that was recorded, None where there is none."""
    found = view.get("consent")
    return None if found is None else msgspec.convert(found, Consent)


def forget(tx: Transaction, persona: str) -> None:
    """Let no organisation see anything of a persona that is erased, nor keep who it was."""
    _guard(tx, [persona])
    for view in list(tx["view"].find({"persona": persona}, {"organisation": 1})):
        organisation = view["organisation"]
        _show(tx, organisation, _hidden(tx, organisation, [persona]))
        tx["shared"].update_many(
            {"organisation": organisation, "persona": persona}, {"$set": {"persona": ""}}
        )
    tx["view"].delete_many({"persona": persona})
    tx["guard"].delete_one({"_id": _guarded(persona)})


def _guard(tx: Transaction, personas: Iterable[str]) -> None:
    """Conflict with what else changes what is seen of the personas: an achievement that is
    written reads the views, a view that is written reads the achievements, and who is merged.
    """
    tx.guard(*(_guarded(persona) for persona in sorted(personas)))


def _guarded(persona: str) -> str:
    return f"sharing:{persona}"


def _update(key: Key, change: Mapping[str, Any], **due: str | None) -> UpdateOne:
    """Return what writes fields of a view, and on which day (`due`) it changes by itself."""
    told = {"organisation": key[0], "persona": key[1], **change, **due}
    gone = {name: "" for name, day in due.items() if day is None}
    update = {"$set": {name: told[name] for name in told if name not in gone}}
    return UpdateOne(
        {"_id": name_of(*key)}, {**update, "$unset": gone} if gone else update, upsert=True
    )


def _seen(views: Sequence[Mapping[str, Any]], today: date) -> dict[str, Any]:
    """Return what is seen on the day of one person, of whom these are the views."""
    employments = filter(None, map(employment_in, views))
    consents = filter(None, map(consent_in, views))
    employment, consent = employment_of([*employments], today), consent_of([*consents])
    day = next_change(employment, consent, today)
    due = {"due": day and day.isoformat()}
    if employment is None or consent is None or not live(employment, consent, today):
        return {**_NOT_SEEN, **due}
    return {
        "level": consent.level,
        "employee": employment.employee,
        "department": employment.department,
        **due,
    }


def _show_views(
    tx: Transaction, hidden: Iterable[Key], seen: Mapping[Key, Mapping[str, Any]]
) -> None:
    """Let organisations see what there is of those they see, and nothing of others."""
    seeing = {key: view for key, view in seen.items() if view["level"] is not None}
    nothing: dict[str, list[str]] = defaultdict(list)
    for organisation, persona in [*hidden, *(key for key in seen if key not in seeing)]:
        nothing[organisation].append(persona)
    changes: dict[str, dict[str, Shown | None]] = defaultdict(dict)
    for organisation, personas in nothing.items():
        changes[organisation] |= _hidden(tx, organisation, personas)
    achievements = _achievements(tx, {persona for _, persona in seeing})
    for (organisation, persona), view in seeing.items():
        changes[organisation] |= {one.id: _shown(one, view) for one in achievements[persona]}
    for organisation, change in changes.items():
        _show(tx, organisation, change)


def _achievements(tx: Transaction, personas: Collection[str]) -> Mapping[str, list[Achievement]]:
    """Return the achievements of each of the personas."""
    achievements: dict[str, list[Achievement]] = defaultdict(list)
    where = {"persona": {"$in": sorted(personas)}}
    for found in tx["achievement"].find(where, {"persona": 1, "body": 1}):
        achievements[found["persona"]].append(_achievement(found["body"]))
    return achievements


def _plain(one: Employment | Consent) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(one)
    return plain


def _shown(achievement: Achievement, view: Mapping[str, Any]) -> Shown | None:
    return shown(achievement, view["employee"], view["department"])


def _hidden(tx: Transaction, organisation: str, personas: Sequence[str]) -> dict[str, Shown | None]:
    """Return that nothing of the personas is seen any more."""
    where = {"organisation": organisation, "persona": {"$in": personas}, "gone": False}
    return {found["achievement"]: None for found in tx["shared"].find(where, {"achievement": 1})}


def _show(tx: Transaction, organisation: str, change: Mapping[str, Shown | None]) -> None:
    """Let the organisation see the achievements so from now on, or no more.

    Of what is gone a tombstone is left, with nothing in it but what was there before has gone.
    """
    names = {one: name_of(organisation, one) for one in change}
    held = {
        found["achievement"]: Shown(*(found.get(name) for name in Shown._fields))
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
