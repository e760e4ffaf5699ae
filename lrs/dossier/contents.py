"""What is in a dossier, member by member (docs/dossier.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
import rfc8785

from lrs.ledger.leaves import Disclosure, Field
from schemas.engagements import Profile

FORMAT = "lrs-dossier/1"

MANIFEST = "manifest.txt"
CONTENTS = "dossier.json"
PAGE = "index.html"
CHECKPOINT = "checkpoint.txt"
KEYS = "keys.txt"
LEAVES = "leaves.json"
UNIT = "unit.json"
CLAIM = "claim.json"
EXPLANATION = "explanation.json"
RECEIPT = "receipt.jws"
BANK_KEY = "bank-key.json"
WITHDRAWAL = "withdrawal.jws"
WITHDRAWAL_KEY = "withdrawal-key.json"
TIMESTAMP = "checkpoint.tsr"


class ShownField(msgspec.Struct, frozen=True):
    """A field as `lrs.ledger.leaves.Field`, its salt in hex."""

    name: str
    salt: str
    text: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that are shown, and the digests (hex) of those that are not."""

    fields: tuple[ShownField, ...]
    hidden: tuple[str, ...] = ()

    @classmethod
    def of(cls, disclosure: Disclosure) -> Shown:
        """Return a disclosure as it is written."""
        return cls(
            fields=tuple(
                ShownField(one.name, one.salt.hex(), one.text) for one in disclosure.fields
            ),
            hidden=tuple(one.hex() for one in disclosure.hidden),
        )

    def disclosure(self) -> Disclosure:
        """Return what is written. Raises ValueError where a salt or digest is not hex."""
        return Disclosure(
            tuple(Field(one.name, bytes.fromhex(one.salt), one.text) for one in self.fields),
            tuple(bytes.fromhex(one) for one in self.hidden),
        )


class ProvedLeaf(msgspec.Struct, frozen=True, kw_only=True):
    """A leaf with its proof; `entry` and hashes in hex. `shown` is None where it was erased."""

    about: Literal["claim", "achievement", "unit", "persona"]
    index: int
    entry: str
    proof: tuple[str, ...]
    shown: Shown | None


class AttachmentShown(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment of an evidence statement; `included` tells whether its content is here."""

    sha2: str
    included: bool
    usage: str


class StatementShown(msgspec.Struct, frozen=True, kw_only=True):
    """An evidence statement: whole, some of its members, or only its hash.

    `provenance` is the class of its source, `signature` what verifying it came to when it came.
    """

    id: str
    sha256: str
    shown: Literal["whole", "members", "hash"]
    provenance: str
    signature: str
    voided: bool
    attachments: tuple[AttachmentShown, ...] = ()


class OfficerDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer decided, and why."""

    at: datetime
    officer: str
    verdict: str
    reason: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a dossier: of what it is, for whom, and what state things were in."""

    format: str = FORMAT
    claim: str
    achievement: str
    unit: str
    receiver: str
    claim_state: str
    achievement_state: str
    issued: datetime
    origin: str
    profile: Profile
    purpose: str
    requested_by: str
    erased: datetime | None = None
    statements: tuple[StatementShown, ...] = ()
    decisions: tuple[OfficerDecided, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Why the rule is met, line by line, by language tag."""

    lines: dict[str, tuple[str, ...]]


def manifest_text(contents: Contents, members: list[tuple[str, int, str]]) -> str:
    """Return the text of the manifest: what it is of, and SHA-256, size and name of each member."""
    issued = msgspec.to_builtins(contents.issued)
    head = f"{FORMAT}\n{contents.origin}\n{contents.claim}\n{issued}\n{contents.profile}\n"
    return head + "".join(f"{sha256} {size} {name}\n" for name, size, sha256 in members)


def statement_member(statement: str, *, whole: bool) -> str:
    """Return the name of the member that holds a statement, or what is shown of it."""
    return f"statements/{statement}{'' if whole else '.fields'}.json"


def canonical(value: Any) -> bytes:
    """Return JSON as RFC 8785 writes it."""
    return rfc8785.dumps(msgspec.to_builtins(value))
