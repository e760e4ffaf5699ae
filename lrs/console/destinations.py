"""Where deliveries go, as people know it: receivers by their names, webhooks by their addresses."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from flask import url_for

from lrs.console.language import gettext as _
from lrs.store.badge_links import HOST
from lrs.store.outbox import WEBHOOK
from lrs.store.store import Store


class Destination(msgspec.Struct, frozen=True):
    """A destination: what it is called, and its page where it has one."""

    name: str
    page: str | None = None


def destinations(store: Store, names: Iterable[str]) -> dict[str, Destination]:
    """Return what the destinations of deliveries are called, by the names in the outbox."""
    return {name: _destination(store, name) for name in set(names)}


def _destination(store: Store, name: str) -> Destination:
    if name.startswith(WEBHOOK):
        webhook = store.webhooks.webhook(name.removeprefix(WEBHOOK))
        if webhook is None:
            return Destination(_("a webhook that is over"))
        return Destination(webhook.url, url_for("console.webhooks_one", webhook=webhook.id))
    if name.startswith(HOST):
        return Destination(name.removeprefix(HOST))
    return Destination(name, url_for("console.receivers_one", receiver=name))
