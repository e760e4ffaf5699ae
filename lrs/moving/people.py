"""How people, OAuth clients and keys are moved. Sessions are not: people sign in anew."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.moving.tables import Related, Row, Table, named, whole
from lrs.store.mongo.queries import name_of
from schemas.clients import Client
from schemas.engagements import Engagement
from schemas.people import Person
from schemas.times import moment_of

SECOND = 1_000_000

_read_person = msgspec.json.Decoder(Person).decode
_read_client = msgspec.json.Decoder(Client).decode

_read_engagement = msgspec.json.Decoder(Engagement).decode


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(struct)
    return whole(fields, "id")


def _person(row: Row, related: Related) -> dict[str, Any]:
    codes = related("SELECT hash FROM recovery_code WHERE person = ? ORDER BY hash", row["id"])
    links = related("SELECT hash, expires FROM sign_in_link WHERE person = ?", row["id"])
    document = {
        **_fields(_read_person(row["body"])),
        "password": row["password"],
        "totp": row["totp"],
        "totp_step": row["totp_step"],
        "recovery": [one["hash"] for one in codes],
    }
    return {**document, "link": links[0]} if links else document


def _attempt(row: Row, related: Related) -> dict[str, Any]:
    return {**whole(row, "name"), "last_moment": moment_of(row["last"])}


def _client(row: Row, related: Related) -> dict[str, Any]:
    return {**_fields(_read_client(row["body"])), "secret_hash": row["secret_hash"]}


def _used_assertion(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": name_of(row["client"], row["jti"]), **_until(row["forget_at"])}


def _revoked_token(row: Row, related: Related) -> dict[str, Any]:
    return {"_id": row["jti"], **_until(row["expires"])}


def _until(forget_at: int) -> dict[str, Any]:
    return {"forget_at": forget_at, "forget_moment": moment_of(forget_at * SECOND)}


def _engagement(row: Row, related: Related) -> dict[str, Any]:
    return _fields(_read_engagement(row["body"]))


TABLES = (
    Table("person", "SELECT * FROM person", _person),
    Table("sign_in_attempt", "SELECT * FROM sign_in_attempt", _attempt),
    Table("client", "SELECT * FROM client", _client),
    Table("used_assertion", "SELECT * FROM used_assertion", _used_assertion),
    Table("revoked_token", "SELECT * FROM revoked_token", _revoked_token),
    Table("signing_key", "SELECT * FROM signing_key", named("created")),
    Table("client_key", "SELECT * FROM client_key", named("kid")),
    Table("sealed_value", "SELECT * FROM sealed_value", named("name")),
    Table("identity_document", "SELECT * FROM identity_document", named("persona")),
    Table("engagement", "SELECT * FROM engagement", _engagement),
)
