"""Learners: the list, and the lifelong learning file of one."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.navigation import STAFF
from lrs.console.statements import read_identifier
from lrs.problems import Problem
from lrs.store.records import RecordKey

PAGE = 25


def install(pages: Pages) -> None:
    """Add the list of learners and the page of one."""
    store = pages.service.store

    @pages.route("/learners", *STAFF)
    def learners() -> ResponseReturnValue:
        wanted = request.args.get("identifier", "").strip()
        following, fault = None, None
        if wanted:
            found = []
            try:
                identifier = read_identifier(wanted)
                ids = store.records.personas_of([identifier]).values()
                found = [one for id_ in ids if (one := store.records.persona(id_)) is not None]
            except ValueError:
                fault = _("An e-mail address, an IRI of OpenID, or HOMEPAGE|NAME of an account.")
        else:
            found = store.records.personas(read_cursor(request.args.get("cursor"), str), PAGE)
            if len(found) == PAGE:
                following = url_for("console.learners", cursor=write_cursor(found[-1].id))
        return render_template(
            "learners.html", personas=found, next=following, wanted=wanted, fault=fault
        )

    @pages.route("/learners/<persona>", *STAFF)
    def learners_one(persona: str) -> ResponseReturnValue:
        known = store.records.persona(persona)
        if known is None:
            raise Problem(404, _("There is no such learner."))
        place = read_cursor(request.args.get("cursor"), tuple[str, str, str])
        records = [
            record
            for key, record in store.records.records_of(persona, place and RecordKey(*place), PAGE)
        ]
        last = records[-1] if len(records) == PAGE else None
        cursor = last and write_cursor((persona, last.activity, last.registration or ""))
        return render_template(
            "learner.html",
            persona=known,
            records=records,
            next=cursor and url_for("console.learners_one", persona=persona, cursor=cursor),
            achievements=store.achievements.page(None, PAGE, persona),
            claims=store.exchange.claims(None, PAGE, persona),
            units={(unit.code, unit.version): unit for unit in store.units.all()},
        )
