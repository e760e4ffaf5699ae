"""The running service: its settings, its store and who may enter."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import abort, g, redirect, request

from lrs.auth import principals
from lrs.auth.browser_sessions import BrowserSessions
from lrs.auth.identity_documents import LearnerDocuments
from lrs.auth.secret_places import SecretPlaces
from lrs.auth.secrets import RootSecret
from lrs.auth.sign_in import SignIn
from lrs.auth.sources import SourceCredentials
from lrs.credentials.hosts import BadgeHosts
from lrs.credentials.issuing import Issuing
from lrs.credentials.keys import CredentialKeys
from lrs.ledger.keys import LedgerKeys
from lrs.problems import Problem
from lrs.settings import Settings, SettingsError
from lrs.store.sqlite.store import SqliteStore
from lrs.xapi.signatures import Trust
from schemas.credentials import Issuer
from schemas.principals import Principal, Role
from schemas.sources import Scope, Source
from schemas.xapi import XapiVersion, negotiate

DATA = ("/api/", "/xapi/")
"""Where programs ask: they are told 401, people elsewhere are shown the page to sign in at."""


class Service:
    """What every route needs, opened once a process."""

    def __init__(self, settings: Settings) -> None:
        """Open the store, making it on first use. Raises StoreError or SettingsError."""
        self.settings = settings
        self.root_secret = RootSecret.load(settings.data)
        self.store = SqliteStore(settings.database)
        try:
            self.trust = Trust.load(settings.signature_trust)
        except (OSError, ValueError) as error:
            raise SettingsError(f"LRS_SIGNATURE_TRUST cannot be used: {error}") from error
        self.ledger_keys = LedgerKeys(
            self.store.ledger, self.store.settings, self.root_secret, settings.public_url
        )
        issuer = Issuer(
            id=f"{settings.public_url}/issuer",
            name={"zh-CN" if not settings.institution.isascii() else "en": settings.institution},
            url=settings.public_url,
            country=settings.country,
        )
        self.issuing = Issuing(
            issuer,
            keys=CredentialKeys(self.store.settings, self.root_secret, issuer),
            credentials=self.store.credentials,
            achievements=self.store.achievements,
            units=self.store.units,
            records=self.store.records,
        )
        self.badge_hosts = BadgeHosts(
            self.store.badge_links,
            self.store.achievements,
            self.issuing,
            self.root_secret,
            settings.webhook_networks,
        )
        self.secure = settings.public_url.startswith("https:")
        self.credentials = SourceCredentials(self.store.sources, self.root_secret)
        self.secret_places = SecretPlaces(self.store.sealed_values, self.root_secret)
        self.learner_documents = LearnerDocuments(self.store.identity_documents, self.root_secret)
        self.browsers = BrowserSessions(self.store.sessions, self.root_secret, secure=self.secure)
        self.sign_in = SignIn(
            self.store.people, self.store.audit, self.root_secret, self.credentials
        )

    def enter(self, *scopes: Scope) -> tuple[Source, XapiVersion]:
        """Return who asks and in which version of xAPI.

        Raises Problem (401, 403) for a stranger or one without any of `scopes`, VersionError
        for a version that is not spoken.
        """
        source = self.signed_in()
        if not source.may(*scopes):
            raise Problem(403, f"The source {source.key!r} lacks the scope {' or '.join(scopes)}.")
        return source, negotiate(request.headers.get("X-Experience-API-Version"))

    def principal(self, *roles: Role) -> Principal:
        """Return who asks, an administrator or a holder of any of `roles`.

        Raises Problem: 401 for a stranger, 403 for anybody else. A stranger at a page is sent
        to sign in.
        """
        principal = self.asking()
        if principal is None:
            raise _stranger()
        if not principal.holds(*roles):
            raise Problem(403, f"This needs the role {' or '.join(roles) or 'administrator'}.")
        return principal

    def asking(self) -> Principal | None:
        """Return who asks, by the credentials of the request or its session; None: a stranger."""
        if "principal" not in g:
            g.principal = self._who()
        found: Principal | None = g.principal
        return found

    def signed_in(self) -> Source:
        """Return the source that the request's credentials belong to. Raises Problem (401)."""
        source = self._source()
        if source is None:
            raise _challenge()
        return source

    def _source(self) -> Source | None:
        given = request.authorization
        if given is None or given.type != "basic":
            return None
        return self.credentials.check(given.username or "", given.password or "")

    def _who(self) -> Principal | None:
        if "Authorization" in request.headers:
            source = self._source()
            return principals.of_source(source) if source else None
        session = self.browsers.current()
        return self.principal_of(session.principal) if session else None

    def principal_of(self, principal: str) -> Principal | None:
        """Return the principal with the id as it is now; None where it may not enter any more."""
        kind, _, name = principal.partition(":")
        if kind == "person":
            person = self.store.people.person(name)
            return principals.of_person(person) if person and person.disabled is None else None
        found = self.store.sources.with_key(name)
        return principals.of_source(found[0]) if found else None

    def close(self) -> None:
        """Finish and close."""
        self.store.close()


def _stranger() -> Problem:
    """The answer to somebody who has not signed in."""
    if request.path.startswith(DATA) or "Authorization" in request.headers:
        return _challenge()
    back = {"next": request.full_path.rstrip("?")} if request.method == "GET" else {}
    return abort(redirect(f"/sign-in?{urlencode(back)}".rstrip("?"), 303))


def _challenge() -> Problem:
    return Problem(
        401,
        "Sign in with the key and secret of a source (HTTP Basic authentication).",
        headers={"WWW-Authenticate": 'Basic realm="learning record store", charset="UTF-8"'},
    )
