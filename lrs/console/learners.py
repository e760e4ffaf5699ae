"""Learners: the list, and the file of one."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.learning_file import learning_file
from lrs.console.navigation import STAFF
from lrs.console.statements import read_identifier

PAGE = 25


def install(pages: Pages) -> None:
    """Add the list of learners and the file of one."""
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
        return render_template(
            "learner.html",
            **learning_file(store, persona),
            own=False,
            registrar=pages.service.principal(*STAFF).holds("registrar"),
        )
