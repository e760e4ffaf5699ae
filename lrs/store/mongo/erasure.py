"""Erasing a person in MongoDB: everything in one transaction."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import DeleteOne, UpdateOne

from lrs.store.anonymous import (
    achievement_of_nobody,
    fact_of_nobody,
    payload_of_nobody,
    renamed,
)
from lrs.store.erasure import Erased, Keep, NotErasable
from lrs.store.mongo.applying import place_of
from lrs.store.mongo.claims import remove, set_withdrawn
from lrs.store.mongo.database import MongoDatabase, Transaction
from lrs.store.mongo.facts import note_act, note_fact
from lrs.store.mongo.figures import count
from lrs.store.mongo.import_erasure import forget_rows, require_no_open_files
from lrs.store.mongo.merging import parts_of
from lrs.store.mongo.projections import end_epoch
from lrs.store.mongo.queries import bulk
from lrs.store.mongo.sessions import end_sessions
from lrs.store.mongo.sharing import forget
from lrs.store.mongo.tombstones import Keys, bury
from lrs.store.terms import term_of
from schemas.audit import Act
from schemas.texts import Text

AT_ONCE = 500
"""Statements read at once."""

PERSONA_FIELDS: Mapping[str, tuple[str, ...]] = {
    "due_evaluation": ("persona",),
    "employment": ("base",),
    "learner_account": ("persona",),
    "identity_document": ("_id",),
    "identity_link": ("persona", "other"),
    "ledger_opening": ("persona",),
    "credential_subject": ("_id",),
    "credential": ("persona",),
    "badge_link": ("persona",),
}
"""Where a persona stands in documents that go with it."""


class MongoErasure:
    """Fulfils `lrs.store.erasure.Erasure`.

    Whatever is written of the person at the same time writes a document that goes, and so one of
    the two comes after the other; a projection finds the generations changed. `keys` gives the
    search keys of a statement's body, `keep` tells which statements are of others.
    """

    def __init__(self, database: MongoDatabase, *, keys: Keys, keep: Keep) -> None:
        self._database = database
        self._keys = keys
        self._keep = keep

    def erase(self, persona: str, act: Act) -> Erased:
        """Erase a persona, with all that are merged into it, and write the fact `erased`."""
        return self._database.write(lambda tx: self.erase_within(tx, persona, act))

    def erase_within(self, tx: Transaction, persona: str, act: Act) -> Erased:
        """Erase a persona in a transaction of another noun, as `erase` does in one of its own."""
        names = _names(tx, persona)
        require_no_open_files(tx)
        borne = _names_of_nobody_else(tx, list(names))
        held = list(tx["identifier"].find(_held_by(names)))
        identifiers = [one["_id"] for one in held if _held_alone(one, names)]
        generations = [one["_id"] for one in tx["generation"].find({}, {"_id": 1})]
        end_epoch(tx)
        statements, mentions, attachments = self._statements(
            tx, names, generations, frozenset(identifiers)
        )
        documents = _forget_documents(tx, identifiers)
        for name in names:
            forget(tx, name)
        _forget_personas(tx, list(names), generations)
        _forget_identifiers(tx, names, held, identifiers)
        _forget_accounts(tx, list(names))
        achievements, claims = _give_achievements(tx, names)
        new_names = {**names, **achievements}
        _clear_trail(tx, [*names, *achievements, *claims], new_names)
        rows = forget_rows(tx, statements, identifiers, borne)
        told = {"statements": len(statements), "achievements": sorted(achievements.values())}
        for new in names.values():
            note_fact(tx, "erased", new, told)
        note_act(tx, msgspec.structs.replace(act, subject=names[persona], persona=names[persona]))
        return Erased(
            personas=names,
            statements=len(statements),
            mentions=mentions,
            documents=documents,
            achievements=len(achievements),
            claims=len(claims),
            import_rows=rows,
            attachments=tuple(sorted(attachments)),
        )

    def _statements(
        self,
        tx: Transaction,
        names: Mapping[str, str],
        generations: Sequence[int],
        identifiers: frozenset[str],
    ) -> tuple[set[bytes], int, set[str]]:
        """Put tombstones in the places of the person's statements; return their ids, how many of
        others mention the person, and what they had attached.
        """
        where = {"generation": {"$in": generations}, "persona": {"$in": list(names)}}
        seqs = {place_of(one)[0] for one in tx["event"].find(where, {"_id": 1})}
        terms = [
            term_of(f"{role}:{one}") for one in identifiers for role in ("agent", "related_agent")
        ]
        found = tx["statement"].find({"t": {"$in": terms}}, {"s": 1})
        wanted = sorted(seqs | {one["s"] for one in found})
        nobody = next(iter(names.values()))
        erased: set[bytes] = set()
        attachments: set[str] = set()
        mentions = 0
        for at in range(0, len(wanted), AT_ONCE):
            theirs = []
            for one in tx["statement"].find({"s": {"$in": wanted[at : at + AT_ONCE]}}):
                statement: dict[str, Any] = msgspec.json.decode(one["b"])
                if self._keep(statement, identifiers):
                    mentions += 1
                    continue
                theirs.append(one)
                attachments |= {
                    attached["sha2"].lower() for attached in statement.get("attachments", ())
                }
            bury(tx, theirs, self._keys, nobody)
            erased |= {one["_id"] for one in theirs}
        return erased, mentions, attachments


def _names(tx: Transaction, persona: str) -> dict[str, str]:
    """Return a new random id for each persona that is this person."""
    found = tx["persona"].find_one({"_id": persona}, {"merged_into": 1})
    if found is None:
        raise NotErasable(Text("there is no persona %(persona)s", persona=persona))
    if found["merged_into"] is not None:
        raise NotErasable(
            Text("the persona is merged into %(other)s: erase that one", other=found["merged_into"])
        )
    return {one: f"erased-{uuid.uuid4()}" for one in parts_of(tx, [persona])[persona]}


def _names_of_nobody_else(tx: Transaction, personas: Sequence[str]) -> set[str]:
    """Return the names of the personas that no other persona bears."""
    found = tx["persona"].find({"_id": {"$in": personas}, "name": {"$ne": None}}, {"name": 1})
    names = {one["name"] for one in found}
    others = tx["persona"].find(
        {"merged_into": None, "name": {"$in": list(names)}, "_id": {"$nin": personas}}, {"name": 1}
    )
    return names - {one["name"] for one in others}


def _held_by(names: Mapping[str, str]) -> dict[str, Any]:
    among = {"$in": list(names)}
    return {"$or": [{"holders.persona": among}, {"holders.base": among}]}


def _held_alone(identifier: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Tell whether nobody else holds or held the identifier."""
    return all(holder["persona"] in names for holder in identifier["holders"])


