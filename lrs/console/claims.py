"""Claims: the life of each, what did not arrive, and what receivers hold otherwise."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.destinations import destinations
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.words import PROFILES
from lrs.problems import Problem
from schemas.audit import Act
from schemas.principals import Role

PAGE = 25
READERS: tuple[Role, ...] = ("reader", "officer")


def install(pages: Pages) -> None:
    """Add the claims, one claim, the outbox with its shelf, and reconciliations."""
    service = pages.service
    store = service.store

    @pages.route("/claims", *READERS)
    def claims() -> ResponseReturnValue:
        found = store.exchange.claims(
            read_cursor(request.args.get("cursor"), tuple[int, str]), PAGE
        )
        following = None
        if len(found) == PAGE:
            place = write_cursor((found[-1].changed, found[-1].id))
            following = url_for("console.claims", cursor=place)
        circuits = store.outbox.circuits()
        return render_template(
            "claims.html",
            claims=found,
            next=following,
            counts=store.figures.counts("claim"),
            parked=store.figures.total("parked"),
            latest=store.reconciliations.page(None, 5),
            circuits=circuits,
            destinations=destinations(store, circuits),
        )

    @pages.route("/claims/<claim>", *READERS)
    def claims_one(claim: str) -> ResponseReturnValue:
        found = store.exchange.claim(claim)
        if found is None:
            raise Problem(404, _("There is no such claim."))
        return render_template(
            "claim.html",
            claim=found,
            facts=[*store.facts.about(found.achievement), *store.facts.about(found.id)],
            achievement=store.achievements.achievement(found.achievement),
            administrator=service.principal(*READERS).holds(),
            profiles=PROFILES.items(),
        )

    @pages.route("/claims/outbox", *READERS)
    def claims_outbox() -> ResponseReturnValue:
        parked = request.args.get("parked", "yes") == "yes"
        after = read_cursor(request.args.get("cursor"), int)
        found = store.outbox.items(after, PAGE, parked=parked)
        following = None
        if len(found) == PAGE:
            place = {"cursor": write_cursor(found[-1].id), "parked": "yes" if parked else "no"}
            following = f"{request.path}?{urlencode(place)}"
        return render_template(
            "outbox.html",
            items=found,
            parked=parked,
            next=following,
            destinations=destinations(store, [item.destination for item in found]),
            administrator=service.principal(*READERS).holds(),
        )

    @pages.route("/claims/outbox", "officer", methods=("POST",))
    def claims_outbox_decide() -> ResponseReturnValue:
        reason = request.form.get("reason", "").strip()
        chosen = [int(one) for one in request.form.getlist("chosen") if one.isdecimal()]
        if not chosen or not reason:
            flash(_("Choose deliveries and say why."), "bad")
            return redirect(url_for("console.claims_outbox"), 303)
        retry = request.form.get("do") == "retry"
        principal = service.principal("officer").id
        done = 0
        for item in chosen:
            act = Act(
                principal=principal,
                action="outbox.retry" if retry else "outbox.discard",
                subject=str(item),
                reason=reason,
            )
            done += store.outbox.retry([item], act) if retry else store.outbox.discard(item, act)
        text = (
            _("%(count)s are tried again.", count=done)
            if retry
            else _("%(count)s are discarded.", count=done)
        )
        flash(text, "good" if done == len(chosen) else "bad")
        return redirect(url_for("console.claims_outbox"), 303)

    @pages.route("/claims/reconciliations/<int:reconciliation>", *READERS, "auditor")
    def claims_reconciliation(reconciliation: int) -> ResponseReturnValue:
        after = read_cursor(request.args.get("cursor"), int) or 0
        found = store.reconciliations.differences(reconciliation, after, PAGE)
        following = None
        if len(found) == PAGE:
            following = url_for(
                "console.claims_reconciliation",
                reconciliation=reconciliation,
                cursor=write_cursor(after + PAGE),
            )
        return render_template(
            "reconciliation.html", number=reconciliation, differences=found, next=following
        )
