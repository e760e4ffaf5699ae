"""What the leaf of a fact commits to: the fact, and the claim, statements and identity it is of."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
import rfc8785

from lrs.ledger.leaves import commit, inner_secret
from lrs.store.achievements import Achievements
from lrs.store.exchange import Exchange
from lrs.store.records import Records
from lrs.store.statements import Statements
from schemas.claims import ClaimPayload
from schemas.facts import Fact

CLAIM_KINDS = ("claimed", "accepted", "rejected", "withdrawn")
PERSONA_KINDS = ("merged", "unmerged", "transferred", "erased")

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Committed:
    """Reads what a fact is about, in the words of docs/ledger.md, "Fields"."""

    def __init__(
        self,
        achievements: Achievements,
        exchange: Exchange,
        records: Records,
        statements: Statements,
    ) -> None:
        self._achievements = achievements
        self._exchange = exchange
        self._records = records
        self._statements = statements

    def persona(self, fact: Fact) -> str | None:
        """Return whose personal data the fact touches, None of a unit."""
        if fact.kind == "published":
            return None
        if fact.kind in PERSONA_KINDS:
            return fact.subject
        if fact.kind in CLAIM_KINDS:
            claim = self._exchange.claim(fact.subject)
            achievement = claim and self._achievements.achievement(claim.achievement)
            return achievement.persona if achievement else None
        persona = fact.body.get("persona")
        return str(persona) if persona else None

    def document(self, fact: Fact, persona: str | None, secret: bytes) -> dict[str, str]:
        """Return the JSON text of each field, by its name."""
        document = {"subject": _json(fact.subject)}
        document |= {f"body.{name}": _json(value) for name, value in fact.body.items()}
        if fact.kind == "claimed":
            claim = self._exchange.claim(fact.subject)
            if claim is not None:
                document |= claim_fields(claim.payload)
        if fact.kind == "verified":
            document |= self._identity(persona)
            document |= self._evidence(fact.body.get("evidence") or {}, secret)
        return document

    def _identity(self, persona: str | None) -> dict[str, str]:
        known = self._records.persona(persona) if persona else None
        if known is None:
            return {}
        return {
            "persona.identifiers": _json(list(known.identifiers)),
            "persona.name": _json(known.name),
        }

    def _evidence(self, evidence: Mapping[str, str], secret: bytes) -> dict[str, str]:
        """Return a commitment to the members of each statement that is still as it was."""
        fields = {}
        for statement, digest in evidence.items():
            stored = self._statements.get(uuid.UUID(statement).bytes)
            if stored is not None and hashlib.sha256(stored.body).hexdigest() == digest:
                name = f"statement.{statement}"
                inner = inner_secret(secret, name)
                fields[name] = _json(commit(inner, statement_fields(stored.body)).hex())
        return fields


def claim_fields(payload: ClaimPayload) -> dict[str, str]:
    """Return the fields of a claim's payload; the learner's are apart from each other."""
    values: dict[str, Any] = msgspec.to_builtins(payload)
    learner = values.pop("learner")
    fields = {f"claim.{name}": _json(value) for name, value in values.items()}
    return fields | {f"claim.learner.{name}": _json(value) for name, value in learner.items()}


def statement_fields(body: bytes) -> dict[str, str]:
    """Return the members of a statement, each as the very text that is stored."""
    return {name: bytes(raw).decode() for name, raw in _members(body).items()}


def _json(value: Any) -> str:
    return rfc8785.dumps(value).decode()
