"""What an enterprise sees of its consenting employees: their achievements, sums, export."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.charts import band, bar_chart
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import in_language
from lrs.enterprise.asking import ask
from lrs.enterprise.reading import Reading
from lrs.enterprise.sums import folded, months_between
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.organisations import Organisations, SharedQuery
from lrs.store.records import RecordKey
from lrs.store.store import Store
from schemas.organisations import SHARED_STATES, Organisation, SummaryLine

PAGE = 50
BARS = 10
"""Units and departments that a chart shows, those with most first."""

MONTHS = 24
SUMS_AT_ONCE = 1000
MOST_SUMS = 20_000
"""Sums (of a unit, department, month and state) that a chart is made from."""

EXPORT = "/api/v1/enterprise/export"
FORMATS = ("xlsx", "csv", "ndjson", "clr")
_GIVEN = ("organisation", "unit", "department", "state", "since", "until")
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def install(pages: Pages) -> None:
    """Add the achievements of an enterprise's employees, and the page of one employee."""
    service = pages.service
    store = service.store
    reading = Reading(store.organisations, store.records, store.units)

    @pages.route("/employees", "enterprise")
    def employees() -> ResponseReturnValue:
        organisation = _organisation(service)
        if organisation is None:
            found = store.organisations.page(read_cursor(request.args.get("cursor"), str), PAGE)
            following = None
            if len(found) == PAGE:
                following = url_for("console.employees", cursor=write_cursor(found[-1].id))
            enterprises = [one for one in found if one.kind == "enterprise"]
            return render_template("employees_of.html", enterprises=enterprises, next=following)
        filters = _filters()
        query = ask(service, "read", organisation=organisation.id, filters=filters)
        after = read_cursor(request.args.get("cursor"), int) or 0
        found_now = store.organisations.shared(query, after, PAGE)
        given = {name: request.args[name] for name in _GIVEN if request.args.get(name)}
        following = None
        if len(found_now) == PAGE:
            place = {**given, "cursor": write_cursor(found_now[-1].seq)}
            following = f"{request.path}?{urlencode(place)}"
        exported = {name: value for name, value in filters.items() if value} | _as(organisation)
        return render_template(
            "employees.html",
            organisation=organisation,
            found=reading.named(found_now),
            next=following,
            given=given,
            export={
                kind: f"{EXPORT}?{urlencode({'format': kind, **exported})}" for kind in FORMATS
            },
            **_charts(store, query, filters),
        )

    @pages.route("/employees/<persona>", "enterprise")
    def employees_one(persona: str) -> ResponseReturnValue:
        organisation = _organisation(service)
        level = organisation and store.organisations.level(organisation.id, persona)
        if organisation is None or level is None:
            raise Problem(404, _("There is no such employee who lets you see something."))
        query = ask(service, "read", organisation=organisation.id, filters={}, persona=persona)
        records, following = [], None
        if level == "records":
            place = read_cursor(request.args.get("cursor"), tuple[str, str, str])
            records = store.records.records_of(persona, place and RecordKey(*place), PAGE)
            if len(records) == PAGE:
                last = records[-1][1]
                cursor = write_cursor((persona, last.activity, last.registration or ""))
                following = f"{request.path}?{urlencode({'cursor': cursor, **_as(organisation)})}"
        achievements = reading.named(store.organisations.shared(query, 0, PAGE))
        return render_template(
            "employee.html",
            organisation=organisation,
            name=store.records.names({persona}).get(persona),
            achievements=achievements,
            level=level,
            records=[record for _persona, record in records],
            next=following,
            acts=store.audit.page(None, 10, persona=persona),
        )


def _organisation(service: Service) -> Organisation | None:
    """The principal's organisation, the one that an administrator names, or None."""
    principal = service.principal("enterprise")
    asked = request.args.get("organisation") if principal.holds() else None
    own = asked or principal.organisation
    if own is None:
        return None
    found = service.store.organisations.organisation(own)
    if found is None:
        raise Problem(404, _("There is no such organisation."))
    return found


def _as(organisation: Organisation) -> dict[str, str]:
    """What an address says besides, where an administrator looks as an organisation."""
    return {"organisation": organisation.id} if request.args.get("organisation") else {}


def _charts(store: Store, query: SharedQuery, filters: dict[str, Any]) -> dict[str, Any]:
    """The sums of what the filters show, drawn, and what the filters offer."""
    months = SharedQuery(
        organisation=query.organisation,
        unit=query.unit,
        department=query.department,
        state=query.state,
        since=query.since and query.since[:7],
        until=query.until and query.until[:7],
    )
    sums = folded(_lines(store.organisations, months))
    choices = sums
    if any(filters.values()):
        everything = SharedQuery(organisation=query.organisation)
        choices = folded(_lines(store.organisations, everything))
    titles = {unit.code: in_language(unit.title) or unit.code for unit in store.units.all()}
    return {
        "total": sums.states.total(),
        "states": band([(state, sums.states[state]) for state in SHARED_STATES]),
        "of_units": [
            (titles.get(code, code), count) for code, count in sums.units.most_common(BARS)
        ],
        "of_departments": sums.departments.most_common(BARS),
        "months": bar_chart(
            [(month, sums.months[month]) for month in months_between(sums.months, MONTHS)]
        ),
        "unit_choices": sorted((titles.get(code, code), code) for code in choices.units),
        "department_choices": sorted(name for name in choices.departments if name),
    }


def _filters() -> dict[str, Any]:
    """The filters of the request as the API takes them: months as their first and last days."""
    since, until = _month("since"), _month("until")
    if until is not None:
        year, month = int(until[:4]), int(until[5:])
        until = f"{until}-{calendar.monthrange(year, month)[1]:02}"
    state = request.args.get("state")
    return {
        "unit": request.args.get("unit") or None,
        "department": request.args.get("department") or None,
        "state": state if state in SHARED_STATES else None,
        "since": since and f"{since}-01",
        "until": until,
    }


def _month(name: str) -> str | None:
    text = request.args.get(name, "").strip()
    if text and not _MONTH.fullmatch(text):
        raise Problem(400, _("Say a month as 2026-03."))
    return text or None


def _lines(organisations: Organisations, query: SharedQuery) -> Iterator[SummaryLine]:
    """Yield sums, a page at a time, up to `MOST_SUMS` of them."""

    def every() -> Iterator[SummaryLine]:
        after = None
        while page := organisations.summary(query, after, SUMS_AT_ONCE):
            yield from page
            last = page[-1]
            after = (last.unit, last.department, last.month, last.state)

    return islice(every(), MOST_SUMS)
