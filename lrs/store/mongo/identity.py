"""Identities in MongoDB.

Whatever changes who somebody is touches the generations (`touch_identities`), so that two such
changes conflict with each other, and with a projection that is being written: none rests on what
another one changes at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace
from pymongo import IndexModel, UpdateOne

from lrs.records.identity import persona_of
from lrs.records.identity_links import (
    act_of_deciding,
    act_of_proposing,
    check_personas,
    check_undone,
    decided,
    merged_by_roster,
    transferring,
    undoing,
)
from lrs.store.mongo.applying import held_always
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.employment import claim, employ, listed, shared, suggested
from lrs.store.mongo.facts import note_act, note_fact
from lrs.store.mongo.figures import count
from lrs.store.mongo.merging import parts_of, roots_of
from lrs.store.mongo.projections import touch_identities
from lrs.store.mongo.queries import beyond, bulk
from lrs.store.mongo.sharing import employ_by_roster, refresh_everywhere
from schemas.identity import IdentityLink, LinkState, Suggestion

INDEXES = {
    "identity_link": [
        IndexModel([("proposed", 1), ("_id", 1)]),
        IndexModel([("state", 1), ("proposed", 1), ("_id", 1)]),
        IndexModel([("persona", 1)]),
        IndexModel([("other", 1)]),
    ],
    "followed": [],
}

_link = msgspec.json.Decoder(IdentityLink).decode


class MongoIdentity:
    """Fulfils `lrs.store.identity.Identity`."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def propose(self, link: IdentityLink) -> IdentityLink:
        """Propose a link; returns it with its time."""

        def work(tx: Transaction) -> IdentityLink:
            proposed = replace(_completed(tx, link), state="proposed", proposed_at=tx.instant)
            _check(tx, proposed)
            _put(tx, proposed)
            note_act(tx, act_of_proposing(proposed))
            return proposed

        return self._database.write(work)

    def decide(
        self, link: str, principal: str, state: LinkState, reason: str
    ) -> IdentityLink | None:
        """Confirm or refuse what another principal proposed."""

        def work(tx: Transaction) -> IdentityLink | None:
            known = _of_id(tx, link)
            if known is None:
                return None
            ruled = decided(known, principal, state, reason, tx.instant)
            if state == "confirmed":
                _check(tx, ruled)
                _carry_out(tx, ruled)
            _put(tx, ruled)
            note_act(tx, act_of_deciding(ruled))
            return ruled

        return self._database.write(work)

    def link_by_roster(
        self,
        roster: str,
        person: str,
        *,
        identifiers: Sequence[str],
        name: str | None,
        organisations: Sequence[tuple[str, str]] = (),
    ) -> list[IdentityLink]:
        """Merge those who hold the identifiers into who holds the first."""

        def work(tx: Transaction) -> list[IdentityLink]:
            # What others are given, and who else has the name, is read and not written.
            tx.guard("rosters")
            claim(tx, roster, person, identifiers)
            others = shared(tx, roster, person, identifiers)
            roots = [_met(tx, one, name) for one in identifiers if one not in others]
            made = []
            for root in dict.fromkeys(roots[1:]):
                into, merged = _root(tx, roots[0]), _root(tx, root)
                if into == merged or _undone(tx, merged, into):
                    continue
                link = merged_by_roster(roster, merged, into, tx.instant)
                _carry_out(tx, link)
                _put(tx, link)
                note_act(tx, act_of_deciding(link))
                made.append(link)
            base = _root(tx, roots[0]) if roots else None
            before = listed(tx, roster, person)
            employ(tx, roster, person, base, name=name or "", organisations=organisations)
            employ_by_roster(tx, roster, person, before, listed(tx, roster, person))
            return made

        return self._database.write(work)

    def rosters_followed(self) -> int:
        """Return the seq of the last change of rosters that was followed."""
        with reported():
            found = self._database["followed"].find_one({"_id": "rosters"})
        return int(found["seq"]) if found else 0

    def follow_rosters(self, seq: int) -> None:
        """Note that the changes of rosters up to the seq were followed."""
        self._database.write(
            lambda tx: tx["followed"].update_one(
                {"_id": "rosters"}, {"$max": {"seq": seq}}, upsert=True
            )
        )

    def link(self, link: str) -> IdentityLink | None:
        """Return the link."""
        with reported():
            found = self._database["identity_link"].find_one({"_id": link}, {"body": 1})
        return _link(found["body"]) if found else None

    def links(
        self, after: tuple[int, str] | None, limit: int, state: LinkState | None = None
    ) -> list[IdentityLink]:
        """Return a page of links, those proposed last first."""
        where = beyond(("proposed", "_id"), after, descending=True)
        if state is not None:
            where["state"] = state
        with reported():
            found = self._database["identity_link"].find(where, {"body": 1})
            page = found.sort([("proposed", -1), ("_id", -1)]).limit(limit)
            return [_link(one["body"]) for one in page]

    def history(self, persona: str) -> list[IdentityLink]:
        """Return every confirmed link that reaches the persona, in order of confirmation."""
        found: dict[str, IdentityLink] = {}
        seen: set[str] = set()
        waiting = {persona}
        with self._database.snapshot() as snapshot:
            while waiting:
                seen |= waiting
                among = {"$in": sorted(waiting)}
                reaching = snapshot["identity_link"].find(
                    {"$or": [{"persona": among}, {"other": among}], "state": "confirmed"}
                )
                links = [_link(one["body"]) for one in reaching]
                found |= {link.id: link for link in links}
                waiting = {
                    one for link in links for one in (link.persona, link.other) if one is not None
                } - seen
        return sorted(found.values(), key=lambda link: (link.decided_at or 0, link.id))

    def employers(self, persona: str) -> list[tuple[str, str]]:
        """Return the organisations (id and name) that the persona belongs to."""
        with self._database.snapshot() as snapshot:
            held = snapshot["identifier"].find({"holders.persona": persona})
            bases = {
                holder["base"]
                for one in held
                for holder in one["holders"]
                if holder["persona"] == persona
            }
            found = snapshot["employment"].find({"base": {"$in": sorted(bases)}})
            return sorted({(one["organisation"], one["organisation_name"]) for one in found})

    def suggestions(self, after: tuple[str, str, str, str] | None, limit: int) -> list[Suggestion]:
        """Return a page of personas that may be one person."""
        with self._database.snapshot() as snapshot:
            return suggested(snapshot, after, limit)


