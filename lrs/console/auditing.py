"""Auditing: what an auditor was engaged for, samples that can be drawn again, dossiers."""

from __future__ import annotations

import time

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.audits.drawing import draw
from lrs.audits.looking import engagement_of
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.problems import Problem

PAGE = 50
MOST = 1000
"""Claims that a page shows of a sample; the API draws larger ones."""


def install(pages: Pages) -> None:
    """Add an auditor's engagements and the page of one."""
    service = pages.service
    store = service.store

    @pages.route("/auditing", "auditor")
    def auditing() -> ResponseReturnValue:
        principal = service.principal("auditor")
        after = read_cursor(request.args.get("cursor"), tuple[int, str])
        found = store.engagements.page(after, PAGE, None if principal.holds() else principal.id)
        following = None
        if len(found) == PAGE:
            place = write_cursor((found[-1].created, found[-1].id))
            following = url_for("console.auditing", cursor=place)
        return render_template(
            "auditing.html",
            engagements=found,
            next=following,
            now=time.time_ns() // 1000,
            titles={unit.code: unit.title for unit in store.units.all()},
        )

    @pages.route("/auditing/<engagement>", "auditor")
    def auditing_one(engagement: str) -> ResponseReturnValue:
        principal = service.principal("auditor")
        known = engagement_of(store, principal, engagement)
        drawn = None
        if request.args.get("seed"):
            drawn = draw(
                service,
                principal,
                known.id,
                size=min(max(_size(), 1), MOST),
                seed=request.args["seed"][:200],
                unit=request.args.get("unit") or None,
                as_of=None,
            )
        claims = [
            claim for one in (drawn.claims if drawn else ()) if (claim := store.exchange.claim(one))
        ]
        return render_template(
            "engagement.html",
            one=known,
            drawn=drawn,
            claims=claims,
            titles={unit.code: unit.title for unit in store.units.all()},
            given=request.args,
        )


def _size() -> int:
    text = request.args.get("size", "")
    if not text.isascii() or not text.isdecimal() or len(text) > 6:
        raise Problem(400, _("Say how many claims."))
    return int(text)
