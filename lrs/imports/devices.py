"""Registering devices, and taking in the batches that they sign (docs/devices.md)."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from lrs.imports.files import RowsAtHand, statement_rows
from lrs.imports.intake import Elsewhere, import_source
from lrs.imports.run import work_off
from lrs.service import Service
from lrs.store.devices import BatchTaken, DeviceGone
from schemas.devices import BatchState, Device, DeviceBatch, Gap
from schemas.imports import Import, ImportRow
from schemas.texts import Text, text_of

ALGORITHMS: Final = {"EC": ("ES256",), "OKP": ("EdDSA", "Ed25519")}
"""Signature algorithms by the type of the key (RFC 7518 3.4, RFC 8037, RFC 9864)."""

TYPE: Final = "lrs-batch+jws"
"""`typ` of a batch's protected header."""

BATCH_LIMIT: Final = 8 * 1024 * 1024
"""Octets of a batch."""

STATEMENTS_LIMIT: Final = 1_000
"""Statements of a batch, which is taken in within its request."""

NUMBER_LIMIT: Final = 2**53 - 1
GAPS_SHOWN: Final = 20
SOURCE: Final = "devices"
"""Key of the source of devices that are bound to no other."""

_NAMESPACE: Final = uuid.UUID("a4f5c5c4-0a5f-5a2e-8a9c-9d5a4f2f7a66")


class KeyRefused(ValueError):
    """The key is not one that a device may sign with; the text is the rule."""


class BatchRefused(Exception):
    """A batch of which nothing is taken. `status` is the one of HTTP that says so."""

    def __init__(self, status: int, rule: str) -> None:
        super().__init__(rule)
        self.status = status


class _Header(msgspec.Struct):
    alg: str
    kid: str
    typ: str


class _Payload(msgspec.Struct, forbid_unknown_fields=True):
    number: Annotated[int, msgspec.Meta(ge=1, le=NUMBER_LIMIT)]
    statements: Annotated[
        list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=STATEMENTS_LIMIT)
    ]


class Receipt(NamedTuple):
    """What became of a batch: its import, the rows that wait in quarantine, and which numbers of
    the device are missing.
    """

    state: BatchState
    number: int
    imported: Import
    refused: list[ImportRow]
    missing: list[Gap]


class _Registry(jws.JWSRegistry):
    max_payload_length = BATCH_LIMIT


def device_key(jwk: Mapping[str, Any]) -> ECKey | OKPKey:
    """Return the public key of a JWK (RFC 7517): EC P-256 or Ed25519. Raises KeyRefused."""
    if "d" in jwk:
        raise KeyRefused(Text("must be a public key: leave out d, which the device alone may know"))
    try:
        if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
            return ECKey.import_key(_told(jwk, "x", "y"))
        if (jwk.get("kty"), jwk.get("crv")) == ("OKP", "Ed25519"):
            return OKPKey.import_key(_told(jwk, "x"))
    except (JoseError, ValueError, TypeError) as error:
        raise KeyRefused(Text("cannot be read as a JWK: %(error)s", error=text_of(error))) from None
    raise KeyRefused(
        Text("must be of kty EC with crv P-256 (ES256), or of kty OKP with crv Ed25519")
    )


def register(service: Service, name: str, jwk: Mapping[str, Any], source: str, by: str) -> Device:
    """Register a device for its key; one that has it already is returned.

    Raises KeyRefused, and SourceRefused where devices cannot be of the source.
    """
    key = device_key(jwk)
    import_source(service, source, signed=True)
    public = key.as_dict(private=False)
    device = Device(
        id=key.thumbprint(),
        name=name,
        source=source,
        jwk={part: public[part] for part in ("kty", "crv", "x", "y") if part in public},
        by=by,
        registered=0,
    )
    return service.store.devices.register(device)


def take(service: Service, token: bytes) -> Receipt:
    """Take in a batch (a compact JWS); one that was taken already changes nothing.

    Raises BatchRefused. Statements that cannot be taken go to quarantine, the others are stored.
    """
    device, payload, sha256 = _verified(service, token)
    store = service.store
    new = Import(
        id=str(uuid.uuid5(_NAMESPACE, f"{device.id}/{payload.number}")),
        name=f"{device.name}/{payload.number}",
        sha256=sha256,
        kind="batch",
        by=f"device:{device.id}",
        source=device.source,
        created=0,
        changed=0,
    )
    imported = store.imports.add(new)
    if imported.sha256 != sha256:
        raise _taken(payload.number)
    state: BatchState = "known"
    if imported.state != "done":
        rows = RowsAtHand(tuple(statement_rows(payload.statements)))
        try:
            *_, (imported, _) = work_off(service, imported, rows, rows.count())
        except Elsewhere:
            raise BatchRefused(
                409, Text("The batch is being taken in by another request; send it again.")
            ) from None
    batch = DeviceBatch(number=payload.number, sha256=sha256, import_id=imported.id, received=0)
    try:
        if store.devices.take(device.id, batch):
            state = "accepted"
    except BatchTaken:
        raise _taken(payload.number) from None
    except DeviceGone:
        raise _unknown() from None
    refused = store.imports.rows(imported.id, 0, STATEMENTS_LIMIT, "quarantined")
    missing = store.devices.gaps(device.id, GAPS_SHOWN)
    return Receipt(state, payload.number, imported, refused, missing)


def _verified(service: Service, token: bytes) -> tuple[Device, _Payload, str]:
    if len(token) > BATCH_LIMIT:
        raise BatchRefused(
            413,
            Text(
                "A batch must have at most %(batch_limit)s octets; divide it.",
                batch_limit=BATCH_LIMIT,
            ),
        )
    try:
        compact = jws.extract_compact(token.strip(), registry=_Registry())
        header = msgspec.convert(compact.headers(), type=_Header)
    except (JoseError, ValueError, TypeError) as error:
        raise BatchRefused(
            400,
            Text(
                "A batch must be a compact JWS with alg, kid and typ in its header: %(error)s",
                error=text_of(error),
            ),
        ) from None
    if header.typ != TYPE:
        raise BatchRefused(400, Text("The header's typ must be %(type)r.", type=TYPE))
    device = service.store.devices.get(header.kid)
    if device is None or device.revoked is not None:
        raise _unknown()
    allowed = [*ALGORITHMS[device.jwk["kty"]]]
    registry = _Registry(algorithms=allowed)
    try:
        verified = jws.deserialize_compact(token.strip(), device_key(device.jwk), registry=registry)
    except (JoseError, ValueError, TypeError):
        raise BatchRefused(
            403,
            Text(
                "The signature is not that of the device %(id)s (alg: %(known)s).",
                id=device.id,
                known=", ".join(allowed),
            ),
        ) from None
    try:
        payload = msgspec.json.decode(verified.payload, type=_Payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BatchRefused(
            400,
            Text(
                "The payload must be JSON with number and statements: %(error)s",
                error=text_of(error),
            ),
        ) from None
    return device, payload, hashlib.sha256(verified.payload).hexdigest()


def _told(jwk: Mapping[str, Any], *parts: str) -> dict[str, str | list[str]]:
    return {part: jwk[part] for part in ("kty", "crv", *parts) if isinstance(jwk.get(part), str)}


def _taken(number: int) -> BatchRefused:
    return BatchRefused(
        409,
        Text(
            "Another batch was handed in as number %(number)s; each batch needs a number "
            "of its own. Nothing of this one was stored.",
            number=number,
        ),
    )


def _unknown() -> BatchRefused:
    return BatchRefused(
        403,
        Text("The header's kid names no device that may hand in: register it, or it is revoked."),
    )
