"""The overview and a learner's page."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, format_percent

from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.language import in_language
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.records import RecordKey
from schemas.times import moment_of

LATEST = 10
PAGE = 25


def blueprint(service: Service) -> Blueprint:
    """Return the pages; all of them are for holders of `all/read`."""
    pages = Blueprint("console", __name__, template_folder="templates", static_folder="static")
    store = service.store

    @pages.before_request
    def enter() -> None:
        if request.endpoint == "console.static":
            return
        service.principal("reader")

    @pages.after_request
    def guard(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != "console.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    pages.add_app_template_filter(in_language, "in_language")
    pages.add_app_template_filter(format_datetime, "moment")
    pages.add_app_template_filter(format_percent, "percent")
    pages.add_app_template_filter(lambda at: format_datetime(moment_of(at)), "instant")

    @pages.get("/")
    def overview() -> ResponseReturnValue:
        after = request.args.get("cursor")
        found = store.records.personas(read_cursor(after, str), PAGE)
        return render_template(
            "overview.html",
            statements=store.statements.last_seq(),
            projected=store.records.checkpoint(),
            personas=found,
            next=write_cursor(found[-1].id) if len(found) == PAGE else None,
            achievements=store.achievements.page(None, LATEST),
            claims=store.exchange.claims(None, LATEST),
            units={(unit.code, unit.version): unit for unit in store.units.all()},
        )

    @pages.get("/learners/<persona>")
    def learner(persona: str) -> ResponseReturnValue:
        known = store.records.persona(persona)
        if known is None:
            raise Problem(404, "There is no such learner.")
        after = request.args.get("cursor")
        place = read_cursor(after, tuple[str, str, str])
        records = [
            record
            for _, record in store.records.records_of(persona, place and RecordKey(*place), PAGE)
        ]
        last = records[-1] if len(records) == PAGE else None
        return render_template(
            "learner.html",
            persona=known,
            records=records,
            next=last and write_cursor((persona, last.activity, last.registration or "")),
            achievements=store.achievements.page(None, PAGE, persona),
            claims=store.exchange.claims(None, PAGE, persona),
            units={(unit.code, unit.version): unit for unit in store.units.all()},
        )

    return pages
