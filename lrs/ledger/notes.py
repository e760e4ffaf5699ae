"""Signed notes and the keys that verify them (C2SP signed-note, tlog-cosignature). Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519 = 0x01
COSIGNATURE = 0x04
"""Signature types: of a note's text, and of a checkpoint by a witness with the time."""

MOST_SIGNATURES = 64
_NAME = re.compile(r"[^\s+]+")
_SIGNATURE = re.compile(r"\u2014 ([^\s+]+) (\S+)")


class NoteError(Exception):
    """A note or key that cannot be used or is not signed as it should be; the text tells why."""


@dataclass(frozen=True, kw_only=True)
class VerifierKey:
    """A public Ed25519 key with the name and the type of signature it is for."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The four octets by which signature lines name the key."""
        start = self.name.encode() + b"\n" + bytes([self.type])
        return hashlib.sha256(start + self.public).digest()[:4]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Return the key of a text such as `example.com/log+530d903a+AekyeR…`. Raises NoteError."""
        parts = text.split("+", 2)
        if len(parts) != 3 or not _NAME.fullmatch(parts[0]):
            raise NoteError("a verifier key is written NAME+ID+KEY")
        material = decode_base64(parts[2])
        if len(material) != 33 or material[0] not in (ED25519, COSIGNATURE):
            raise NoteError("the verifier key is not an Ed25519 key")
        key = cls(name=parts[0], type=material[0], public=material[1:])
        if key.id.hex() != parts[1]:
            raise NoteError("the verifier key's id does not belong to it")
        return key


@dataclass(frozen=True)
class Witness:
    """A witness: the prefix of its address, and the key it signs with."""

    url: str
    key: VerifierKey

    @classmethod
    def parse(cls, text: str) -> Witness:
        """Return the witness of `URL KEY`. Raises NoteError."""
        url, _, key = text.strip().partition(" ")
        parsed = VerifierKey.parse(key.strip())
        if parsed.type != COSIGNATURE:
            raise NoteError("a witness's key is one for cosignatures (type 4)")
        return cls(url.rstrip("/"), parsed)


@dataclass(frozen=True)
class Signature:
    """A signature line: whose it is, by name and key id, and its octets after the key id."""

    name: str
    key_id: bytes
    value: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.value).decode()}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Tell whether the line names the key; it may still be no signature of it."""
        return (self.name, self.key_id) == (key.name, key.id)


@dataclass(frozen=True)
class Note:
    """A text, ending in a newline, and the signatures under it."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"


def parse_note(content: str) -> Note:
    """Return a note as it is written, no signature checked. Raises NoteError."""
    if re.search(r"[\x00-\x09\x0b-\x1f]", content):
        raise NoteError("a note holds no control characters")
    text, gap, lines = content.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise NoteError("a note is a text, an empty line and signature lines")
    signatures = parse_signatures(lines)
    if not 0 < len(signatures) <= MOST_SIGNATURES:
        raise NoteError(f"a note has 1 to {MOST_SIGNATURES} signatures")
    return Note(f"{text}\n", signatures)


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """Return the signatures of lines that each end in a newline. Raises NoteError."""
    found = []
    for line in lines.removesuffix("\n").split("\n"):
        match = _SIGNATURE.fullmatch(line)
        content = decode_base64(match[2]) if match else b""
        if not match or len(content) < 5:
            raise NoteError("a line is not a signature line")
        found.append(Signature(match[1], content[:4], content[4:]))
    return tuple(found)


def open_note(content: str, keys: Iterable[VerifierKey]) -> tuple[Note, list[VerifierKey]]:
    """Return a note and those of `keys` that signed it.

    Raises NoteError where none did, or where a line names one of the keys and is not its
    signature. Lines of other keys are passed over.
    """
    note = parse_note(content)
    signed_by = []
    for key in keys:
        for line in note.signatures:
            if line.is_by(key):
                verify(note.text, line, key)
                signed_by.append(key)
    if not signed_by:
        raise NoteError("the note is signed by none of the known keys")
    return note, signed_by


def verify(text: str, line: Signature, key: VerifierKey) -> int | None:
    """Check one signature of a note's text; of a witness, return its time (seconds).

    Raises NoteError.
    """
    signed, value, at = text.encode(), line.value, None
    if key.type == COSIGNATURE:
        if len(value) != 72:
            raise NoteError(f"a line of {key.name} is no cosignature")
        (at,) = struct.unpack(">Q", value[:8])
        signed, value = f"cosignature/v1\ntime {at}\n{text}".encode(), value[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, signed)
    except InvalidSignature:
        raise NoteError(f"the signature of {key.name} is not one of this text") from None
    return at


@dataclass(frozen=True)
class Signer:
    """A private key and the name it signs notes under."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The key that verifies."""
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return VerifierKey(name=self.name, type=ED25519, public=public)

    def sign(self, text: str) -> Signature:
        """Return the signature line of a text."""
        return Signature(self.name, self.verifier.id, self.key.sign(text.encode()))


def sign_note(text: str, signers: Sequence[Signer]) -> Note:
    """Return the text, signed by all. Raises NoteError where it cannot be a note's."""
    if not text.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", text):
        raise NoteError("a note's text ends in a newline and holds no control characters")
    return Note(text, tuple(signer.sign(text) for signer in signers))


def decode_base64(text: str) -> bytes:
    """Return the octets of base64 that is written in the one canonical way. Raises NoteError."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("not base64") from None
    if base64.b64encode(content).decode() != text:
        raise NoteError("not canonical base64")
    return content
