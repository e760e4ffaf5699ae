"""Rows in quarantine: corrected in place and taken in, or left out for good."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.imports import ROLES, known
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.imports import quarantine
from lrs.imports.intake import SourceRefused
from lrs.problems import Problem
from lrs.store.imports import NotQuarantined, QuarantinePlace


def install(pages: Pages) -> None:
    """Add the page of a row, and what its form sends to."""
    service = pages.service
    store = service.store.imports

    @pages.route("/imports/<import_id>/rows/<int:number>", *ROLES)
    def imports_row(import_id: str, number: int) -> ResponseReturnValue:
        return _row(import_id, number, {}, "", 200)

    @pages.route("/imports/<import_id>/rows/<int:number>", *ROLES, methods=("POST",))
    def imports_row_decide(import_id: str, number: int) -> ResponseReturnValue:
        known(service, import_id)
        place = QuarantinePlace(import_id, number)
        by, reason = service.principal(*ROLES).id, request.form.get("reason", "").strip()
        cells = {
            header: request.form.get(f"cell-{key.removeprefix('header-')}", "")
            for key, header in request.form.items()
            if key.startswith("header-")
        }
        if not reason:
            return _row(import_id, number, cells, _("Say why."), 400)
        try:
            if request.form.get("do") == "discard":
                quarantine.discard(service, place, by, reason)
                flash(_("The row is left out for good."), "good")
            else:
                quarantine.release(service, place, cells, by, reason)
                flash(_("The row is taken in."), "good")
        except NotQuarantined:
            raise Problem(404, _("There is no such row in quarantine.")) from None
        except SourceRefused as refusal:
            return _row(import_id, number, cells, refusal.reason[text_language()], 409)
        except quarantine.StillWrong as wrong:
            told = "; ".join(f"{one.path}: {one.rule[text_language()]}" for one in wrong.faults)
            return _row(import_id, number, cells, told, 409)
        return redirect(url_for("console.imports_one", import_id=import_id), 303)

    def _row(
        import_id: str, number: int, cells: dict[str, str], fault: str, status: int
    ) -> ResponseReturnValue:
        known(service, import_id)
        found = store.quarantined(QuarantinePlace(import_id, number))
        if found is None:
            raise Problem(404, _("There is no such row in quarantine."))
        page = render_template(
            "quarantined_row.html",
            found=found,
            cells={**found.row.cells, **cells},
            fault=fault,
            reason=request.form.get("reason", ""),
            text_language=text_language(),
        )
        return page, status
