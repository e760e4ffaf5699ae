"""The about resource (1.0.3 part three 2.8; 2.0.0 4.1.6.7)."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lrs.xapi import tincan_python
from lrs.xapi.parameters import expect_parameters
from schemas.xapi import SPOKEN


def blueprint() -> Blueprint:
    """Return the routes of the about resource, which anyone may read in any version."""
    routes = Blueprint("about", __name__)

    @routes.get("/about")
    def get() -> ResponseReturnValue:
        expect_parameters()
        old = tincan_python.is_asking()
        return {"version": [one for one in SPOKEN if not old or one == "1.0.3"]}

    return routes
