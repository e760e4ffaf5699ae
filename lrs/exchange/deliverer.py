"""The background work that carries claims from the outbox to their receivers."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping

from joserfc.jwk import ECKey

from adapters.outbound import Connection, OutboundAdapter, Receiver, Refused, Unavailable
from lrs.exchange.retry import delay
from lrs.store.exchange import Delivery, Exchange, KnownReceiver

LEASE = 30.0
"""Seconds after which another worker may take a delivery whose worker has died.

Longer than a submission usually takes; a claim sent twice all the same is one claim at the
receiver, because its outer id is its idempotency key.
"""

log = logging.getLogger("lrs.exchange")


class Deliverer:
    """Leases what is due, submits it, and puts the receipt on the claim."""

    def __init__(
        self, exchange: Exchange, adapters: Mapping[str, OutboundAdapter], key: ECKey
    ) -> None:
        self._exchange = exchange
        self._adapters = adapters
        self._key = key
        self._connections: dict[str, tuple[KnownReceiver, Connection]] = {}
        self._chance = random.Random()  # noqa: S311 - spreads retries, guards nothing

    def step(self) -> bool:
        """Deliver what is due; False where nothing is."""
        deliveries = self._exchange.lease(1, LEASE)
        for delivery in deliveries:
            self._deliver(delivery)
        return bool(deliveries)

    def close(self) -> None:
        """Close the connections to all receivers."""
        for _, connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _deliver(self, delivery: Delivery) -> None:
        try:
            receipt = self._connection(delivery.receiver).submit(delivery.payload)
        except Unavailable as error:
            wait = delay(delivery.attempts + 1, error.retry_after, self._chance)
            log.warning("claim %s: %s; again in %.0f s", delivery.claim, error, wait)
            self._exchange.postpone(delivery, wait, str(error))
        except Refused as error:
            log.warning("claim %s is parked: %s", delivery.claim, error)
            self._exchange.park(delivery, str(error))
        else:
            self._exchange.settle(delivery, receipt)

    def _connection(self, name: str) -> Connection:
        """Return the connection to a receiver, a new one where its address changed.

        Raises Refused where it cannot be reached as it is configured.
        """
        known = self._exchange.receivers()[name]
        held = self._connections.get(name)
        if held is not None and held[0] == known:
            return held[1]
        if held is not None:
            held[1].close()
        adapter = self._adapters.get(known.adapter)
        if adapter is None:
            raise Refused(f"no outbound adapter {known.adapter!r} is installed")
        connection = adapter.connect(
            Receiver(
                name=known.name,
                url=known.url,
                client_id=known.client_id,
                client_key=self._key,
                settings=known.settings,
            )
        )
        self._connections[name] = (known, connection)
        return connection
