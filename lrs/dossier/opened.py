"""A dossier whose container is in order, and what the one who verifies it trusts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeVar

import msgspec

from lrs.dossier import contents as named
from lrs.dossier.container import Member, read_member
from lrs.dossier.contents import Contents, ProvedLeaf, Shown
from lrs.dossier.fault import Fault
from lrs.ledger.leaves import Leaf, LeafError
from lrs.ledger.notes import NoteError, VerifierKey
from lrs.xapi.signatures import Trust

Shape = TypeVar("Shape")

MEMBER_LIMIT = 64 * 1024 * 1024
"""Octets of a member that is read as a whole; attachments are only hashed."""


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """What the one who verifies trusts: the ledger's keys (any where empty), witnesses' keys,
    the certificates of time-stamp authorities (PEM), and those of statements' signatures.
    """

    keys: Sequence[VerifierKey] = ()
    witnesses: Sequence[VerifierKey] = ()
    timestamp_certificates: bytes | None = None
    signatures: Trust = field(default_factory=Trust)


class Opened:
    """A dossier whose container is in order."""

    def __init__(self, file: BinaryIO, members: Sequence[Member], trusted: Trusted) -> None:
        self.members = {one.name: one for one in members}
        self.trusted = trusted
        self._file = file
        self.contents = self.decoded(named.CONTENTS, Contents)
        self.leaves = self.decoded(named.LEAVES, list[ProvedLeaf])

    def read(self, name: str) -> bytes:
        """Return a member's content. Raises Fault where there is none."""
        member = self.members.get(name)
        if member is None:
            raise Fault(name, "it is missing")
        if member.size > MEMBER_LIMIT:
            raise Fault(name, "it is too large")
        return read_member(self._file, member)

    def text(self, name: str) -> str:
        """Return a member as text. Raises Fault."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise Fault(name, "it is not UTF-8") from None

    def decoded(self, name: str, shape: type[Shape]) -> Shape:
        """Return a member of JSON as `shape`. Raises Fault."""
        try:
            return msgspec.json.decode(self.read(name), type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Fault(name, f"it is not of the documented form: {error}") from None

    def keys(self) -> list[VerifierKey]:
        """Return the ledger's keys that the dossier names. Raises Fault."""
        try:
            return [VerifierKey.parse(line) for line in self.text(named.KEYS).splitlines()]
        except NoteError as error:
            raise Fault(named.KEYS, str(error)) from None

    def last(self, about: str, *kinds: str) -> ProvedLeaf | None:
        """Return the last leaf of one of the kinds about a thing."""
        found = [
            one
            for one in self.leaves
            if one.about == about and (not kinds or kind_of(one) in kinds)
        ]
        return found[-1] if found else None


def kind_of(leaf: ProvedLeaf) -> str:
    """Return the kind of fact that a leaf is of. Raises Fault."""
    try:
        return Leaf.decode(bytes.fromhex(leaf.entry)).kind
    except (ValueError, LeafError) as error:
        raise Fault(place_of(leaf), str(error)) from None


def fields_of(leaf: ProvedLeaf) -> dict[str, Any]:
    """Return what a leaf shows, read as JSON. Raises Fault."""
    shown: Shown = leaf.shown or Shown(fields=())
    try:
        return {one.name: json.loads(one.text) for one in shown.fields}
    except ValueError:
        raise Fault(place_of(leaf), "a field is not JSON") from None


def place_of(leaf: ProvedLeaf) -> str:
    """Return where in the dossier a leaf is."""
    return f"{named.LEAVES}, leaf {leaf.index}"
