"""The exchange put together from a running service."""

from __future__ import annotations

from collections.abc import Callable

from adapters.outbound import outbound_adapters
from lrs.auth.client_key import client_key
from lrs.exchange.connections import Connections
from lrs.exchange.deliverer import Deliverer
from lrs.exchange.reconciler import Reconciler
from lrs.service import Service
from lrs.store.badge_links import HOST
from lrs.store.outbox import WEBHOOK

FACTS_AT_A_TIME = 200
"""Facts that are put into the outbox together, for each subscriber."""


class ExchangeWork:
    """The work from the outbox to receivers and subscribers, and the daily reconciliation."""

    def __init__(self, service: Service) -> None:
        store = service.store
        self._connections = connections(service)
        notifier = service.notifier
        self._deliverer = Deliverer(
            store.outbox,
            self._connections,
            store.records,
            service.learner_documents,
            {WEBHOOK: notifier.send, HOST: service.badge_hosts.present},
        )
        reconciler = Reconciler(store.exchange, store.reconciliations, self._connections)
        self.deliveries: list[Callable[[], bool]] = [
            lambda: notifier.fan_out(FACTS_AT_A_TIME),
            lambda: store.badge_links.fan_out(FACTS_AT_A_TIME),
            self._deliverer.step,
        ]
        self.reconciliation: list[Callable[[], bool]] = [reconciler.step]

    def close(self) -> None:
        """Let what is under way come to its end and close the connections."""
        self._deliverer.close()
        self._connections.close()


def connections(service: Service) -> Connections:
    """Return the service's connections to receivers; none is made yet."""
    store = service.store
    return Connections(
        store.exchange,
        outbound_adapters(),
        lambda: client_key(store.client_keys, service.root_secret),
        service.secret_places,
    )
