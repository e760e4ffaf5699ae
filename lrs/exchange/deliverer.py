"""The background work that carries what is in the outbox to receivers and subscribers."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

import msgspec

from adapters.outbound import KnowsLearners, Refused, Unavailable, Unproven
from lrs.exchange.connections import Connections
from lrs.exchange.retry import MOST_ATTEMPTS, MOST_UNPROVEN, delay
from lrs.store.identity_documents import SealedDocuments
from lrs.store.outbox import Delivery, Outbox
from lrs.store.records import Records

LEASE = 10.0
"""Seconds after which another worker may take a delivery whose worker has died. A living worker
renews the leases of what it is at."""

RENEW_EVERY = 3.0
AT_A_TIME = 8
"""Deliveries of one worker; at most half of them go to one destination, so that a slow one does
not hold up the others."""

PATIENCE = 0.05
"""Seconds that a step waits for a delivery to end where no more can be begun."""

CLOSING_WITHIN = 8.0
"""Seconds that a worker that is asked to end gives the deliveries it is at."""

log = logging.getLogger("lrs.exchange")


class Deliverer:
    """Leases what is due, sends it, and writes down what came of it.

    Any number of them may work on one outbox. One that lost a lease writes nothing: what it sent
    is sent again by another, and is one claim at the receiver because its outer id is the
    idempotency key.
    """

    def __init__(
        self,
        outbox: Outbox,
        connections: Connections,
        records: Records,
        documents: SealedDocuments,
        others: Mapping[str, Callable[[Delivery], None]],
    ) -> None:
        """`others` send what goes to no receiver, by what the destination's name begins with; they
        raise `adapters.outbound` errors.
        """
        self._outbox = outbox
        self._connections = connections
        self._records = records
        self._documents = documents
        self._others = others
        self._chance = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self._pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="delivery")
        self._under_way: dict[Future[None], Delivery] = {}
        self._renewed = time.monotonic()

    def step(self) -> bool:
        """Begin what is due as far as there is room; False where nothing is under way."""
        self._collect(0.0)
        self._renew()
        under_way = Counter(delivery.destination for delivery in self._under_way.values())
        taken = self._outbox.lease(
            AT_A_TIME - len(self._under_way), LEASE, most=AT_A_TIME // 2, under_way=under_way
        )
        for delivery in taken:
            self._under_way[self._pool.submit(self._deliver, delivery)] = delivery
        if self._under_way:
            self._collect(PATIENCE)
        return bool(taken or self._under_way)

    def close(self) -> None:
        """Let what is under way come to its end, for a while; begin nothing more."""
        deadline = time.monotonic() + CLOSING_WITHIN
        while self._under_way and time.monotonic() < deadline:
            self._collect(0.5)
            self._renew()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _collect(self, patience: float) -> None:
        done, _ = wait(self._under_way, timeout=patience, return_when=FIRST_COMPLETED)
        for future in done:
            delivery = self._under_way.pop(future)
            error = future.exception()
            if error is not None:  # ours, not the destination's: the lease runs out
                log.error("%s %s failed", delivery.kind, delivery.subject, exc_info=error)

    def _renew(self) -> None:
        if self._under_way and time.monotonic() - self._renewed >= RENEW_EVERY:
            self._outbox.renew(list(self._under_way.values()), LEASE)
            self._renewed = time.monotonic()

    def _deliver(self, delivery: Delivery) -> None:
        try:
            self._send(delivery)
        except Unavailable as error:
            self._again(delivery, str(error), MOST_ATTEMPTS, error.retry_after)
        except Unproven as error:
            self._again(delivery, str(error), MOST_UNPROVEN, None)
        except Refused as error:
            log.warning("%s %s is parked: %s", delivery.kind, delivery.subject, error)
            self._outbox.park(delivery, str(error))

    def _again(self, delivery: Delivery, error: str, most: int, retry_after: float | None) -> None:
        attempts = delivery.attempts + 1
        if attempts >= most:
            log.warning("%s %s is parked: %s", delivery.kind, delivery.subject, error)
            self._outbox.park(delivery, f"{error} (given up after {attempts} attempts)")
            return
        seconds = delay(attempts, retry_after, self._chance)
        log.warning("%s %s: %s; again in %.0f s", delivery.kind, delivery.subject, error, seconds)
        self._outbox.postpone(delivery, seconds, error, retry_after)

    def _send(self, delivery: Delivery) -> None:
        for prefix, send in self._others.items():
            if delivery.destination.startswith(prefix):
                send(delivery)
                self._outbox.delivered(delivery)
                return
        connection = self._connections.to(delivery.destination)
        if delivery.kind == "lookup":
            if not isinstance(connection, KnowsLearners):
                raise Refused(f"{delivery.destination} cannot look learners up")
            account = self._look_up(connection, delivery.subject)
            self._outbox.found(delivery, account)
            return
        assert delivery.claim is not None  # noqa: S101 - a claim is never deleted
        if delivery.kind == "submit":
            receipt = connection.submit(delivery.claim)
        else:
            reason = str(msgspec.json.decode(delivery.body or b"{}").get("reason", ""))
            receipt = connection.withdraw(delivery.claim, reason)
        if not self._outbox.settle(delivery, receipt):
            log.warning("the lease of %s was lost; another settles it", delivery.subject)

    def _look_up(self, connection: KnowsLearners, persona: str) -> str:
        known = self._records.persona(persona)
        document = self._documents.of(persona)
        if known is None or not known.name:
            raise Refused("the learner has no name to be looked up by")
        if document is None:
            raise Refused(
                "no identity document of the learner is kept; add it with "
                f"`lrs learner identify {persona}`"
            )
        return connection.look_up(known.name, document)
