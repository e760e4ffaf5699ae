"""The web application."""

from __future__ import annotations

import os

from flask import Flask, Response
from flask.typing import ResponseReturnValue

from lrs import problems
from lrs.lifeline import exit_with_parent
from lrs.service import Service
from lrs.settings import Settings
from lrs.xapi import statements
from schemas.xapi import SPOKEN


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application for the settings, by default those of the environment."""
    if settings is None and os.environ.get("LRS_EXIT_WITH_PARENT") == "1":
        exit_with_parent()
    service = Service(settings or Settings.from_environment())
    app = Flask("lrs")
    app.config["MAX_CONTENT_LENGTH"] = service.settings.body_limit
    app.extensions["lrs"] = service
    problems.install(app)
    app.register_blueprint(statements.blueprint(service), url_prefix="/xapi")

    @app.get("/xapi/about")
    def about() -> ResponseReturnValue:
        return {"version": list(SPOKEN)}

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.after_request
    def version_header(response: Response) -> Response:
        response.headers.setdefault("X-Experience-API-Version", SPOKEN[0])
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    return app
