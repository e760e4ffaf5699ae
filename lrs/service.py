"""The running service: its settings, its store and who may enter."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

import msgspec
from flask import abort, g, redirect, request

from adapters.outbound_http import OutboundHttp
from lrs.auth import principals
from lrs.auth.browser_sessions import BrowserSessions
from lrs.auth.client_key import client_key
from lrs.auth.identity_documents import LearnerDocuments
from lrs.auth.rate_limit import RateLimit
from lrs.auth.secret_places import SecretPlaces
from lrs.auth.secrets import RootSecret
from lrs.auth.sign_in import SignIn
from lrs.auth.sources import SourceCredentials
from lrs.console.language import DATA
from lrs.credentials.hosts import BadgeHosts
from lrs.credentials.issuing import Issuing
from lrs.credentials.keys import CredentialKeys
from lrs.exchange.notifier import Notifier
from lrs.ledger.keys import LedgerKeys
from lrs.oauth.access_tokens import AccessToken, AccessTokens, InvalidToken, token_issuers
from lrs.oauth.identity_provider import IdentityProvider
from lrs.oauth.signing_keys import SigningKeys
from lrs.problems import Problem
from lrs.settings import Settings, SettingsError
from lrs.store.opening import open_store
from lrs.xapi.signatures import Trust
from schemas.credentials import Issuer
from schemas.principals import Principal, Role
from schemas.sources import SCOPES, Scope, Source
from schemas.texts import Text
from schemas.xapi import XapiVersion, negotiate

RESOURCE_METADATA = "/.well-known/oauth-protected-resource"


class Service:
    """What every route needs, opened once a process."""

    def __init__(self, settings: Settings) -> None:
        """Open the store, making it on first use. Raises StoreError or SettingsError."""
        self.settings = settings
        self.root_secret = RootSecret.load(settings.data)
        self.store = open_store(settings)
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
        self.notifier = Notifier(
            self.store.webhooks,
            self.store.organisations,
            self.root_secret,
            settings.webhook_networks,
        )
        self.secure = settings.public_url.startswith("https:")
        self.rate_limit = RateLimit(settings.rate_limit)
        self.credentials = SourceCredentials(self.store.sources, self.root_secret)
        self.secret_places = SecretPlaces(self.store.sealed_values, self.root_secret)
        self.learner_documents = LearnerDocuments(self.store.identity_documents, self.root_secret)
        self.browsers = BrowserSessions(self.store.sessions, self.root_secret, secure=self.secure)
        self.sign_in = SignIn(
            self.store.people, self.store.audit, self.root_secret, self.credentials
        )
        self.signing_keys = SigningKeys(self.store.clients, self.root_secret)
        self.identity_provider = self._provider()
        self.tokens = AccessTokens(
            token_issuers(settings.public_url, self.signing_keys.key, self.identity_provider),
            settings.public_url,
            self.store.clients,
        )

    def _provider(self) -> IdentityProvider | None:
        settings = self.settings
        if settings.oidc_issuer is None:
            return None
        return IdentityProvider(
            OutboundHttp(),
            settings.oidc_issuer,
            settings.oidc_client_id,
            secret=settings.oidc_client_secret,
            key=client_key(self.store.client_keys, self.root_secret),
            public_url=settings.public_url,
        )

    def enter(self, *scopes: Scope) -> tuple[Source, XapiVersion]:
        """Return who asks and in which version of xAPI.

        Raises Problem (401, 403) for a stranger or one without any of `scopes`, VersionError
        for a version that is not spoken.
        """
        source = self.signed_in()
        if not source.may(*scopes):
            raise Problem(
                403,
                Text(
                    "The source %(key)r lacks the scope %(scopes)s.",
                    key=source.key,
                    scopes=" or ".join(scopes),
                ),
            )
        return source, negotiate(request.headers.get("X-Experience-API-Version"))

    def principal(self, *roles: Role) -> Principal:
        """Return who asks, an administrator or a holder of any of `roles`.

        Raises Problem: 401 for a stranger, 403 for anybody else. A stranger at a page is sent
        to sign in.
        """
        principal = self.asking()
        if principal is None:
            raise self._stranger()
        if not principal.holds(*roles):
            raise Problem(
                403,
                Text("This needs the role %(roles)s.", roles=" or ".join(roles) or "administrator"),
            )
        return principal

    def principal_about(self, persona: str, *roles: Role) -> Principal:
        """Return who asks for what is a persona's: a holder of any of `roles`, an administrator,
        or the learner who is that persona. Raises Problem (401, 403).
        """
        principal = self.principal("learner", *roles)
        if not principal.holds(*roles) and principal.persona != persona:
            raise Problem(403, "A learner may ask for their own only.")
        return principal

    def asking(self) -> Principal | None:
        """Return who asks, by the credentials of the request or its session; None: a stranger."""
        if "principal" not in g:
            g.principal = self._who()
        found: Principal | None = g.principal
        return found

    def signed_in(self) -> Source:
        """Return the source that the request's credentials belong to, or as which the client of
        its access token uses xAPI. Raises Problem (401).
        """
        source = self._source()
        if source is None:
            raise self._challenge()
        return source

    def _source(self) -> Source | None:
        given = request.authorization
        if given is None:
            return None
        if given.type == "bearer":
            token = self._token(given.token or "")
            return self._source_of(token) if token else None
        if given.type != "basic":
            return None
        return self.credentials.check(given.username or "", given.password or "")

    def _source_of(self, token: AccessToken) -> Source | None:
        """The client's source, with what both the token and the source may do."""
        found = self.store.sources.with_key(token.client.source) if token.client.source else None
        if found is None:
            return None
        source = found[0]
        scopes = tuple(one for one in SCOPES if one in token.scopes and source.may(one))
        return msgspec.structs.replace(source, scopes=scopes)

    def _token(self, text: str) -> AccessToken | None:
        try:
            return self.tokens.check(text)
        except InvalidToken as error:
            logging.getLogger("lrs.oauth").info("an access token was refused: %s", error)
            return None

    def _who(self) -> Principal | None:
        given = request.authorization
        if given is not None and given.type == "bearer":
            token = self._token(given.token or "")
            return principals.of_token(token.client, token.scopes) if token else None
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

    def _stranger(self) -> Problem:
        """The answer to somebody who has not signed in: programs are told 401, people are shown
        the page to sign in at.
        """
        if request.path.startswith(DATA) or "Authorization" in request.headers:
            return self._challenge()
        back = {"next": request.full_path.rstrip("?")} if request.method == "GET" else {}
        return abort(redirect(f"/sign-in?{urlencode(back)}".rstrip("?"), 303))

    def _challenge(self) -> Problem:
        """Say how to sign in (RFC 7617, RFC 6750 3, RFC 9728 5.1)."""
        given = request.authorization
        wrong = given is not None and given.type == "bearer"
        where = f'resource_metadata="{self.settings.public_url}{RESOURCE_METADATA}"'
        bearer = f'Bearer error="invalid_token", {where}' if wrong else f"Bearer {where}"
        basic = 'Basic realm="learning record store", charset="UTF-8"'
        return Problem(
            401,
            "Sign in with the key and secret of a source (HTTP Basic authentication), or with an "
            "access token.",
            headers={"WWW-Authenticate": bearer if wrong else f"{basic}, {bearer}"},
        )

    def close(self) -> None:
        """Finish and close."""
        self.store.close()
