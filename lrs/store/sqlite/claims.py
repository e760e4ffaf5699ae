"""Claims in the transaction of what they follow from: queued, settled, withdrawn."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.store.achievements import EVIDENCE_REPLACED, NewClaim, bound_alike
from lrs.store.sqlite.database import Transaction
from lrs.store.sqlite.facts import note_fact
from schemas.claims import ClaimPayload, Receipt, claim_hash, proof_of
from schemas.receivers import LearnerSettings


def queue_claim(tx: Transaction, claim: NewClaim) -> None:
    """Put a claim to its receiver, unless one of the achievement is open there.

    The claim and its place in the outbox come with the achievement or not at all. A claim that
    was withdrawn stays so; the next one of the achievement has an outer id of its own. One that
    names other evidence is withdrawn first; once it is, the achievement is looked at again. Where
    a person discarded one, none follows. Where the receiver looks learners up, that comes first,
    and the claim when the achievement is looked at again.
    """
    rows = tx.execute(
        "SELECT id, state, discarded, payload FROM claim WHERE achievement = ? AND receiver = ?",
        (claim.achievement, claim.receiver),
    ).fetchall()
    standing = next((row for row in rows if row[1] != "withdrawn"), None)
    if standing is not None and bound_alike(standing[3], claim):
        # Verified again before a withdrawal was sent: there is nothing to withdraw any more.
        tx.execute(
            "DELETE FROM outbox WHERE destination = ? AND subject = ? AND kind = 'withdraw' "
            "AND lease = 0",
            (claim.receiver, standing[0]),
        )
        return
    if standing is not None:
        withdraw_claims(tx, claim.achievement, EVIDENCE_REPLACED)
        if standing[1] != "queued":
            return
    if any(row[2] for row in rows):
        return
    payload = _addressed(tx, claim)
    if payload is None:
        return
    payload = _with_unused_id(tx, payload)
    tx.execute(
        "INSERT INTO claim (id, achievement, receiver, state, changed, payload) "
        "VALUES (?, ?, ?, 'queued', ?, ?)",
        (
            payload.outer_id,
            claim.achievement,
            claim.receiver,
            tx.instant,
            msgspec.json.encode(payload),
        ),
    )
    note_fact(
        tx,
        "claimed",
        payload.outer_id,
        {
            "achievement": claim.achievement,
            "receiver": claim.receiver,
            "claim_hash": claim_hash(payload),
        },
    )
    enqueue(tx, claim.receiver, "submit", payload.outer_id, line=_line(tx, payload.outer_id))


def _with_unused_id(tx: Transaction, payload: ClaimPayload) -> ClaimPayload:
    """Number the claims of one achievement, among them one whose learner was erased since."""
    number, outer_id = 0, payload.outer_id
    while tx.execute("SELECT 1 FROM claim WHERE id = ?", (outer_id,)).fetchone():
        number += 1
        outer_id = f"{payload.outer_id}.{number}"
    return msgspec.structs.replace(payload, outer_id=outer_id)


def submit_again(tx: Transaction, claim: str, receiver: str) -> None:
    """Put a claim into the outbox once more."""
    enqueue(tx, receiver, "submit", claim, line=_line(tx, claim))


def _addressed(tx: Transaction, claim: NewClaim) -> ClaimPayload | None:
    """Return the claim with the learner as the receiver knows them; None, with a look-up queued,
    where that has to be asked first.
    """
    settings, persona = tx.execute(
        "SELECT r.settings, a.persona FROM receiver r, achievement a WHERE r.name = ? AND a.id = ?",
        (claim.receiver, claim.achievement),
    ).fetchone()
    given = msgspec.json.decode(settings)["settings"].get("learner", {})
    if not msgspec.convert(given, LearnerSettings).look_up:
        return claim.payload
    account = tx.execute(
        "SELECT account FROM learner_account WHERE receiver = ? AND persona = ?",
        (claim.receiver, persona),
    ).fetchone()
    if account is not None:
        learner = msgspec.structs.replace(claim.payload.learner, identifier=account[0])
        return msgspec.structs.replace(claim.payload, learner=learner)
    waiting = tx.execute(
        "SELECT 1 FROM outbox WHERE destination = ? AND subject = ? AND kind = 'lookup'",
        (claim.receiver, persona),
    ).fetchone()
    if waiting is None:
        enqueue(tx, claim.receiver, "lookup", persona, line=persona)
    return None


def _line(tx: Transaction, claim: str) -> str:
    """Return the line of a claim: what concerns one learner and unit goes in order, so that the
    withdrawal of one claim comes before the next one.
    """
    persona, unit = tx.execute(
        "SELECT a.persona, a.unit FROM claim c JOIN achievement a ON a.id = c.achievement "
        "WHERE c.id = ?",
        (claim,),
    ).fetchone()
    return f"{persona}|{unit}"


def withdraw_claims(tx: Transaction, achievement: str, reason: str) -> None:
    """Withdraw the claims of an achievement that no longer stands, or not on what they name.

    What no receiver has seen is kept back. What may have been seen is withdrawn there, after its
    submission; one on the shelf is not sent any more, because a receiver refuses a claim whose
    withdrawal came first.
    """
    rows = tx.execute(
        "SELECT id, receiver, state FROM claim WHERE achievement = ? "
        "AND state IN ('queued', 'sent', 'accepted')",
        (achievement,),
    ).fetchall()
    for claim, receiver, state in rows:
        if state == "queued":
            tx.execute(
                "DELETE FROM outbox WHERE destination = ? AND subject = ?", (receiver, claim)
            )
            set_withdrawn(tx, claim, reason)
        else:
            queue_withdrawal(tx, claim, receiver, reason)


def queue_withdrawal(tx: Transaction, claim: str, receiver: str, reason: str) -> None:
    """Have a claim withdrawn at its receiver, once."""
    tx.execute(
        "DELETE FROM outbox WHERE destination = ? AND subject = ? AND kind = 'submit' "
        "AND parked = 1",
        (receiver, claim),
    )
    waiting = tx.execute(
        "SELECT 1 FROM outbox WHERE destination = ? AND subject = ? AND kind = 'withdraw'",
        (receiver, claim),
    ).fetchone()
    if waiting is None:
        body = msgspec.json.encode({"reason": reason})
        enqueue(tx, receiver, "withdraw", claim, line=_line(tx, claim), body=body)


def settle_claim(tx: Transaction, claim: str, receipt: Receipt) -> None:
    """Put a verified receipt on its claim."""
    if receipt.decision == "withdrawn":
        set_withdrawn(tx, claim, receipt.reason, receipt)
        return
    receiver: str = tx.execute(
        "UPDATE claim SET state = ?, changed = ?, receipt = ?, reason = ? WHERE id = ? "
        "RETURNING receiver",
        (receipt.decision, tx.instant, msgspec.json.encode(receipt), receipt.reason, claim),
    ).fetchone()[0]
    note_fact(tx, receipt.decision, claim, {"receiver": receiver, **proof_of(receipt)})
    if receipt.decision == "rejected":
        tx.execute(
            "DELETE FROM outbox WHERE destination = ? AND subject = ? AND kind = 'withdraw'",
            (receiver, claim),
        )


def set_withdrawn(
    tx: Transaction, claim: str, reason: str | None, receipt: Receipt | None = None
) -> None:
    """Mark a claim withdrawn, with the receiver's verified answer where it was asked.

    An achievement that stands again meanwhile is looked at again, to be claimed anew.
    """
    achievement, receiver = tx.execute(
        "UPDATE claim SET state = 'withdrawn', changed = ?, reason = ?, withdrawal = ? "
        "WHERE id = ? RETURNING achievement, receiver",
        (tx.instant, reason, receipt and msgspec.json.encode(receipt), claim),
    ).fetchone()
    body: dict[str, Any] = {"achievement": achievement, "receiver": receiver}
    note_fact(tx, "withdrawn", claim, {**body, **(proof_of(receipt) if receipt else {})})
    if receipt is not None:
        tx.execute(
            "INSERT INTO due_evaluation (persona, unit, marked) "
            "SELECT persona, unit, ? FROM achievement WHERE id = ? AND state = 'verified' "
            "ON CONFLICT DO UPDATE SET marked = excluded.marked",
            (tx.instant, achievement),
        )


def enqueue(
    tx: Transaction,
    destination: str,
    kind: str,
    subject: str,
    *,
    line: str,
    body: bytes | None = None,
) -> None:
    """Put something into the outbox, due at once; one after the other in each line."""
    tx.execute(
        "INSERT INTO outbox (destination, kind, subject, line, body, queued, due) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (destination, kind, subject, line, body, tx.instant, tx.instant),
    )