def _completed(tx: Transaction, link: IdentityLink) -> IdentityLink:
    """Return the link with what follows from the rest of it."""
    if link.kind == "undo":
        return undoing(link, _of_id(tx, link.undoes or ""))
    if link.kind == "transfer":
        return transferring(link, partial(_holder, tx))
    return link


def _check(tx: Transaction, link: IdentityLink) -> None:
    """Raise NotPossible unless the link fits what is now."""
    if link.kind == "undo":
        check_undone(_of_id(tx, link.undoes or ""))
        return
    found = tx["persona"].find({"_id": {"$in": [link.persona, link.other]}}, {"merged_into": 1})
    handed_over = link.kind == "transfer" and any(
        holder["since"] == link.since for holder in _holders(tx, link.identifier or "")
    )
    check_personas(link, {one["_id"]: one["merged_into"] for one in found}, handed_over=handed_over)


def _carry_out(tx: Transaction, link: IdentityLink) -> None:
    if link.kind == "merge":
        tx["persona"].update_one({"_id": link.persona}, {"$set": {"merged_into": link.other}})
        count(tx, "persona", "", -1)
        held = {"holders.persona": link.persona}
        _give(tx, held, "persona", {link.persona}, link.other or "")
        touch_identities(tx, link.persona)
        refresh_everywhere(tx, link.persona)
        note_fact(tx, "merged", link.persona, {"into": link.other, "link": link.id})
    elif link.kind == "transfer":
        _add(tx, link.other or "", None)
        holder = {"since": link.since, "base": link.other, "persona": link.other}
        holders = [*_holders(tx, link.identifier or ""), holder]
        holders.sort(key=lambda one: one["since"])
        _put_holders(tx, {link.identifier or "": holders})
        touch_identities(tx, link.persona)
        note_fact(tx, "transferred", link.persona, {"to": link.other, "link": link.id})
    else:
        undone = _of_id(tx, link.undoes or "")
        assert undone is not None  # noqa: S101 - `_check` saw it
        _undo(tx, undone)
        _put(tx, replace(undone, undone_at=tx.instant))


