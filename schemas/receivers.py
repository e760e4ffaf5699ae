"""A receiver's settings: how we sign in there, how fast, and what a learner is called."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta


class OAuthSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How we sign in: `method` at the token endpoint, `dpop` for tokens bound to a key of ours
    (RFC 9449), `resource` for what they are asked for (RFC 8707).
    """

    method: Literal["private_key_jwt", "client_secret_basic", "tls_client_auth"] = "private_key_jwt"
    dpop: bool = False
    resource: str | None = None


class CertificateSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Our TLS certificate at the receiver: PEM files, the certificate's with its chain."""

    certificate: str
    key: str


class LearnerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of a learner's identifiers the receiver is told.

    `identifiers` are beginnings of identifiers (`schemas.identifiers`), the best first, such as
    `account:https://hr.example` or `mbox`. With `look_up` the receiver is asked for the learner's
    account there, by name and identity document, before anything is claimed.
    """

    identifiers: tuple[str, ...] = ()
    look_up: bool = False


class ReceiverSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a receiver; each has a default that works with the sandbox.

    `per_second` limits how many requests it gets. `secret` says where our client secret is:
    `env:NAME`, `file:PATH` or `store:NAME`. `authorities` is a PEM file of certificate authorities
    instead of the well-known ones. Receipts are taken under `pinned_keys` (RFC 7638 thumbprints)
    alone where there are any. `mapping` is how the bank names things (`adapters.claim_mapping`),
    `options` what an adapter of another make wants to know.
    """

    per_second: Annotated[float, Meta(gt=0, le=1000)] | None = None
    learner: LearnerSettings = LearnerSettings()
    oauth: OAuthSettings = OAuthSettings()
    secret: Annotated[str, Meta(pattern=r"^(env|file|store):.+")] | None = None
    authorities: str | None = None
    certificate: CertificateSettings | None = None
    pinned_keys: tuple[str, ...] = ()
    mapping: dict[str, Any] | None = None
    options: dict[str, Any] = {}


def learner_identifier(settings: LearnerSettings, identifiers: tuple[str, ...]) -> str:
    """Return the first of the identifiers that the settings ask for, or the first at all."""
    for beginning in settings.identifiers:
        for identifier in identifiers:
            if identifier.startswith(beginning):
                return identifier
    return identifiers[0]
