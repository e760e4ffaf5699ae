"""Retention: for how long data of each class is kept, and what another policy would remove."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.console.forms import Form
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.problems import Problem
from lrs.retention import Plan, plan
from lrs.service import Service
from schemas.audit import Act
from schemas.retention import DATA_CLASSES, LEAST_DAYS, MOST_DAYS, DataClass


def install(pages: Pages) -> None:
    """Add the policies, and the page of one class."""
    service = pages.service

    @pages.route("/operations/retention")
    def retention_list() -> ResponseReturnValue:
        policies = service.store.retention.policies()
        return render_template("retention.html", policies=policies.values(), least=LEAST_DAYS)

    @pages.route("/operations/retention/<data_class>")
    def retention_one(data_class: str) -> ResponseReturnValue:
        return _one(service, _known(data_class))

    @pages.route("/operations/retention/<data_class>", methods=("POST",))
    def retention_set(data_class: str) -> ResponseReturnValue:
        name, form = _known(data_class), Form()
        days = _days(form, name)
        if request.form.get("do") == "plan":
            if days is None and not form.faults:
                form.faults["days"] = _("Say for how many days: kept for good, nothing goes.")
            if form.faults or days is None:
                return _one(service, name, form), 400
            return _one(service, name, form, plan(service.store, name, days))
        reason = form.text("reason", 1000, needed=True)
        if form.faults:
            return _one(service, name, form), 400
        act = Act(
            principal=service.principal().id,
            action="retention.set",
            subject=name,
            reason=reason,
            detail={"days": days},
        )
        service.store.retention.put(name, days, act)
        flash(_("The policy is kept; the background work begins with it."), "good")
        return redirect(url_for("console.retention_list"), 303)


def _known(data_class: str) -> DataClass:
    for name in DATA_CLASSES:
        if name == data_class:
            return name
    raise Problem(404, _("There is no such class of data."))


def _days(form: Form, name: DataClass) -> int | None:
    """The days that were typed, None for good; what is wrong is among the form's faults."""
    text = form.text("days", 6)
    if not text or form.faults:
        return None
    days = int(text) if text.isascii() and text.isdecimal() else 0
    if not LEAST_DAYS[name] <= days <= MOST_DAYS:
        form.faults["days"] = _(
            "Say %(least)s to %(most)s days, or nothing to keep it for good.",
            least=LEAST_DAYS[name],
            most=MOST_DAYS,
        )
    return days


def _one(
    service: Service, name: DataClass, form: Form | None = None, found: Plan | None = None
) -> str:
    return render_template(
        "retention_one.html",
        one=service.store.retention.policies()[name],
        least=LEAST_DAYS[name],
        plan=found,
        faults=form.faults if form else {},
        given=request.form if form else None,
    )
