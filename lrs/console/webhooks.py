"""Webhooks: who is told what becomes of achievements; subscribed, given another secret, ended."""

from __future__ import annotations

import time
import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.outbox import WEBHOOK
from schemas.audit import Act
from schemas.webhooks import ORGANISATION_KINDS, WEBHOOK_KINDS, Webhook

PAGE = 25
ORGANISATIONS = 200
SHOWN = 10
"""Deliveries of each kind that the page of a webhook shows."""


def install(pages: Pages) -> None:
    """Add the list of webhooks and the page of one, and what their forms send to."""
    service = pages.service
    store = service.store

    @pages.route("/webhooks", "enterprise")
    def webhooks_list() -> ResponseReturnValue:
        return _list(service)

    @pages.route("/webhooks", "enterprise", methods=("POST",))
    def webhooks_add() -> ResponseReturnValue:
        form = Form()
        webhook = _asked(service, form)
        if form.faults:
            return _list(service, form), 400
        secret = service.notifier.add(webhook, _act(service, "webhook.add", webhook.id))
        return _one(service, webhook, secret=secret)

    @pages.route("/webhooks/<webhook>", "enterprise")
    def webhooks_one(webhook: str) -> ResponseReturnValue:
        return _one(service, _known(service, webhook))

    @pages.route("/webhooks/<webhook>/secret", "enterprise", methods=("POST",))
    def webhooks_rotate(webhook: str) -> ResponseReturnValue:
        known = _known(service, webhook)
        secret = service.notifier.rotate(known.id, _act(service, "webhook.rotate", known.id))
        return _one(service, known, secret=secret)

    @pages.route("/webhooks/<webhook>/end", "enterprise", methods=("POST",))
    def webhooks_end(webhook: str) -> ResponseReturnValue:
        known = _known(service, webhook)
        store.webhooks.remove(known.id, _act(service, "webhook.remove", known.id))
        flash(
            _("The subscription is over; nothing more is sent to %(url)s.", url=known.url), "good"
        )
        return redirect(url_for("console.webhooks_list"), 303)


def _own(service: Service) -> str | None:
    """The organisation whose webhooks the principal sees; None for all, of an administrator."""
    principal = service.principal("enterprise")
    if principal.holds():
        return None
    if principal.organisation is None:
        raise Problem(404, _("No organisation belongs to this account."))
    return principal.organisation


def _known(service: Service, webhook: str) -> Webhook:
    found, own = service.store.webhooks.webhook(webhook), _own(service)
    if found is None or own not in (None, found.organisation):
        raise Problem(404, _("There is no such webhook."))
    return found


def _act(service: Service, action: str, webhook: str) -> Act:
    return Act(principal=service.principal("enterprise").id, action=action, subject=webhook)


def _asked(service: Service, form: Form) -> Webhook:
    """The webhook that the form asks for; what is wrong is among the form's faults."""
    url, own = form.address("url"), _own(service)
    organisation = own or form.text("organisation", 64) or None
    if organisation and service.store.organisations.organisation(organisation) is None:
        form.faults["organisation"] = _("There is no such organisation.")
    kinds = form.choices("kinds", WEBHOOK_KINDS)
    if organisation and not set(kinds) <= set(ORGANISATION_KINDS):
        form.faults["kinds"] = _("An organisation is told of achievements alone, not of claims.")
    return Webhook(
        id=str(uuid.uuid4()),
        url=url,
        kinds=kinds,
        organisation=organisation,
        created=time.time_ns() // 1000,
    )


def _list(service: Service, form: Form | None = None) -> str:
    store, own = service.store, _own(service)
    found = store.webhooks.page(read_cursor(request.args.get("cursor"), str), PAGE, own)
    following = None
    if len(found) == PAGE:
        following = url_for("console.webhooks_list", cursor=write_cursor(found[-1].id))
    return render_template(
        "webhooks.html",
        webhooks=found,
        next=following,
        circuits=store.outbox.circuits(),
        set_aside=store.outbox.set_aside([WEBHOOK + one.id for one in found]),
        own=own,
        organisations=() if own else store.organisations.page(None, ORGANISATIONS),
        kinds=ORGANISATION_KINDS if own else WEBHOOK_KINDS,
        faults=form.faults if form else {},
        given=request.form if form else None,
    )


def _one(service: Service, webhook: Webhook, *, secret: str | None = None) -> str:
    store, destination = service.store, WEBHOOK + webhook.id
    shown: dict[str, Any] = {
        name: store.outbox.towards(destination, SHOWN, parked=parked)
        for name, parked in (("set_aside", True), ("on_their_way", False))
    }
    return render_template(
        "webhook.html",
        one=webhook,
        secret=secret,
        circuit=store.outbox.circuits().get(destination),
        administrator=_own(service) is None,
        **shown,
    )
