"""The public catalogue: recognised units and certificates."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.evaluate import activities_of
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.rules import describe
from lrs.problems import Problem


def install(pages: Pages) -> None:
    """Add the catalogue and the page of one unit."""
    store = pages.service.store

    @pages.public("/catalogue")
    def catalogue() -> ResponseReturnValue:
        published = catalogue_of(store.units.all(), ())
        latest = [versions[max(versions)] for versions in published.versions.values()]
        field, kind = request.args.get("field", ""), request.args.get("kind", "")
        shown = [unit for unit in latest if field in ("", unit.field) and kind in ("", unit.kind)]
        return render_template(
            "catalogue.html",
            units=shown,
            fields=sorted({unit.field for unit in latest}),
            field=field,
            kind=kind,
        )

    @pages.public("/catalogue/<code>")
    def catalogue_unit(code: str) -> ResponseReturnValue:
        published = catalogue_of(store.units.all(), store.equivalences.all())
        versions = published.versions.get(code)
        if not versions:
            raise Problem(404, _("There is no such unit."))
        unit = versions[max(versions)]
        rule = describe(unit.rule, store.statements.definitions(activities_of(unit)))
        titles = {code: found[max(found)].title for code, found in published.versions.items()}
        conversions = [
            one
            for one in published.equivalences.values()
            if code in one.sources or code == one.target
        ]
        return render_template(
            "catalogue_unit.html",
            unit=unit,
            earned_by=rule,
            conversions=conversions,
            titles=titles,
        )
