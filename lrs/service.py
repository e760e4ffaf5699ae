"""The running service: its settings, its store and who may enter."""

from __future__ import annotations

from flask import request

from lrs.auth.identity_documents import LearnerDocuments
from lrs.auth.secret_places import SecretPlaces
from lrs.auth.secrets import RootSecret
from lrs.auth.sources import SourceCredentials
from lrs.problems import Problem
from lrs.settings import Settings, SettingsError
from lrs.store.sqlite.store import SqliteStore
from lrs.xapi.signatures import Trust
from schemas.principals import Principal, Role
from schemas.sources import Scope, Source
from schemas.xapi import XapiVersion, negotiate


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
        self.credentials = SourceCredentials(self.store.sources, self.root_secret)
        self.secret_places = SecretPlaces(self.store.sealed_values, self.root_secret)
        self.learner_documents = LearnerDocuments(self.store.identity_documents, self.root_secret)

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

        Raises Problem: 401 for a stranger, 403 for anybody else.
        """
        source = self.signed_in()
        principal = Principal(
            id=f"source:{source.key}",
            name=source.name,
            roles=("administrator",)
            if source.may()
            else (("reader",) if source.may("all/read") else ()),
        )
        if not principal.holds(*roles):
            raise Problem(403, f"This needs the role {' or '.join(roles) or 'administrator'}.")
        return principal

    def signed_in(self) -> Source:
        """Return the source that the request's credentials belong to. Raises Problem (401)."""
        given = request.authorization
        source = None
        if given is not None and given.type == "basic":
            source = self.credentials.check(given.username or "", given.password or "")
        if source is None:
            raise Problem(
                401,
                "Sign in with the key and secret of a source (HTTP Basic authentication).",
                headers={
                    "WWW-Authenticate": 'Basic realm="learning record store", charset="UTF-8"'
                },
            )
        return source

    def close(self) -> None:
        """Finish and close."""
        self.store.close()
