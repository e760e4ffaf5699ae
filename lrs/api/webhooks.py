"""`/api/v1/webhooks`."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.outbound_http import Unacceptable, require_safe
from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.auth.organisations import organisation_of
from lrs.problems import Problem
from lrs.service import Service
from schemas.audit import Act
from schemas.facts import FactKind
from schemas.resources.exchange import (
    NewWebhookSchema,
    OfOrganisationQuery,
    WebhookSchema,
    WebhookSecretSchema,
)
from schemas.resources.paging import page_of
from schemas.texts import Text, text_of
from schemas.times import moment_of
from schemas.webhooks import ORGANISATION_KINDS, Webhook


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of webhooks; an enterprise sees and makes those of its own alone."""
    routes = ApiBlueprint(
        "webhooks", service, "Subscriptions to what becomes of achievements.", "enterprise"
    )
    store = service.store.webhooks
    notifier = service.notifier

    def act(action: str, webhook: str) -> Act:
        return Act(principal=service.principal("enterprise").id, action=action, subject=webhook)

    def whose(asked: str | None) -> str | None:
        """Whose subscriptions the principal means: its own organisation's, or, of an
        administrator, those that it asks for; None for all.
        """
        principal = service.principal("enterprise")
        return asked if principal.holds() else organisation_of(principal, asked)

    def known(webhook: str) -> Webhook:
        found = store.webhook(webhook)
        own = whose(None)
        if found is None or own not in (None, found.organisation):
            raise Problem(404, Text("There is no webhook %(webhook)r.", webhook=webhook))
        return found

    @routes.get("/webhooks")
    @routes.arguments(OfOrganisationQuery, location="query")
    @routes.response(200, page_of(WebhookSchema))
    def webhooks(query: dict[str, Any]) -> dict[str, Any]:
        """List subscriptions."""
        after = read_cursor(query["cursor"], str)
        found = store.page(after, query["limit"], whose(query["organisation"]))
        return page(found, query["limit"], lambda one: one.id, _shape)

    @routes.post("/webhooks")
    @routes.arguments(NewWebhookSchema)
    @routes.response(201, WebhookSecretSchema)
    def subscribe(body: dict[str, Any]) -> dict[str, Any]:
        """Subscribe to facts from now on; the secret is shown this once.

        One of an organisation is told of those alone whom it may see, and of achievements.
        """
        organisation = whose(body["organisation"])
        if organisation is not None:
            _require_shared(body["kinds"])
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
            organisation=organisation,
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
        known(webhook)
        store.remove(webhook, act("webhook.remove", webhook))

    return routes


def _require_shared(kinds: Sequence[FactKind]) -> None:
    """Raise Problem (400) for kinds of facts that no organisation is told of."""
    faults = [
        {
            "path": f"kinds.{index}",
            "rule": Text(
                "must be one of %(known)s for an organisation", known=", ".join(ORGANISATION_KINDS)
            ),
        }
        for index, kind in enumerate(kinds)
        if kind not in ORGANISATION_KINDS
    ]
    if faults:
        raise Problem(400, "The request is wrong; `errors` says where.", errors=faults)


def _shape(webhook: Webhook) -> dict[str, Any]:
    return {**msgspec.structs.asdict(webhook), "created": moment_of(webhook.created)}
