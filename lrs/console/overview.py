"""The overview: what came in, what became of it, and what has gone wrong; it keeps itself fresh."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime

from lrs.console.charts import band, bar_chart
from lrs.console.frame import Pages
from lrs.console.language import TIME_ZONE
from lrs.console.navigation import STAFF, home_of
from lrs.store.store import Store
from schemas.principals import ROLES
from schemas.times import moment_of

LATEST = 6
MONTHS = 18
MINUTE = 60_000_000
ACHIEVEMENT_STATES = ("verified", "candidate", "refused", "superseded", "revoked")
CLAIM_STATES = ("accepted", "sent", "queued", "rejected", "withdrawn")
UNITS = 8


def install(pages: Pages) -> None:
    """Add the overview and the part of it that browsers fetch again and again."""
    store = pages.service.store

    @pages.route("/", *ROLES)
    def overview() -> ResponseReturnValue:
        principal = pages.service.principal(*ROLES)
        if not principal.holds(*STAFF):
            return redirect(url_for(home_of(principal)), 303)
        return render_template("overview.html", **_figures(store))

    @pages.route("/overview/live", *STAFF)
    def overview_live() -> ResponseReturnValue:
        return render_template("overview_live.html", **_figures(store))


def _figures(store: Store) -> dict[str, Any]:
    figures = store.figures
    behind = store.health.waiting()["projection"]
    achievements, claims = figures.counts("achievement"), figures.counts("claim")
    verified_of = figures.counts("verified_of_unit")
    units = {unit.code: unit for unit in store.units.all()}
    most = sorted(verified_of.items(), key=lambda item: -item[1])[:UNITS]
    months = list(figures.counts("verified_in_month").items())[-MONTHS:]
    latest_claims = store.exchange.claims(None, LATEST)
    return {
        "statements": store.health.statements(),
        "behind": behind.much,
        "lag": max(0.0, time.time() - behind.since / 1e6) if behind.since is not None else 0.0,
        "personas": figures.total("persona"),
        "records": figures.total("record"),
        "verified": achievements.get("verified", 0),
        "accepted": claims.get("accepted", 0),
        "parked": figures.total("parked"),
        "rejected": claims.get("rejected", 0),
        "arrivals": bar_chart(_arrivals(store)),
        "months": bar_chart(months),
        "achievement_band": band([(key, achievements.get(key, 0)) for key in ACHIEVEMENT_STATES]),
        "claim_band": band([(key, claims.get(key, 0)) for key in CLAIM_STATES]),
        "of_units": [(units.get(code), code, count) for code, count in most],
        "claims": latest_claims,
        "unrecognised": sum(store.records.unrecognised().values()),
    }


def _arrivals(store: Store, minutes: int = 60) -> list[tuple[str, int]]:
    """How many statements came in each of the last minutes."""
    now = int(time.time() * 1e6)
    start = now - now % MINUTE - (minutes - 1) * MINUTE
    begins = [start + number * MINUTE for number in range(minutes)]
    counts = store.figures.received_in(begins)
    return [(_clock(moment_of(at)), count) for at, count in zip(begins, counts, strict=True)]


def _clock(moment: datetime) -> str:
    return str(format_datetime(moment.astimezone(ZoneInfo(TIME_ZONE)), "HH:mm"))
