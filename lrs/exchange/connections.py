"""The connections to receivers, made anew where their settings or our key changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from joserfc.jwk import ECKey

from adapters.outbound import Connection, OutboundAdapter, Receiver, Refused
from lrs.auth.secret_places import SecretError, SecretPlaces
from lrs.store.exchange import Exchange, KnownReceiver


class Connections:
    """A connection to each receiver, kept. Safe to use from many threads."""

    def __init__(
        self,
        exchange: Exchange,
        adapters: Mapping[str, OutboundAdapter],
        signing_key: Callable[[], ECKey],
        secrets: SecretPlaces,
    ) -> None:
        """`signing_key` gives the key that we sign in with now."""
        self._exchange = exchange
        self._adapters = adapters
        self._signing_key = signing_key
        self._secrets = secrets
        self._lock = threading.Lock()
        self._held: dict[str, tuple[KnownReceiver, str | None, Connection]] = {}

    def to(self, name: str) -> Connection:
        """Return the connection to a receiver.

        Raises Refused where there is no such receiver, or it cannot be reached as it is
        configured.
        """
        known = self._exchange.receivers().get(name)
        if known is None:
            raise Refused(f"there is no receiver {name!r}; see `lrs receiver list`")
        key = self._signing_key()
        with self._lock:
            held = self._held.get(name)
            if held is not None and held[:2] == (known, key.kid):
                return held[2]
            connection = self._connect(known, key)
            # The one before may be in use; it is let go of when nobody holds it any more.
            self._held[name] = (known, key.kid, connection)
            return connection

    def close(self) -> None:
        """Close the connections to all receivers."""
        with self._lock:
            for _, _, connection in self._held.values():
                connection.close()
            self._held.clear()

    def _connect(self, known: KnownReceiver, key: ECKey) -> Connection:
        adapter = self._adapters.get(known.adapter)
        if adapter is None:
            raise Refused(f"no outbound adapter {known.adapter!r} is installed")
        place = known.settings.get("secret")
        try:
            secret = self._secrets.read(place) if place else None
        except SecretError as error:
            raise Refused(f"{known.name}: {error}") from error
        return adapter.connect(
            Receiver(
                name=known.name,
                url=known.url,
                client_id=known.client_id,
                client_key=key,
                client_secret=secret,
                settings=known.settings,
            )
        )
