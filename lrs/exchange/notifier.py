"""Webhooks: their secrets, and sending a notification to a subscriber."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from adapters.outbound import Refused, Unavailable
from adapters.outbound_http import OutboundHttp, Unacceptable, Unreachable
from adapters.public_addresses import Network
from adapters.webhook_signature import new_secret, signed_headers
from lrs.auth.organisations import today
from lrs.auth.secrets import RootSecret
from lrs.store.organisations import SETTLED_AT_ONCE, Organisations
from lrs.store.outbox import WEBHOOK, Delivery
from lrs.store.webhooks import Webhooks
from schemas.audit import Act
from schemas.webhooks import Notification, Webhook

OVERLAP = 24 * 3600
"""Seconds that the secret before still signs, beside the new one."""

_PURPOSE = b"webhook secrets "


class _Secret(msgspec.Struct, frozen=True):
    """A secret; `until` is when it signs no more (seconds since the epoch), None for the latest."""

    value: str
    until: float | None = None


class Notifier:
    """Keeps the secrets of webhooks and sends notifications. Safe from many threads."""

    def __init__(
        self,
        webhooks: Webhooks,
        organisations: Organisations,
        root: RootSecret,
        networks: Sequence[Network],
    ) -> None:
        """`networks` are those beside the public addresses that subscribers may be in."""
        self._webhooks = webhooks
        self._organisations = organisations
        self._root = root
        self._http = OutboundHttp(networks=networks)

    def add(self, webhook: Webhook, act: Act) -> str:
        """Add a subscription and return its secret, which is not shown again."""
        secret = new_secret()
        self._webhooks.add(webhook, self._seal(webhook.id, [_Secret(secret)]), act)
        return secret

    def rotate(self, webhook: str, act: Act) -> str:
        """Return a new secret for a subscription; the one before signs too for a day."""
        secret = new_secret()
        until = time.time() + OVERLAP
        before = [msgspec.structs.replace(one, until=until) for one in self._secrets(webhook)[:1]]
        sealed = self._seal(webhook, [_Secret(secret), *before])
        self._webhooks.set_secrets(webhook, sealed, act)
        return secret

    def send(self, delivery: Delivery) -> None:
        """Send a notification once, unless whom it is about may be seen no more by the
        organisation that would be told. Raises Unavailable and Refused.
        """
        webhook = self._webhooks.webhook(delivery.destination.removeprefix(WEBHOOK))
        body = delivery.body or b""
        if webhook is None or not webhook.active:
            return
        now = time.time()
        good = [one.value for one in self._secrets(webhook.id) if not one.until or one.until > now]
        notification = msgspec.json.decode(body, type=Notification)
        if not self._may_be_told(webhook, notification):
            return
        message = notification.id
        headers = {
            "Content-Type": "application/json",
            **signed_headers(f"{webhook.id}.{message}", int(now), body, good),
        }
        try:
            answer = self._http.request("POST", webhook.url, headers=headers, body=body)
        except Unreachable as error:
            raise Unavailable(str(error), error.retry_after) from error
        except Unacceptable as error:
            raise Refused(str(error)) from error
        if answer.status == 410:
            self._webhooks.end(webhook.id)
        elif not 200 <= answer.status < 300:
            raise Unavailable(f"{webhook.url} answered {answer.status}")

    def fan_out(self, limit: int) -> bool:
        """Put what subscribers are to be told into the outbox, up to `limit` facts for each; False
        where all are told.
        """
        self._settle()
        return self._webhooks.fan_out(limit)

    def _settle(self) -> None:
        """Bring up to date what organisations may see, where the day of a change has come."""
        while self._organisations.settle(today(), SETTLED_AT_ONCE):
            pass

    def _may_be_told(self, webhook: Webhook, notification: Notification) -> bool:
        if webhook.organisation is None:
            return True
        self._settle()
        persona = notification.data.get("persona", "")
        return self._organisations.level(webhook.organisation, persona) is not None

    def _secrets(self, webhook: str) -> list[_Secret]:
        sealed = self._webhooks.secrets(webhook)
        if sealed is None:
            return []
        opened = self._root.open(sealed, _PURPOSE + webhook.encode())
        return msgspec.json.decode(opened, type=list[_Secret])

    def _seal(self, webhook: str, secrets: list[_Secret]) -> bytes:
        return self._root.seal(msgspec.json.encode(secrets), _PURPOSE + webhook.encode())