def _forget_documents(tx: Transaction, identifiers: Sequence[str]) -> int:
    """Delete the documents of the person's agents; return how many."""
    found = list(tx["document"].find({"agent": {"$in": identifiers}}, {"parts": 1}))
    parts = [{"of": one["_id"], "n": number} for one in found for number in range(one["parts"])]
    tx["document_part"].delete_many({"_id": {"$in": parts}})
    tx["document"].delete_many({"_id": {"$in": [one["_id"] for one in found]}})
    return len(found)


def _forget_personas(tx: Transaction, personas: Sequence[str], generations: Sequence[int]) -> None:
    """Delete the personas and all that is theirs and goes with them."""
    among = {"$in": personas}
    for collection, fields in PERSONA_FIELDS.items():
        tx[collection].delete_many({"$or": [{field: among} for field in fields]})
    for generation in generations:
        of_generation = {"generation": generation, "persona": among}
        for collection in ("event", "record", "satisfied", "due_in_generation"):
            gone = tx[collection].delete_many(of_generation).deleted_count
            if collection == "record":
                count(tx, "record", str(generation), -gone)
    of_records = [{"subject": {"$regex": _of_record(one)}} for one in personas]
    tx["rework"].delete_many(
        {"generation": {"$in": generations}, "$or": [{"subject": among}, *of_records]}
    )
    remove(tx, {"subject": among, "kind": "lookup"})
    unmerged = tx["persona"].delete_many({"_id": among, "merged_into": None}).deleted_count
    count(tx, "persona", "", -unmerged)
    tx["persona"].delete_many({"_id": among})


