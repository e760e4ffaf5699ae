"""What a leaf of the ledger is, octet by octet (docs/ledger.md), and what it commits to. Pure.

A leaf says in clear of which kind a fact is and when it was; everything else is committed to
field by field under salts, so that each field can be shown without the others and none can be
guessed. With the secret that the salts come from gone, nothing can be shown or tested any more.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import struct
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

FORMAT = 1
SECRET_SIZE = 32
_FIELDS = b"lrs-fields/1\n"
_KIND = re.compile(rb"[a-z][a-z-]{0,31}")


class LeafError(Exception):
    """Octets that are no leaf, or fields that are not those a leaf commits to."""


@dataclass(frozen=True)
class Leaf:
    """The kind of a fact, its time in microseconds since the epoch, and the commitment."""

    kind: str
    at: int
    commitment: bytes

    def encode(self) -> bytes:
        """Return the entry of the log."""
        kind = self.kind.encode("ascii")
        return b"%c%c%b%b%b" % (
            FORMAT,
            len(kind),
            kind,
            struct.pack(">Q", self.at),
            self.commitment,
        )

    @classmethod
    def decode(cls, entry: bytes) -> Leaf:
        """Return the leaf of an entry. Raises LeafError."""
        if len(entry) < 2 or entry[0] != FORMAT or len(entry) != 42 + entry[1]:
            raise LeafError("the entry is not a leaf of format 1")
        kind = entry[2 : 2 + entry[1]]
        if not _KIND.fullmatch(kind):
            raise LeafError("the leaf's kind is not a word")
        (at,) = struct.unpack(">Q", entry[-40:-32])
        return cls(kind.decode(), at, entry[-32:])


@dataclass(frozen=True)
class Field:
    """One field that is shown: its name, the salt it is committed under, and its JSON text."""

    name: str
    salt: bytes
    text: str

    @property
    def digest(self) -> bytes:
        """What stands for the field in the commitment."""
        return hmac.digest(self.salt, f"{self.name}\0{self.text}".encode(), "sha256")


@dataclass(frozen=True)
class Disclosure:
    """Fields that are shown, and what stands for those that are not."""

    fields: tuple[Field, ...]
    hidden: tuple[bytes, ...]

    def commitment(self) -> bytes:
        """Return the commitment that these fields belong to."""
        return _commitment([*(field.digest for field in self.fields), *self.hidden])

    def texts(self) -> dict[str, str]:
        """Return the JSON text of each field shown."""
        return {field.name: field.text for field in self.fields}


def commit(secret: bytes, document: Mapping[str, str]) -> bytes:
    """Return the commitment to a document: the JSON text of each field by its name."""
    return _commitment(field.digest for field in _fields(secret, document))


def disclose(secret: bytes, document: Mapping[str, str], names: Container[str]) -> Disclosure:
    """Return the fields of a document that are in `names`, the others hidden."""
    fields = _fields(secret, document)
    return Disclosure(
        tuple(field for field in fields if field.name in names),
        tuple(sorted(field.digest for field in fields if field.name not in names)),
    )


def inner_secret(secret: bytes, name: str) -> bytes:
    """Return the secret of a document within a document."""
    return hmac.digest(secret, f"document\0{name}".encode(), "sha256")


def _fields(secret: bytes, document: Mapping[str, str]) -> list[Field]:
    return [
        Field(name, hmac.digest(secret, f"field\0{name}".encode(), "sha256"), text)
        for name, text in sorted(document.items())
    ]


def _commitment(digests: Iterable[bytes]) -> bytes:
    return hashlib.sha256(_FIELDS + b"".join(sorted(digests))).digest()
