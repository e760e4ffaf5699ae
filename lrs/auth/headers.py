"""The headers that keep a browser from doing what a page did not ask for."""

from __future__ import annotations

from flask import Flask, Response

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
OF_EVERY_ANSWER = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=31536000; includeSubDomains"


def of_data(*, secure: bool) -> dict[str, str]:
    """Return the headers of an answer that is no page."""
    headers = {**OF_EVERY_ANSWER, "Content-Security-Policy": DATA_POLICY}
    return {**headers, "Strict-Transport-Security": HSTS} if secure else headers


def install(app: Flask, *, secure: bool) -> None:
    """Set the headers on every answer that does not set its own; HSTS where `secure` (https)."""

    @app.after_request
    def protect(response: Response) -> Response:
        headers = response.headers
        for name, value in OF_EVERY_ANSWER.items():
            headers.setdefault(name, value)
        headers.setdefault(
            "Content-Security-Policy",
            PAGE_POLICY if response.mimetype == "text/html" else DATA_POLICY,
        )
        if secure:
            headers.setdefault("Strict-Transport-Security", HSTS)
        return response