def _of_record(persona: str) -> str:
    """Return the pattern of the `record_subject` of a persona's records."""
    return "^" + re.escape(json.dumps([persona], ensure_ascii=False)[:-1] + ",")


def _forget_identifiers(
    tx: Transaction,
    names: Mapping[str, str],
    held: Sequence[Mapping[str, Any]],
    identifiers: Sequence[str],
) -> None:
    """Forget which identifiers the person had, and what rosters say of them."""
    writes: list[Any] = []
    for one in held:
        left = [
            holder
            for holder in one["holders"]
            if holder["persona"] not in names and holder["base"] not in names
        ]
        which = {"_id": one["_id"]}
        writes.append(UpdateOne(which, {"$set": {"holders": left}}) if left else DeleteOne(which))
    bulk(tx, "identifier", writes)
    tx["roster_identifier"].delete_many({"identifier": {"$in": identifiers}})


def _forget_accounts(tx: Transaction, personas: Sequence[str]) -> None:
    """Delete the accounts with which the person signed in."""
    for account in list(tx["person"].find({"persona": {"$in": personas}}, {"_id": 1})):
        end_sessions(tx, f"person:{account['_id']}")
        tx["person"].delete_one({"_id": account["_id"]})


def _give_achievements(
    tx: Transaction, names: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Give achievements and claims to nobody; return the new ids by the old, and the claims."""
    found = list(tx["achievement"].find({"persona": {"$in": list(names)}}))
    new_ids = {one["_id"]: str(uuid.uuid4()) for one in found}
    claims: list[str] = []
    for one in found:
        old, new, nobody = one["_id"], new_ids[one["_id"]], names[one["persona"]]
        body = achievement_of_nobody(one["body"], {**names, **new_ids})
        tx["achievement"].delete_one({"_id": old})
        tx["achievement"].insert_one({**one, "_id": new, "persona": nobody, "body": body})
        tx["officer_decision"].update_many(
            {"achievement": old}, {"$set": {"achievement": new, "reason": ""}}
        )
        claims += _give_claims(tx, old, new, nobody)
    return new_ids, claims


def _give_claims(tx: Transaction, old: str, new: str, nobody: str) -> list[str]:
    claims = list(tx["claim"].find({"achievement": old}))
    for claim in claims:
        _call_back(tx, claim)
        fields = {
            "achievement": new,
            "persona": nobody,
            "payload": payload_of_nobody(claim["payload"], new),
            "changed": tx.instant,
            "reason": None,
        }
        tx["claim"].update_one({"_id": claim["_id"]}, {"$set": fields})
        if claim["state"] in ("queued", "sent"):
            set_withdrawn(tx, claim["_id"], None)
    return [claim["_id"] for claim in claims]


def _call_back(tx: Transaction, claim: Mapping[str, Any]) -> None:
    """Take what waits or was parked out of the outbox. Raises NotErasable for what is out."""
    of_claim = {"subject": claim["_id"], "kind": {"$in": ["submit", "withdraw"]}}
    out = claim["state"] != "queued" and tx["outbox"].find_one({**of_claim, "parked": False})
    if out:
        raise NotErasable(
            Text(
                "the claim %(claim)s is on its way; ask again once it is answered",
                claim=claim["_id"],
            )
        )
    remove(tx, of_claim)


def _clear_trail(tx: Transaction, subjects: Iterable[str], names: Mapping[str, str]) -> None:
    """Let facts and audit events lead to nobody; that they happened stays."""
    among = {"$in": list(subjects)}
    bulk(
        tx,
        "fact",
        [
            UpdateOne(
                {"_id": one["_id"]},
                {
                    "$set": {
                        "subject": names.get(one["subject"], one["subject"]),
                        "body": fact_of_nobody(one["body"], names),
                    }
                },
            )
            for one in tx["fact"].find({"subject": among})
        ],
    )
    bulk(
        tx,
        "audit_event",
        [
            UpdateOne(
                {"_id": one["_id"]},
                {
                    "$set": {
                        "subject": names.get(one["subject"], one["subject"]),
                        "persona": names[one["persona"]],
                        "detail": renamed(one["detail"], names),
                    }
                },
            )
            for one in tx["audit_event"].find({"persona": among})
        ],
    )
