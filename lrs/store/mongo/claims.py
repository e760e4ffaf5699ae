"""Claims in the transaction of what they follow from: queued, settled, withdrawn.

What becomes of a claim rests on its achievement, on other claims of that and on what waits in the
outbox. So that transactions which decide on it at the same time conflict, each writes the
achievement or the claim that it decides on, `turn` where there is nothing else to write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from lrs.store.achievements import EVIDENCE_REPLACED, NewClaim, bound_alike
from lrs.store.mongo.database import MongoDatabase, Transaction
from lrs.store.mongo.due import mark
from lrs.store.mongo.facts import note_fact
from lrs.store.mongo.figures import count
from lrs.store.mongo.queries import name_of
from schemas.claims import ClaimPayload, Receipt, claim_hash, proof_of
from schemas.receivers import LearnerSettings

TURN = {"$inc": {"turn": 1}}

REMOVED_AT_ONCE = 1000
"""What waits for a destination is removed so many at a time."""


class Queued(NamedTuple):
    """Something for the outbox; what is of one line is delivered one after the other."""

    kind: str
    subject: str
    line: str
    body: bytes | None = None


def queue_claim(tx: Transaction, claim: NewClaim) -> None:
    """Put a claim to its receiver, unless one of the achievement is open there.

    The claim and its place in the outbox come with the achievement or not at all. A claim that
    was withdrawn stays so; the next one of the achievement has an outer id of its own. One that
    names other evidence is withdrawn first; once it is, the achievement is looked at again. Where
    a person discarded one, none follows. Where the receiver looks learners up, that comes first,
    and the claim when the achievement is looked at again.
    """
    of_both = {"achievement": claim.achievement, "receiver": claim.receiver}
    known = list(tx["claim"].find(of_both, {"state": 1, "discarded": 1, "payload": 1}))
    standing = next((one for one in known if one["state"] != "withdrawn"), None)
    if standing is not None and bound_alike(standing["payload"], claim):
        # Verified again before a withdrawal was sent: there is nothing to withdraw any more.
        unsent = {**_of(claim.receiver, standing["_id"]), "kind": "withdraw", "lease": 0}
        if tx["outbox"].find_one(unsent, {"_id": 1}) is not None:
            tx["achievement"].update_one({"_id": claim.achievement}, TURN)
            remove(tx, unsent)
        return
    if standing is not None:
        withdraw_claims(tx, claim.achievement, EVIDENCE_REPLACED)
        if standing["state"] != "queued":
            return
    if any(one["discarded"] for one in known):
        return
    of = tx["achievement"].find_one_and_update(
        {"_id": claim.achievement}, TURN, {"persona": 1, "unit": 1}
    )
    payload = _addressed(tx, claim, of["persona"])
    if payload is None:
        return
    payload = _with_unused_id(tx, payload)
    made = {
        **of_both,
        "_id": payload.outer_id,
        "persona": of["persona"],
        "unit": of["unit"],
        "state": "queued",
        "open": True,
        "changed": tx.instant,
        "payload": msgspec.json.encode(payload),
        "receipt": None,
        "withdrawal": None,
        "reason": None,
        "discarded": False,
    }
    tx["claim"].insert_one(made)
    count(tx, "claim", "queued", 1)
    told = {**of_both, "claim_hash": claim_hash(payload)}
    note_fact(tx, "claimed", payload.outer_id, told)
    submit(tx, made)


def submit(tx: Transaction, claim: Mapping[str, Any]) -> None:
    """Put a claim into the outbox."""
    enqueue(tx, claim["receiver"], [Queued("submit", claim["_id"], _line(claim))])


def withdraw_claims(tx: Transaction, achievement: str, reason: str) -> None:
    """Withdraw the claims of an achievement that no longer stands, or not on what they name, and
    that was written.

    What no receiver has seen is kept back. What may have been seen is withdrawn there, after its
    submission; one on the shelf is not sent any more, because a receiver refuses a claim whose
    withdrawal came first.
    """
    which = {"achievement": achievement, "state": {"$in": ["queued", "sent", "accepted"]}}
    for claim in list(tx["claim"].find(which)):
        if claim["state"] == "queued":
            remove(tx, _of(claim["receiver"], claim["_id"]))
            set_withdrawn(tx, claim["_id"], reason)
        else:
            queue_withdrawal(tx, claim, reason)


def queue_withdrawal(tx: Transaction, claim: Mapping[str, Any], reason: str) -> None:
    """Have a claim withdrawn at its receiver, once."""
    tx["claim"].update_one({"_id": claim["_id"]}, TURN)
    of_claim = _of(claim["receiver"], claim["_id"])
    remove(tx, {**of_claim, "kind": "submit", "parked": True})
    if tx["outbox"].find_one({**of_claim, "kind": "withdraw"}, {"_id": 1}) is None:
        body = msgspec.json.encode({"reason": reason})
        enqueue(tx, claim["receiver"], [Queued("withdraw", claim["_id"], _line(claim), body)])


def settle_claim(tx: Transaction, claim: str, receipt: Receipt) -> None:
    """Put a verified receipt on its claim."""
    if receipt.decision == "withdrawn":
        set_withdrawn(tx, claim, receipt.reason, receipt)
        return
    before = _change(
        tx,
        claim,
        state=receipt.decision,
        receipt=msgspec.json.encode(receipt),
        reason=receipt.reason,
    )
    receiver = before["receiver"]
    note_fact(tx, receipt.decision, claim, {"receiver": receiver, **proof_of(receipt)})
    if receipt.decision == "rejected":
        remove(tx, {**_of(receiver, claim), "kind": "withdraw"})


def set_withdrawn(
    tx: Transaction, claim: str, reason: str | None, receipt: Receipt | None = None
) -> None:
    """Mark a claim withdrawn, with the receiver's verified answer where it was asked.

    An achievement that stands again meanwhile is looked at again, to be claimed anew.
    """
    answer = msgspec.json.encode(receipt) if receipt else None
    before = _change(tx, claim, state="withdrawn", reason=reason, withdrawal=answer)
    told = {"achievement": before["achievement"], "receiver": before["receiver"]}
    note_fact(tx, "withdrawn", claim, {**told, **(proof_of(receipt) if receipt else {})})
    if receipt is not None:
        achievement = tx["achievement"].find_one_and_update({"_id": before["achievement"]}, TURN)
        if achievement is not None and achievement["state"] == "verified":
            mark(tx, [(achievement["persona"], achievement["unit"])])


def enqueue(tx: Transaction, destination: str, queued: Sequence[Queued]) -> None:
    """Put things into the outbox, due at once.

    Each has its place in its line, counted on from the one before: the order holds across machines
    whose clocks differ, and two that queue in one line at the same time conflict.
    """
    lines = {"destination": destination, "line": {"$in": list({one.line for one in queued})}}
    last: dict[str, int] = {}
    for one in tx["outbox"].find(lines, {"line": 1, "place": 1}):
        last[one["line"]] = max(one["place"], last.get(one["line"], 0))
    made = []
    for new in queued:
        last[new.line] = last.get(new.line, 0) + 1
        made.append(
            {
                "_id": tx.next_seq(),
                "destination": destination,
                **new._asdict(),
                "place": last[new.line],
                "queued": tx.instant,
                "due": tx.instant,
                "lease": 0,
                "attempts": 0,
                "error": None,
                "parked": False,
            }
        )
    if made:
        tx["outbox"].insert_many(made)


def remove(tx: Transaction, which: Mapping[str, Any], limit: int = 0) -> int:
    """Take things out of the outbox, up to `limit` where one is given; return how many."""
    found = list(tx["outbox"].find(which, {"parked": 1}).limit(limit))
    if found:
        tx["outbox"].delete_many({"_id": {"$in": [one["_id"] for one in found]}})
        count(tx, "parked", "", -sum(one["parked"] for one in found))
    return len(found)


def remove_destination(database: MongoDatabase, destination: str) -> None:
    """Take all that waits for a destination out of the outbox that nothing is queued for now."""
    which, limit = {"destination": destination}, REMOVED_AT_ONCE
    while database.write(lambda tx: remove(tx, which, limit)) == limit:
        pass


def put_destination(tx: Transaction, name: str, interval: int) -> None:
    """Make a destination known, or change its rate (microseconds between two, 0 for no limit)."""
    fresh = {"failures": 0, "closed_off": 0, "next_slot": 0}
    tx["destination"].update_one(
        {"_id": name}, {"$set": {"interval": interval}, "$setOnInsert": fresh}, upsert=True
    )


def put_account(tx: Transaction, receiver: str, persona: str, account: str | None) -> None:
    """Keep the learner's account at a receiver, None while that is being looked up."""
    tx["learner_account"].update_one(
        {"_id": name_of(receiver, persona)},
        {"$set": {"receiver": receiver, "persona": persona, "account": account}, **TURN},
        upsert=True,
    )