def _undo(tx: Transaction, link: IdentityLink) -> None:
    assert link.other is not None  # noqa: S101 - a merge and a transfer have one
    root = _root(tx, link.other)
    if link.kind == "merge":
        tx["persona"].update_one({"_id": link.persona}, {"$set": {"merged_into": None}})
        count(tx, "persona", "", 1)
        parts = set(parts_of(tx, [link.persona])[link.persona])
        _give(tx, {"holders.base": {"$in": sorted(parts)}}, "base", parts, link.persona)
    else:
        holders = _holders(tx, link.identifier or "")
        kept = [holder for holder in holders if holder["since"] != link.since]
        _put_holders(tx, {link.identifier or "": kept})
    touch_identities(tx, root)
    refresh_everywhere(tx, root, link.persona)
    note_fact(tx, "unmerged", link.persona, {"from": root, "link": link.id})


def _root(tx: Transaction, persona: str) -> str:
    """Return who the persona is merged into at last, or itself."""
    return roots_of(tx, [persona])[persona]


def _holders(tx: Transaction, identifier: str) -> list[dict[str, Any]]:
    found = tx["identifier"].find_one({"_id": identifier})
    return found["holders"] if found else []


def _holder(tx: Transaction, identifier: str, at: int) -> str | None:
    """Return the persona who holds an identifier at a time of events."""
    held = [one for one in _holders(tx, identifier) if one["since"] <= at]
    return held[-1]["persona"] if held else None


def _give(
    tx: Transaction, which: Mapping[str, Any], role: str, personas: set[str], to: str
) -> None:
    """Give what is held by any of the personas, in one of the roles, to another."""
    changed = {}
    for one in tx["identifier"].find(which):
        changed[one["_id"]] = [
            {**holder, "persona": to} if holder[role] in personas else holder
            for holder in one["holders"]
        ]
    _put_holders(tx, changed)


def _put_holders(tx: Transaction, holders: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    bulk(
        tx,
        "identifier",
        [
            UpdateOne({"_id": identifier}, {"$set": {"holders": list(held)}})
            for identifier, held in holders.items()
        ],
    )


def _met(tx: Transaction, identifier: str, name: str | None) -> str:
    """Return who holds an identifier now; a persona that is new has the roster's name."""
    held = _holder(tx, identifier, 1 << 62)
    if held is not None:
        return held
    persona = persona_of(identifier)
    _add(tx, persona, name)
    tx["identifier"].insert_one(held_always(identifier, persona))
    return persona


def _add(tx: Transaction, persona: str, name: str | None) -> None:
    """Add a persona unless it is there."""
    if tx["persona"].find_one({"_id": persona}, {"_id": 1}) is None:
        tx["persona"].insert_one({"_id": persona, "name": name, "named_at": 0, "merged_into": None})
        count(tx, "persona", "", 1)


def _undone(tx: Transaction, persona: str, other: str) -> bool:
    """Tell whether people took a merge of the two back."""
    two = {"$in": [persona, other]}
    found = tx["identity_link"].find_one({"persona": two, "other": two, "undone": True})
    return found is not None


def _of_id(tx: Transaction, link: str) -> IdentityLink | None:
    found = tx["identity_link"].find_one({"_id": link}, {"body": 1})
    return _link(found["body"]) if found else None


def _put(tx: Transaction, link: IdentityLink) -> None:
    tx["identity_link"].replace_one(
        {"_id": link.id},
        {
            "state": link.state,
            "persona": link.persona,
            "other": link.other,
            "proposed": link.proposed_at,
            "undone": link.undone_at is not None,
            "body": msgspec.json.encode(link),
        },
        upsert=True,
    )
