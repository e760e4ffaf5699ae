"""Operations: who may send and sign in, where claims go, and the audit log."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.frame import Pages

PAGE = 50


def install(pages: Pages) -> None:
    """Add the pages of administrators."""
    store = pages.service.store

    @pages.route("/operations")
    def operations() -> ResponseReturnValue:
        after = read_cursor(request.args.get("cursor"), str)
        found = store.sources.page(after, PAGE)
        following = None
        if len(found) == PAGE:
            following = url_for("console.operations", cursor=write_cursor(found[-1].key))
        return render_template(
            "operations.html",
            sources=found,
            secrets={one.key: store.sources.secrets(one.key) for one in found},
            next=following,
            receivers=store.exchange.receivers(),
            circuits=store.outbox.circuits(),
            behind=store.statements.last_seq() - store.records.checkpoint(),
            waiting=store.achievements.due(1),
            checkpoint=store.ledger.checkpoint(),
        )

    @pages.route("/operations/people")
    def operations_people() -> ResponseReturnValue:
        after = read_cursor(request.args.get("cursor"), str)
        found = store.people.page(after, PAGE)
        following = None
        if len(found) == PAGE:
            following = url_for("console.operations_people", cursor=write_cursor(found[-1].name))
        return render_template("people.html", people=found, next=following)

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
        return render_template("audit_log.html", events=found, next=following, **wanted)
