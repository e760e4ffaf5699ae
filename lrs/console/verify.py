"""The page that checks a dossier in the browser, with no upload."""

from __future__ import annotations

from flask import make_response, render_template
from flask.typing import ResponseReturnValue

from lrs.console.frame import Pages

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""No connection may be opened: that nothing is sent is the browser's word, not ours."""


def install(pages: Pages) -> None:
    """Add the page, for everybody."""

    @pages.public("/verify")
    def verify() -> ResponseReturnValue:
        answer = make_response(render_template("verify.html"))
        answer.headers["Content-Security-Policy"] = POLICY
        return answer
