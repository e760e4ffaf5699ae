"""What is left, in every store, of a statement whose content is gone and a person who is erased."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

import msgspec

from schemas.identifiers import actor_of
from schemas.imports import Correction

NOBODY = "https://erased.invalid"
"""RFC 2606: a name that leads nowhere. Tombstones are about it."""

DISPLAY = {
    "erased": {"en": "erased", "zh-CN": "已删除"},
    "expired": {"en": "expired", "zh-CN": "已过保存期"},
}

SHORTEST = 4
"""Characters of an account's name, below which it may be a number of anything else in a sheet."""

_PERSONAL_FIELDS = frozenset(
    {"evidence", "renewals", "score", "reason", "identifier", "identifiers", "name"}
)


def tombstone(body: bytes, nobody: str, why: Literal["erased", "expired"] = "erased") -> bytes:
    """Return what stands in the place of a statement (both JSON): its id, version and authority,
    of the account `nobody`.
    """
    statement: dict[str, Any] = msgspec.json.decode(body)
    kept = {name: value for name, value in statement.items() if name in ("authority", "version")}
    return msgspec.json.encode(
        {
            "id": statement["id"],
            "actor": {"objectType": "Agent", "account": {"homePage": NOBODY, "name": nobody}},
            "verb": {"id": f"{NOBODY}/{why}", "display": DISPLAY[why]},
            "object": {"objectType": "Activity", "id": f"{NOBODY}/statement"},
            **kept,
        }
    )


def is_tombstone(body: bytes) -> bool:
    """Tell whether a statement's JSON is that of a tombstone."""
    return NOBODY.encode() in body


def renamed(content: bytes, names: Mapping[str, str]) -> bytes:
    """Replace ids in JSON; they are UUIDs and stand for nothing else."""
    for old, new in names.items():
        content = content.replace(old.encode(), new.encode())
    return content


def achievement_of_nobody(body: bytes, names: Mapping[str, str]) -> bytes:
    """Return an achievement (JSON) with what it is worth, under ids that lead to nobody."""
    achievement: dict[str, Any] = msgspec.json.decode(renamed(body, names))
    achievement |= {"score": None, "evidence": {}}
    for renewal in achievement.get("renewals", ()):
        renewal |= {"score": None, "evidence": {}}
    achievement.pop("reason", None)
    return msgspec.json.encode(achievement)


def payload_of_nobody(payload: bytes, achievement: str) -> bytes:
    """Return a claim's payload (JSON) with a learner who is nobody."""
    told: dict[str, Any] = msgspec.json.decode(payload)
    learner = {"name": "erased", "identifier": f"account:{NOBODY}|{achievement}"}
    return msgspec.json.encode({**told, "learner": learner, "score": None})


def fact_of_nobody(body: bytes, names: Mapping[str, str]) -> bytes:
    """Return a fact's body (JSON) with nothing personal in it."""
    told: dict[str, Any] = msgspec.json.decode(renamed(body, names))
    left = {name: value for name, value in told.items() if name not in _PERSONAL_FIELDS}
    return msgspec.json.encode(left)


def because_erased(instant: int) -> Correction:
    """Return why the row of a person who is erased leaves quarantine."""
    return Correction(by="erasure", at=instant, reason="the person was erased")


def telling(identifiers: Iterable[str]) -> set[str]:
    """Return the texts by which a sheet or a statement names who has the identifiers."""
    found: set[str] = set()
    for identifier in identifiers:
        actor = actor_of(identifier)
        if "account" in actor:
            if len(name := actor["account"]["name"]) >= SHORTEST:
                found.add(name)
        elif "mbox" in actor:
            found |= {actor["mbox"], actor["mbox"].removeprefix("mailto:")}
        else:
            found |= set(actor.values())
    return found


def row_names_one(body: bytes, told: Collection[str]) -> bool:
    """Tell whether a cell of a row (JSON), or of its correction, is one of the texts, or JSON in
    which one of them stands as a text.
    """
    quoted = [json.dumps(one, ensure_ascii=False) for one in told]
    return any(
        cell.strip() in told or (cell[:1] in "{[" and any(one in cell for one in quoted))
        for cell in _cells(body)
        if cell
    )


def _cells(body: bytes) -> list[str]:
    row: dict[str, Any] = msgspec.json.decode(body)
    corrected = (row.get("correction") or {}).get("cells", {})
    return [*row.get("cells", {}).values(), *corrected.values()]
