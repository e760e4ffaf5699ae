"""Browsers that are signed in: the session cookie, and tokens against forged requests (CSRF).

The cookie holds 256 random bits; the store holds their keyed hash, whose session it is and when
it was used. A session is looked up for each request, so that ending it is felt at once.
"""

from __future__ import annotations

import base64
import hmac
import secrets

from flask import Flask, Response, g, request, session

from lrs.auth.secrets import RootSecret, new_api_secret
from lrs.problems import Problem
from lrs.store.people import Sessions
from schemas.audit import Act
from schemas.people import Session
from schemas.texts import Text

IDLE = 30 * 60 * 1_000_000
LIFE = 12 * 3600 * 1_000_000
"""Microseconds that a session lasts without use, and at the most."""

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf_token"
UNGUARDED = ("/xapi/", "/oauth/")
"""Where cookies are never looked at."""


class BrowserSessions:
    """Starts, finds and ends the session of the browser that sent the current request."""

    def __init__(self, sessions: Sessions, root: RootSecret, *, secure: bool) -> None:
        """`secure`: the service is reached by https, and its cookies never travel otherwise."""
        self._sessions = sessions
        self._root = root
        self._csrf_key = root.derive(b"csrf")
        self._secure = secure
        self.cookie = "__Host-lrs_session" if secure else "lrs_session"

    def current(self) -> Session | None:
        """Return the session of the current request, or None."""
        if "browser_session" not in g:
            token = request.cookies.get(self.cookie, "")
            g.browser_session = (
                self._sessions.find(self._hash(token), idle=IDLE, life=LIFE)
                if token and not request.path.startswith(UNGUARDED)
                else None
            )
        found: Session | None = g.browser_session
        return found

    def start(self, response: Response, principal: str) -> None:
        """Sign the browser in as a principal, under a new token whatever it brought along."""
        before = self.current()
        if before is not None:
            self.end(response)
        language = session.get("language")
        session.clear()
        if language:
            session["language"] = language
        token = new_api_secret()
        self._sessions.start(
            self._hash(token),
            principal,
            Act(
                principal=principal,
                action="sign_in",
                subject=principal,
                detail={"address": request.remote_addr},
            ),
        )
        response.set_cookie(
            self.cookie, token, secure=self._secure, httponly=True, samesite="Lax", path="/"
        )

    def end(self, response: Response) -> None:
        """Sign the browser out."""
        found = self.current()
        if found is not None:
            self._sessions.end(
                found.hash,
                Act(principal=found.principal, action="sign_out", subject=found.principal),
            )
        response.delete_cookie(
            self.cookie, secure=self._secure, httponly=True, samesite="Lax", path="/"
        )

    def csrf_token(self) -> str:
        """Return the token that a form of this browser must send back as `csrf_token`, or a
        script in the header X-CSRF-Token.
        """
        if self.current() is not None:
            seed = request.cookies[self.cookie]
        else:
            seed = session.setdefault("csrf", secrets.token_urlsafe(16))
        return base64.urlsafe_b64encode(
            hmac.digest(self._csrf_key, seed.encode(), "sha256")
        ).decode()

    def guard(self) -> None:
        """Refuse a request by which another site would act as the person at this browser.

        Raises Problem (403).
        """
        if request.method in SAFE or request.path.startswith(UNGUARDED):
            return
        given = request.authorization
        if given is not None and given.type == "bearer":
            return  # no browser adds this by itself
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise Problem(403, "Another site sent this request; act on the pages themselves.")
        if given is not None:
            return
        if self.current() is None and request.blueprint != "sign_in":
            return
        sent = request.headers.get(CSRF_HEADER) or request.form.get(CSRF_FIELD, "")
        if not hmac.compare_digest(sent.encode(), self.csrf_token().encode()):
            raise Problem(
                403,
                Text(
                    "The form is too old or was not ours: load the page again. (Scripts "
                    "send its %(csrf_field)s in the header %(csrf_header)s.)",
                    csrf_field=CSRF_FIELD,
                    csrf_header=CSRF_HEADER,
                ),
            )

    def _hash(self, token: str) -> bytes:
        return self._root.hash_of(f"session {token}")


def install(app: Flask, sessions: BrowserSessions) -> None:
    """Guard every request of the application, and give templates `csrf_token()`."""
    app.before_request(sessions.guard)
    app.jinja_env.globals["csrf_token"] = sessions.csrf_token
