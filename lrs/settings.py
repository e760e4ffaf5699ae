"""What the service is told by its environment; every setting has a default that works."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from lrs.ledger.notes import NoteError, Witness


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what it may be."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`data` is the folder of the embedded store and of files, `mongo` the address of MongoDB where
    the store is there instead (then all machines share the folder), `public_url` what clients know
    (the home page of the `authority` of statements), `body_limit` in octets, `signature_trust`
    a PEM file of the certificates, and their revocation lists, that signatures are held against.
    `rate_limit` is how many requests a minute each credential may make of `/api/v1`, by process.
    `oidc_issuer` is the outside identity provider, where we are `oidc_client_id`; without a
    secret we sign in there with our client key.
    `webhook_networks` are those that webhooks may be in beside the public addresses.
    `ledger_witnesses` are asked to sign the ledger's checkpoints, the authority at
    `ledger_timestamps` to stamp them.
    `institution` is the name under which credentials are issued, `country` its ISO 3166-1 code.
    Whoever holds `metrics_token` may read the metrics; without it, programs on this machine may.
    """

    data: Path
    public_url: str
    mongo: str | None = field(default=None, repr=False)
    body_limit: int = 64 * 1024 * 1024
    signature_trust: Path | None = None
    rate_limit: int = 6000
    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: str | None = field(default=None, repr=False)
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    ledger_witnesses: tuple[Witness, ...] = ()
    ledger_timestamps: str | None = None
    institution: str = "Learning record store"
    country: str = "CN"
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.data / "lrs.db"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read LRS_DATA, LRS_STORE (`sqlite` or an address of MongoDB), LRS_PUBLIC_URL,
        LRS_BODY_LIMIT (octets), LRS_SIGNATURE_TRUST,
        LRS_WEBHOOK_NETWORKS (such as `10.0.0.0/8 127.0.0.0/8`), LRS_LEDGER_WITNESSES (`URL KEY`,
        several parted by commas), LRS_LEDGER_TIMESTAMPS (an address), LRS_INSTITUTION,
        LRS_COUNTRY, LRS_METRICS_TOKEN, LRS_RATE_LIMIT, and LRS_OIDC_ISSUER with
        LRS_OIDC_CLIENT_ID and LRS_OIDC_CLIENT_SECRET.

        Raises SettingsError.
        """
        limit = environment.get("LRS_BODY_LIMIT", str(cls.body_limit))
        if not limit.isdecimal() or int(limit) == 0:
            raise SettingsError(f"LRS_BODY_LIMIT must be a number of octets, is {limit!r}")
        trust = environment.get("LRS_SIGNATURE_TRUST")
        if trust and not Path(trust).is_file():
            raise SettingsError(
                f"LRS_SIGNATURE_TRUST must be a PEM file, there is none at {trust!r}"
            )
        rate = environment.get("LRS_RATE_LIMIT", str(cls.rate_limit))
        if not rate.isdecimal() or int(rate) == 0:
            raise SettingsError(f"LRS_RATE_LIMIT must be a number of requests, is {rate!r}")
        issuer = environment.get("LRS_OIDC_ISSUER")
        if issuer and not environment.get("LRS_OIDC_CLIENT_ID"):
            raise SettingsError("LRS_OIDC_ISSUER needs LRS_OIDC_CLIENT_ID: who we are there")
        try:
            given = environment.get("LRS_WEBHOOK_NETWORKS", "").split()
            networks = [ip_network(network) for network in given]
        except ValueError as error:
            raise SettingsError(f"LRS_WEBHOOK_NETWORKS: {error}") from error
        return cls(
            data=Path(environment.get("LRS_DATA", "data")).absolute(),
            mongo=_mongo(environment.get("LRS_STORE", "sqlite")),
            public_url=environment.get("LRS_PUBLIC_URL", "http://127.0.0.1:8080").rstrip("/"),
            body_limit=int(limit),
            signature_trust=Path(trust).absolute() if trust else None,
            rate_limit=int(rate),
            oidc_issuer=issuer.rstrip("/") if issuer else None,
            oidc_client_id=environment.get("LRS_OIDC_CLIENT_ID", ""),
            oidc_client_secret=environment.get("LRS_OIDC_CLIENT_SECRET") or None,
            webhook_networks=tuple(networks),
            ledger_witnesses=_witnesses(environment.get("LRS_LEDGER_WITNESSES", "")),
            ledger_timestamps=environment.get("LRS_LEDGER_TIMESTAMPS") or None,
            institution=environment.get("LRS_INSTITUTION", cls.institution),
            country=_country(environment.get("LRS_COUNTRY", cls.country)),
            metrics_token=environment.get("LRS_METRICS_TOKEN") or None,
        )


def _mongo(store: str) -> str | None:
    if store in ("", "sqlite"):
        return None
    if not store.startswith(("mongodb://", "mongodb+srv://")):
        raise SettingsError("LRS_STORE must be `sqlite` or an address such as mongodb://HOST/lrs")
    return store


def _witnesses(text: str) -> tuple[Witness, ...]:
    try:
        return tuple(Witness.parse(one) for one in text.split(",") if one.strip())
    except NoteError as error:
        raise SettingsError(f"LRS_LEDGER_WITNESSES must be URL KEY, …: {error}") from error


def _country(code: str) -> str:
    if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
        raise SettingsError(f"LRS_COUNTRY must be an ISO 3166-1 code such as CN, is {code!r}")
    return code
