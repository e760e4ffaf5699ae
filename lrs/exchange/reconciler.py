"""Reconciliation: what we think and what a receiver says it holds, compared claim by claim."""

from __future__ import annotations

import heapq
import logging
import time
from collections.abc import Iterable, Iterator
from itertools import groupby

from msgspec.structs import replace

from adapters.outbound import (
    Connection,
    DeliveryError,
    HasCatalogue,
    KeepsBooks,
    Refused,
    Unproven,
)
from lrs.exchange.connections import Connections
from lrs.store.exchange import Claim, Exchange
from lrs.store.reconciliations import Difference, Reconciliation, Reconciliations
from schemas.claims import Decision, Holding, Receipt

EVERY = 24 * 3600 * 1_000_000
"""Microseconds between two reconciliations with a receiver."""

AGAIN = 3600 * 1_000_000
"""Microseconds until one that could not be finished is tried again."""

PAGE = 500
MOST_DIFFERENCES = 10_000
"""What a report holds; books that differ by more are another receiver's, not ours."""

log = logging.getLogger("lrs.exchange")

Pair = tuple[Claim | None, Holding | None]


def paired(ours: Iterable[Claim], theirs: Iterable[Holding]) -> Iterator[Pair]:
    """Bring claims and holdings together by the claim's id; both come in that order."""
    merged = heapq.merge(
        ((claim.id, claim, None) for claim in ours),
        ((holding.outer_id, None, holding) for holding in theirs),
        key=lambda entry: entry[0],
    )
    for _, entries in groupby(merged, key=lambda entry: entry[0]):
        claim: Claim | None = None
        holding: Holding | None = None
        for _, one, other in entries:
            claim, holding = one or claim, other or holding
        yield claim, holding


def difference_of(
    claim: Claim | None, theirs: Decision | None, their_hash: str | None, outer_id: str
) -> Difference | None:
    """Return how our state of a claim and the receiver's differ, None where they agree.

    `theirs` and `their_hash` are None where the receiver holds nothing of it.
    """
    if claim is None:
        return Difference(claim=outer_id, kind="unknown here", ours=None, theirs=theirs)
    ours = claim.state
    receipt = claim.receipt or claim.withdrawal
    if theirs is None:
        if ours == "withdrawn" and receipt is None:
            return None  # withdrawn before it was sent
        kind = "undecided here" if ours in ("queued", "sent") else "unknown there"
        return Difference(claim=claim.id, kind=kind, ours=ours, theirs=None)  # type: ignore[arg-type]
    if receipt is not None and their_hash not in (None, receipt.claim_hash):
        return Difference(claim=claim.id, kind="content differs", ours=ours, theirs=theirs)
    if ours == theirs:
        return None
    if ours in ("queued", "sent"):
        return Difference(claim=claim.id, kind="undecided here", ours=ours, theirs=theirs)
    if ours == "withdrawn":
        if theirs == "rejected":
            return None  # there was nothing to withdraw
        return Difference(claim=claim.id, kind="withdrawn here only", ours=ours, theirs=theirs)
    if theirs == "withdrawn":
        return Difference(claim=claim.id, kind="withdrawn there only", ours=ours, theirs=theirs)
    return Difference(claim=claim.id, kind="state differs", ours=ours, theirs=theirs)


class Reconciler:
    """Compares, repairs what it may, and keeps the report.

    It may do what the receiver's own signed receipt proves, and send again what never came to an
    end. Where a receipt that we hold says otherwise, a person must look.
    """

    def __init__(
        self, exchange: Exchange, reconciliations: Reconciliations, connections: Connections
    ) -> None:
        self._exchange = exchange
        self._reconciliations = reconciliations
        self._connections = connections
        self._not_before: dict[str, int] = {}

    def step(self) -> bool:
        """Reconcile with the next receiver whose day has come; False where there is none."""
        now = time.time_ns() // 1000
        for name in self._exchange.receivers():
            last = self._reconciliations.last(name)
            if now < self._not_before.get(name, 0) or (last is not None and now - last < EVERY):
                continue
            self._not_before[name] = now + AGAIN
            try:
                self.reconcile(name)
            except Refused as error:
                log.info("%s is not reconciled with: %s", name, error)
            return True
        return False

    def reconcile(self, receiver: str) -> Reconciliation:
        """Compare all claims put to a receiver with what it holds, and keep the report.

        Raises Refused where the receiver keeps no books.
        """
        connection = self._connections.to(receiver)
        if not isinstance(connection, KeepsBooks):
            raise Refused(f"{receiver} does not say what it holds")
        started = time.time_ns() // 1000
        compared, differences, error = 0, list[Difference](), None
        try:
            if isinstance(connection, HasCatalogue):
                self._reconciliations.put_catalogue(receiver, list(connection.catalogue()))
            for claim, holding in paired(self._claims(receiver), connection.holdings()):
                compared += 1
                difference = self._compare(connection, claim, holding)
                if difference is not None:
                    differences.append(difference)
                if len(differences) == MOST_DIFFERENCES:
                    error = f"ended at {MOST_DIFFERENCES} differences"
                    break
        except DeliveryError as failure:
            error = str(failure)
        report = Reconciliation(
            receiver=receiver,
            started=started,
            finished=time.time_ns() // 1000,
            compared=compared,
            differences=differences,
            error=error,
        )
        number = self._reconciliations.keep(report)
        if error:
            log.warning("reconciliation %d with %s: %s", number, receiver, error)
        elif differences:
            log.warning("reconciliation %d with %s: %d differ", number, receiver, len(differences))
        return replace(report, id=number)

    def _claims(self, receiver: str) -> Iterator[Claim]:
        after = ""
        while found := self._reconciliations.claims_of(receiver, after, PAGE):
            yield from found
            after = found[-1].id

    def _compare(
        self, connection: Connection, claim: Claim | None, holding: Holding | None
    ) -> Difference | None:
        outer_id = claim.id if claim else holding.outer_id if holding else ""
        theirs = holding.state if holding else None
        found = difference_of(claim, theirs, holding.claim_hash if holding else None, outer_id)
        if found is None:
            return None
        # Both sides went on meanwhile: look at both again before it is called a difference.
        fresh = self._exchange.claim(outer_id)
        if fresh is None or self._reconciliations.on_its_way(outer_id):
            return found if fresh is None else None
        assert isinstance(connection, KeepsBooks)  # noqa: S101
        try:
            receipt = connection.status(fresh.payload)
        except Unproven:
            return found
        decided = receipt.decision if receipt else None
        digest = receipt.claim_hash if receipt else None
        found = difference_of(fresh, decided, digest, outer_id)
        return found and self._repaired(found, fresh, receipt)

    def _repaired(self, found: Difference, claim: Claim, receipt: Receipt | None) -> Difference:
        if found.kind == "undecided here":
            if receipt is not None and receipt.decision != "withdrawn":
                if self._reconciliations.take_receipt(claim.id, receipt):
                    return replace(found, repair="receipt taken")
            elif receipt is None and self._reconciliations.queue_again(claim.id):
                return replace(found, repair="submission queued")
        elif found.kind == "withdrawn here only" and claim.withdrawal is None:
            self._reconciliations.withdraw_there(claim.id, claim.reason or "withdrawn here")
            return replace(found, repair="withdrawal queued")
        return found
