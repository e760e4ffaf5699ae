"""The contract of the store of webhooks."""

from __future__ import annotations

from typing import Protocol

from schemas.audit import Act
from schemas.webhooks import Webhook


class Webhooks(Protocol):
    """Subscriptions to facts. Safe from many threads and processes."""

    def add(self, webhook: Webhook, sealed_secrets: bytes, act: Act) -> None:
        """Add a subscription, told of what happens from now on."""
        ...

    def page(self, after: str | None, limit: int, organisation: str | None = None) -> list[Webhook]:
        """Return a page, in the order of ids, of all or of an organisation's."""
        ...

    def webhook(self, webhook: str) -> Webhook | None:
        """Return the subscription."""
        ...

    def secrets(self, webhook: str) -> bytes | None:
        """Return the sealed secrets of a subscription."""
        ...

    def set_secrets(self, webhook: str, sealed_secrets: bytes, act: Act) -> None:
        """Keep other secrets for a subscription."""
        ...

    def end(self, webhook: str) -> None:
        """Tell a subscriber nothing any more: it said that it is gone."""
        ...

    def remove(self, webhook: str, act: Act) -> bool:
        """Forget a subscription and what it was to be told; False where there is none."""
        ...

    def fan_out(self, limit: int) -> bool:
        """Put up to `limit` facts for each subscription into the outbox, each fact once; False
        where all are told. Of a subscription of an organisation it is those facts alone that have
        the kinds of `ORGANISATION_KINDS` and a persona whom the organisation may see now.
        """
        ...
