"""The ledger's name and the keys that sign its checkpoints: sealed, rotated, published."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lrs.auth.secrets import RootSecret
from lrs.ledger.notes import NoteError, Signer, VerifierKey, open_note, sign_note
from lrs.store.ledger import Ledger, LedgerKey
from lrs.store.settings import StoreSettings
from schemas.times import format_instant

ORIGIN = "ledger_origin"
INTRODUCTION = "lrs-ledger-key/1"
_NONCE = 12
_SECOND = 1_000_000


class LedgerKeys:
    """The keys of this installation's ledger."""

    def __init__(
        self, ledger: Ledger, settings: StoreSettings, root: RootSecret, public_url: str
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._seal = AESGCM(root.derive(b"ledger keys"))
        self._url = public_url

    def origin(self) -> str:
        """Return the ledger's name: its address when it was begun, which it keeps for good."""
        known = self._settings.get(ORIGIN)
        if known is None:
            address = self._url.partition("://")[2].rstrip("/")
            known = self._settings.keep(ORIGIN, f"{address}/ledger".encode())
        return known.decode()

    def signers(self) -> list[Signer]:
        """Return the keys that sign now, making the first one on first use."""
        now = _now()
        keys = self._ledger.known_keys()
        if not keys:
            signer, key = self._new_key(now, None)
            if self._ledger.add_key(key, now):
                return [signer]
            keys = self._ledger.known_keys()
        if any(key.sealed and key.until is not None and key.until <= now for key in keys):
            self._ledger.destroy_keys(now)
        return [
            self._open(key.key, key.sealed)
            for key in keys
            if key.sealed is not None and (key.until is None or key.until > now)
        ]

    def verifiers(self) -> list[VerifierKey]:
        """Return every key that ever signed, the oldest first."""
        return [VerifierKey.parse(key.key) for key in self._ledger.known_keys()]

    def rotate(self, overlap: float) -> VerifierKey:
        """Add a key, introduced by those in force, which sign with it for `overlap` seconds."""
        signers, now = self.signers(), _now()
        signer, key = self._new_key(now, signers)
        self._ledger.add_key(key, now + int(overlap * _SECOND))
        checkpoint = self._ledger.checkpoint()
        if checkpoint is not None:
            text = checkpoint.note.rpartition("\n\n")[0] + "\n"
            self._ledger.resign(checkpoint, str(sign_note(text, self.signers())))
        return signer.verifier

    def published(self) -> dict[str, Any]:
        """Return the list of keys for `/ledger/keys`."""
        return {
            "origin": self.origin(),
            "keys": [
                {
                    "key": key.key,
                    "since": format_instant(key.since),
                    "until": None if key.until is None else format_instant(key.until),
                    "introduction": key.introduction,
                }
                for key in self._ledger.known_keys()
            ],
        }

    def _new_key(
        self, now: int, introduced_by: Sequence[Signer] | None
    ) -> tuple[Signer, LedgerKey]:
        signer = Signer(self.origin(), Ed25519PrivateKey.generate())
        key = str(signer.verifier)
        nonce = os.urandom(_NONCE)
        raw = signer.key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        note = None
        if introduced_by is not None:
            text = introduction_text(self.origin(), signer.verifier)
            note = str(sign_note(text, [*introduced_by, signer]))
        sealed = nonce + self._seal.encrypt(nonce, raw, key.encode())
        return signer, LedgerKey(key=key, since=now, sealed=sealed, introduction=note)

    def _open(self, key: str, sealed: bytes) -> Signer:
        raw = self._seal.decrypt(sealed[:_NONCE], sealed[_NONCE:], key.encode())
        return Signer(self.origin(), Ed25519PrivateKey.from_private_bytes(raw))


def introduction_text(origin: str, key: VerifierKey) -> str:
    """Return the text that an earlier key signs to introduce a new one."""
    return f"{INTRODUCTION}\n{origin}\n{key}\n"


def trusted_keys(published: dict[str, Any], known: Sequence[VerifierKey]) -> list[VerifierKey]:
    """Return the published keys that can be trusted by those already known.

    A key is where a trusted one introduced it. Raises NoteError for a list that is none.
    """
    trusted = list(known)
    try:
        keys = [(VerifierKey.parse(one["key"]), one["introduction"]) for one in published["keys"]]
        origin = str(published["origin"])
    except (KeyError, TypeError) as error:
        raise NoteError("the list of keys is not of the documented form") from error
    for key, introduction in keys:
        if key in trusted or introduction is None:
            continue
        note, signed_by = open_note(introduction, [*trusted, key])
        if note.text == introduction_text(origin, key) and set(signed_by) & set(trusted):
            trusted.append(key)
    return trusted


def _now() -> int:
    return time.time_ns() // 1000
