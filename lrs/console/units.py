"""Units and their rules: versions, drafts, and what a draft would change before it is published."""

from __future__ import annotations

from datetime import UTC, datetime

import yaml
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.panel import what_if_of
from lrs.achievements.unit_schema import UnitSchema
from lrs.achievements.units_file import UnitsFileError, read_units
from lrs.achievements.what_if import Change
from lrs.api.units import publish_unit
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.problems import Problem
from schemas.principals import Role
from schemas.units import Unit

READERS: tuple[Role, ...] = ("reader", "officer", "registrar")
LOOKED_AT = 200
"""Personas that one look at what a draft would change goes through."""

EXAMPLE = """units:
  - code: NEW-UNIT-1
    version: 1
    title:
      en: A new unit
      zh-CN: 新单元
    field: 安全生产
    level: 4
    credits: 2
    hours: 32
    awarding_body: 国家开放大学教育培训中心
    kind: training
    rule:
      completed:
        activity: https://lms.example.edu.cn/course/view.php?id=1
"""


def install(pages: Pages) -> None:
    """Add the list of units, a unit's versions, and the editor."""
    service = pages.service
    store = service.store

    @pages.route("/units", *READERS)
    def units() -> ResponseReturnValue:
        catalogue = catalogue_of(store.units.all(), store.equivalences.all())
        return render_template(
            "units.html",
            latest=[versions[max(versions)] for versions in catalogue.versions.values()],
            equivalences=list(catalogue.equivalences.values()),
            drafts=store.units.drafts(None, 100),
            counts=store.figures.counts("verified_of_unit"),
        )

    @pages.route("/units/<code>/<int:version>", *READERS)
    def units_one(code: str, version: int) -> ResponseReturnValue:
        unit = store.units.unit(code, version)
        if unit is None:
            raise Problem(404, _("There is no such unit."))
        versions = sorted(catalogue_of(store.units.all(), ()).versions[code])
        return render_template("unit.html", unit=unit, versions=versions, text=_written(unit))

    @pages.route("/units/editor")
    def units_editor() -> ResponseReturnValue:
        code, version = request.args.get("code", ""), request.args.get("version", "")
        text = EXAMPLE
        if code and version.isdecimal():
            number = int(version)
            found = store.units.draft(code, number) or store.units.unit(code, number)
            if found is not None:
                text = _written(found)
        return _editor(text)

    @pages.route("/units/editor", methods=("POST",))
    def units_editor_use() -> ResponseReturnValue:
        text, do = request.form.get("text", ""), request.form.get("do", "")
        try:
            (unit,) = read_units(text, _("the draft"))
        except UnitsFileError as error:
            return _editor(text, fault=str(error)), 400
        except ValueError:
            return _editor(text, fault=_("Write one unit at a time.")), 400
        if do == "publish":
            try:
                publish_unit(service, unit)
            except Problem as problem:
                told = "; ".join(f"{one['path']}: {one['rule']}" for one in problem.errors or ())
                return _editor(text, fault=f"{problem.detail} {told}"), problem.status
            flash(_("%(code)s version %(version)s is published.", **_named(unit)), "good")
            return redirect(url_for("console.units_one", code=unit.code, version=unit.version), 303)
        if do == "keep":
            if store.units.unit(unit.code, unit.version) is not None:
                return _editor(text, fault=_("This version is published: write the next one.")), 409
            store.units.put_draft(unit)
            flash(_("The draft of %(code)s version %(version)s is kept.", **_named(unit)), "good")
            return redirect(url_for("console.units"), 303)
        run, now = what_if_of(store, unit), datetime.now(UTC)
        found = run.concerned("", LOOKED_AT)
        changes = [change for one in found if (change := run.change(one, now)) is not None]
        return _editor(text, changes=changes, looked_at=len(found))

    def _editor(
        text: str,
        *,
        fault: str | None = None,
        changes: list[Change] | None = None,
        looked_at: int = 0,
    ) -> str:
        return render_template(
            "unit_editor.html",
            text=text,
            fault=fault,
            changes=changes,
            looked_at=looked_at,
            all_looked_at=looked_at < LOOKED_AT,
        )


def _written(unit: Unit) -> str:
    return str(
        yaml.safe_dump({"units": [UnitSchema().dump(unit)]}, allow_unicode=True, sort_keys=False)
    )


def _named(unit: Unit) -> dict[str, object]:
    return {"code": unit.code, "version": unit.version}
