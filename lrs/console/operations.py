"""Operations: what works in the background, adapters and receivers, the audit log."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from flask import render_template, request
from flask.typing import ResponseReturnValue

from adapters.inbound import inbound_adapters
from adapters.outbound import outbound_adapters
from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.frame import Pages
from lrs.console.who import principal_names
from lrs.observe.readiness import LIMITS

PAGE = 50
SHELF = 5
"""Deliveries set aside that the page shows; their own page has them all."""


def install(pages: Pages) -> None:
    """Add the pages of administrators."""
    store = pages.service.store

    @pages.route("/operations")
    def operations() -> ResponseReturnValue:
        now = time.time_ns() // 1000
        return render_template(
            "operations.html",
            waiting={
                part: (found.much, found.since and max(0, now - found.since) // 1_000_000)
                for part, found in store.health.waiting().items()
            },
            limits=LIMITS,
            parked=store.figures.total("parked"),
            shelf=store.outbox.items(None, SHELF, parked=True),
            receivers=store.exchange.receivers(),
            circuits=store.outbox.circuits(),
            inbound=inbound_adapters(),
            outbound=outbound_adapters(),
            unrecognised=sum(store.records.unrecognised().values()),
            checkpoint=store.ledger.checkpoint(),
            backed_up=store.copies.last(),
            place=store.health.place(),
        )

    @pages.route("/operations/audit-log")
    def operations_audit_log() -> ResponseReturnValue:
        before = read_cursor(request.args.get("cursor"), int)
        wanted = {name: request.args.get(name, "").strip() for name in ("persona", "principal")}
        found = store.audit.page(
            before, PAGE, persona=wanted["persona"] or None, principal=wanted["principal"] or None
        )
        following = None
        if len(found) == PAGE:
            place = {"cursor": write_cursor(found[-1].seq)}
            following = f"{request.path}?{urlencode({**wanted, **place})}"
        return render_template(
            "audit_log.html",
            events=found,
            principals=principal_names(store.people, [one.act.principal for one in found]),
            next=following,
            **wanted,
        )
