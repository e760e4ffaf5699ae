"""`/api/v1/webhooks`."""

from __future__ import annotations

import time
import uuid
from typing import Any

import msgspec

from adapters.outbound_http import Unacceptable, require_safe
from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.exchange.notifier import Notifier
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.resources.exchange import (
    NewWebhookSchema,
    OfOrganisationQuery,
    WebhookSchema,
    WebhookSecretSchema,
)
from schemas.resources.paging import page_of
from schemas.texts import Text, text_of
from schemas.times import moment_of
from schemas.webhooks import Webhook


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of webhooks; all of them are for administrators."""
    routes = ApiBlueprint("webhooks", service, "Subscriptions to what becomes of claims.")
    store = service.store.webhooks
    notifier = Notifier(store, service.root_secret, service.settings.webhook_networks)

    def act(action: str, webhook: str) -> Act:
        return Act(principal=service.principal().id, action=action, subject=webhook)

    def known(webhook: str) -> Webhook:
        found = store.webhook(webhook)
        if found is None:
            raise Problem(404, Text("There is no webhook %(webhook)r.", webhook=webhook))
        return found

    @routes.get("/webhooks")
    @routes.arguments(OfOrganisationQuery, location="query")
    @routes.response(200, page_of(WebhookSchema))
    def webhooks(query: dict[str, Any]) -> dict[str, Any]:
        """List subscriptions."""
        after = read_cursor(query["cursor"], str)
        found = store.page(after, query["limit"], query["organisation"])
        return page(found, query["limit"], lambda one: one.id, _shape)

    @routes.post("/webhooks")
    @routes.arguments(NewWebhookSchema)
    @routes.response(201, WebhookSecretSchema)
    def subscribe(body: dict[str, Any]) -> dict[str, Any]:
        """Subscribe to facts from now on; the secret is shown this once."""
        try:
            require_safe(body["url"])
        except Unacceptable as error:
            fault = {"path": "url", "rule": text_of(error)}
            raise Problem(
                400,
                Text("This address cannot be used: %(error)s", error=text_of(error)),
                errors=[fault],
            ) from error
        webhook = Webhook(
            id=str(uuid.uuid4()),
            url=body["url"],
            kinds=tuple(body["kinds"]),
            organisation=body["organisation"],
            created=time.time_ns() // 1000,
        )
        secret = notifier.add(webhook, act("webhook.add", webhook.id))
        return {"id": webhook.id, "secret": secret}

    @routes.get("/webhooks/<webhook>")
    @routes.response(200, WebhookSchema)
    def one(webhook: str) -> dict[str, Any]:
        """Get a subscription."""
        return _shape(known(webhook))

    @routes.post("/webhooks/<webhook>/secret")
    @routes.response(200, WebhookSecretSchema)
    def rotate(webhook: str) -> dict[str, Any]:
        """Make a new secret; for a day what is sent is signed with the one before, too."""
        known(webhook)
        return {"id": webhook, "secret": notifier.rotate(webhook, act("webhook.rotate", webhook))}

    @routes.delete("/webhooks/<webhook>")
    @routes.response(204)
    def unsubscribe(webhook: str) -> None:
        """End a subscription; what it was still to be told is forgotten."""
        if not store.remove(webhook, act("webhook.remove", webhook)):
            raise Problem(404, Text("There is no webhook %(webhook)r.", webhook=webhook))

    return routes


def _shape(webhook: Webhook) -> dict[str, Any]:
    return {**msgspec.structs.asdict(webhook), "created": moment_of(webhook.created)}
