"""The frame of the pages: who may open which, the browser's rules, errors as pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, format_decimal, format_percent

from lrs.console.language import in_language
from lrs.console.navigation import ROLE_NAMES, ROLE_RIGHTS, home_of, open_to
from lrs.console.script_texts import script_texts
from lrs.console.words import (
    ACTIONS,
    CONSENT_LEVELS,
    DATA_CLASS_NAMES,
    DELIVERY_KINDS,
    EVENT_KINDS,
    FACT_KINDS,
    IMPORT_KINDS,
    IMPORT_STATES,
    ORGANISATION_KINDS,
    PARTS,
    PROFILES,
    PROVENANCES,
    VERDICTS,
    spent,
)
from lrs.problems import Problem
from lrs.service import Service
from schemas.principals import Role
from schemas.times import moment_of

MINUTES = "y-MM-dd HH:mm"
"""How pages write a time, the same in every language."""

TYPED = "y-MM-dd'T'HH:mm"
"""How a field of a form takes a time (HTML, valid local date and time string)."""

View = Callable[..., ResponseReturnValue]


class Pages:
    """The pages of the console, each with the roles that may open it; none without."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.blueprint = Blueprint(
            "console", __name__, template_folder="templates", static_folder="static"
        )
        self.blueprint.before_request(self._enter)
        self.blueprint.after_request(_never_kept)
        self.blueprint.register_error_handler(Problem, self._problem)
        self.blueprint.app_context_processor(self._context)
        for name, write in (
            ("in_language", in_language),
            ("moment", lambda at: format_datetime(at, MINUTES)),
            ("instant", lambda at: format_datetime(moment_of(at), MINUTES)),
            ("typed", lambda at: format_datetime(moment_of(at), TYPED)),
            ("spent", spent),
            ("percent", format_percent),
            ("count", format_decimal),
            ("role_name", lambda role: ROLE_NAMES[role]),
            ("role_right", lambda role: ROLE_RIGHTS[role]),
            ("event_kind", lambda kind: EVENT_KINDS.get(kind, kind)),
            ("verdict", lambda verdict: VERDICTS[verdict]),
            ("fact_kind", lambda kind: FACT_KINDS[kind]),
            ("delivery_kind", lambda kind: DELIVERY_KINDS[kind]),
            ("import_kind", lambda kind: IMPORT_KINDS[kind]),
            ("import_state", lambda state: IMPORT_STATES[state]),
            ("organisation_kind", lambda kind: ORGANISATION_KINDS[kind]),
            ("consent_level", lambda level: CONSENT_LEVELS[level]),
            ("profile", lambda profile: PROFILES[profile]),
            ("action", lambda action: ACTIONS.get(action, action)),
            ("data_class", lambda name: DATA_CLASS_NAMES[name]),
            ("part", lambda part: PARTS[part]),
            ("provenance", lambda name: PROVENANCES.get(name, name)),
        ):
            self.blueprint.add_app_template_filter(write, name)
        self._roles: dict[str, tuple[Role, ...] | None] = {"console.static": None}

    def route(
        self, rule: str, *roles: Role, methods: tuple[str, ...] = ("GET",)
    ) -> Callable[[View], View]:
        """Add a page for administrators and holders of any of `roles`."""
        return self._add(rule, roles, methods)

    def public(self, rule: str, methods: tuple[str, ...] = ("GET",)) -> Callable[[View], View]:
        """Add a page for everybody."""
        return self._add(rule, None, methods)

    def _add(
        self, rule: str, roles: tuple[Role, ...] | None, methods: tuple[str, ...]
    ) -> Callable[[View], View]:
        def decorate(view: View) -> View:
            self._roles[f"console.{view.__name__}"] = roles
            self.blueprint.add_url_rule(rule, view_func=view, methods=list(methods))
            return view

        return decorate

    def _enter(self) -> None:
        roles = self._roles[request.endpoint or ""]
        if roles is not None:
            self.service.principal(*roles)

    def _context(self) -> dict[str, Any]:
        asking = self.service.asking
        return {
            "navigation": lambda: open_to(asking()),
            "home": lambda: home_of(asking()),
            "script_texts": script_texts,
        }

    def _problem(self, problem: Problem) -> ResponseReturnValue:
        body = render_template("problem.html", problem=problem, told=problem.told())
        return Response(body, problem.status, problem.headers)


def _never_kept(response: Response) -> Response:
    if request.endpoint != "console.static":
        response.headers["Cache-Control"] = "no-store"
    return response