def _addressed(tx: Transaction, claim: NewClaim, persona: str) -> ClaimPayload | None:
    """Return the claim with the learner as the receiver knows them; None, with a look-up queued,
    where that has to be asked first.
    """
    receiver = tx["receiver"].find_one({"_id": claim.receiver}, {"settings": 1})
    given = msgspec.json.decode(receiver["settings"]).get("learner", {})
    if not msgspec.convert(given, LearnerSettings).look_up:
        return claim.payload
    known = tx["learner_account"].find_one({"_id": name_of(claim.receiver, persona)})
    if known is not None and known["account"] is not None:
        learner = msgspec.structs.replace(claim.payload.learner, identifier=known["account"])
        return msgspec.structs.replace(claim.payload, learner=learner)
    # Written by all that do not find it yet, so that none misses the answer nor asks twice.
    put_account(tx, claim.receiver, persona, None)
    waiting = {**_of(claim.receiver, persona), "kind": "lookup"}
    if tx["outbox"].find_one(waiting, {"_id": 1}) is None:
        enqueue(tx, claim.receiver, [Queued("lookup", persona, persona)])
    return None


def _with_unused_id(tx: Transaction, payload: ClaimPayload) -> ClaimPayload:
    """Number the claims of one achievement, among them one whose learner was erased since."""
    number, outer_id = 0, payload.outer_id
    while tx["claim"].find_one({"_id": outer_id}, {"_id": 1}) is not None:
        number += 1
        outer_id = f"{payload.outer_id}.{number}"
    return msgspec.structs.replace(payload, outer_id=outer_id)


def _change(tx: Transaction, claim: str, state: str, **fields: Any) -> Mapping[str, Any]:
    """Write a claim's new state and return it as it was."""
    change: dict[str, Any] = {"$set": {"state": state, "changed": tx.instant, **fields}}
    if state == "withdrawn":
        change["$unset"] = {"open": ""}
    before: Mapping[str, Any] = tx["claim"].find_one_and_update({"_id": claim}, change)
    if before["state"] != state:
        count(tx, "claim", before["state"], -1)
        count(tx, "claim", state, 1)
    return before


def _of(destination: str, subject: str) -> dict[str, Any]:
    return {"destination": destination, "subject": subject}


def _line(claim: Mapping[str, Any]) -> str:
    """Return the line of a claim: what concerns one learner and unit goes in order, so that the
    withdrawal of one claim comes before the next one.
    """
    return f"{claim['persona']}|{claim['unit']}"
