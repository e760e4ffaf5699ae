"""Making the dossier of a claim from what is stored."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.decision import ConditionResult
from lrs.achievements.explanation import explain_judgement
from lrs.achievements.judge import Judge
from lrs.dossier.container import Source
from lrs.dossier.contents import (
    BANK_KEY,
    CHECKPOINT,
    CLAIM,
    CONTENTS,
    EXPLANATION,
    KEYS,
    LEAVES,
    MANIFEST,
    PAGE,
    RECEIPT,
    TIMESTAMP,
    UNIT,
    WITHDRAWAL,
    WITHDRAWAL_KEY,
    AttachmentShown,
    Contents,
    Explanation,
    OfficerDecided,
    ProvedLeaf,
    Shown,
    StatementShown,
    canonical,
    manifest_text,
    statement_member,
)
from lrs.dossier.page import Reader, page_of
from lrs.dossier.profiles import shows_field, shows_member
from lrs.ledger.committed import statement_fields
from lrs.ledger.keys import LedgerKeys
from lrs.ledger.leaves import Leaf, disclose, inner_secret
from lrs.ledger.notes import sign_note
from lrs.ledger.proofs import Proofs, full_note
from lrs.store.exchange import Claim
from lrs.store.ledger import SignedCheckpoint, StoredLeaf
from lrs.store.store import Store
from schemas.achievements import Achievement
from schemas.engagements import Profile
from schemas.facts import Fact
from schemas.texts import Text
from schemas.times import moment_of
from schemas.units import Unit

_texts = msgspec.json.Decoder(dict[str, str]).decode


class NoDossier(Exception):
    """There is no dossier of this claim, or not yet; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """For which purpose a dossier is made, who asks, and what it may show."""

    purpose: str
    requested_by: str
    profile: Profile


@dataclass(frozen=True)
class _Subject:
    """What a dossier is about, as it is stored."""

    claim: Claim
    achievement: Achievement
    unit: Unit | None
    facts: tuple[tuple[str, Fact], ...]


class Builder:
    """Makes dossiers from the store."""

    def __init__(self, store: Store, keys: LedgerKeys) -> None:
        self._store = store
        self._keys = keys

    def persona_of(self, claim: str) -> str | None:
        """Return whose claim it is, None where there is no such claim."""
        known = self._store.exchange.claim(claim)
        achievement = known and self._store.achievements.achievement(known.achievement)
        return achievement.persona if achievement else None

    def build(self, claim: str, request: Request) -> list[Source]:
        """Return the members of the dossier of a claim, in order. Raises NoDossier."""
        subject = self._subject(claim)
        leaves, signed = self._leaves(subject.facts)
        erased = self._erased_at(subject)
        statements = list(self._statements(subject.achievement, leaves, request.profile))
        contents = Contents(
            claim=claim,
            achievement=subject.achievement.id,
            unit=f"{subject.achievement.unit}/{subject.achievement.version}",
            receiver=subject.claim.receiver,
            claim_state=subject.claim.state,
            achievement_state=_last_kind(subject.facts, "achievement"),
            issued=datetime.now(UTC),
            origin=self._keys.origin(),
            profile=request.profile,
            purpose=request.purpose,
            requested_by=request.requested_by,
            erased=erased,
            statements=tuple(one.shown for one in statements),
            decisions=tuple(
                OfficerDecided(
                    at=moment_of(one.at),
                    officer=one.principal,
                    verdict=one.verdict,
                    reason=one.reason if request.profile == "full" else "",
                )
                for one in self._store.achievements.decisions(subject.achievement.id)
            ),
        )
        proved = self._proved(subject.facts, leaves, signed, request.profile)
        explanation = None if erased else self._explanation(subject, request.profile)
        members = [
            Source(CONTENTS, canonical(contents)),
            Source(CHECKPOINT, full_note(signed).encode()),
            Source(KEYS, "".join(f"{key}\n" for key in self._keys.verifiers()).encode()),
            Source(LEAVES, canonical(proved)),
            *_optional(UNIT, canonical(subject.unit) if subject.unit else None),
            *self._claim(subject, erased=erased is not None, profile=request.profile),
            *_optional(EXPLANATION, canonical(explanation) if explanation else None),
            *_optional(TIMESTAMP, signed.timestamp),
            *(source for one in statements for source in one.sources),
        ]
        page = page_of(
            Reader(
                contents=contents,
                unit=subject.unit,
                leaves=proved,
                explanation=explanation,
                receipt=subject.claim.receipt,
                checkpoint_size=signed.size,
            )
        )
        members.insert(1, Source(PAGE, page.encode()))
        text = manifest_text(contents, [(one.name, one.size, one.sha256) for one in members])
        manifest = str(sign_note(text, self._keys.signers())).encode()
        return [Source(MANIFEST, manifest), *members]

    def _subject(self, claim: str) -> _Subject:
        known = self._store.exchange.claim(claim)
        if known is None:
            raise NoDossier(Text("there is no claim %(claim)s", claim=claim))
        achievement = self._store.achievements.achievement(known.achievement)
        if achievement is None:
            raise NoDossier(
                Text("the achievement of the claim %(claim)s is not stored any more", claim=claim)
            )
        units = self._store.units.all()
        version = (achievement.unit, achievement.version)
        unit = next((one for one in units if (one.code, one.version) == version), None)
        about = self._store.facts.about
        facts: list[tuple[str, Fact]] = [("claim", one) for one in about(claim)]
        facts += [("achievement", one) for one in about(achievement.id)]
        published = about(f"{achievement.unit}/{achievement.version}")
        facts += [("unit", one) for one in published if "unit" in one.body]  # no equivalence's
        facts += [("persona", one) for one in about(achievement.persona)]
        if known != self._store.exchange.claim(claim):
            raise NoDossier(Text("the claim has just changed; ask again"))
        return _Subject(known, achievement, unit, tuple(facts))

    def _leaves(
        self, facts: Sequence[tuple[str, Fact]]
    ) -> tuple[dict[int, StoredLeaf], SignedCheckpoint]:
        leaves = self._store.ledger.of_facts(fact.seq for _, fact in facts)
        missing = [fact.seq for _, fact in facts if fact.seq not in leaves]
        signed = self._store.ledger.checkpoint(
            max((one.index + 1 for one in leaves.values()), default=1)
        )
        if missing or signed is None:
            raise NoDossier(Text("the ledger is a few seconds behind; ask again soon"))
        return leaves, signed

    def _erased_at(self, subject: _Subject) -> datetime | None:
        times = [
            fact.at for about, fact in subject.facts if (about, fact.kind) == ("persona", "erased")
        ]
        return moment_of(times[-1]) if times else None

    def _proved(
        self,
        facts: Sequence[tuple[str, Fact]],
        leaves: dict[int, StoredLeaf],
        signed: SignedCheckpoint,
        profile: Profile,
    ) -> list[ProvedLeaf]:
        proofs = Proofs(self._store.ledger)
        proved = []
        for about, fact in sorted(facts, key=lambda one: one[1].seq):
            leaf = leaves[fact.seq]
            shown = None
            if leaf.opening is not None:
                document = _texts(leaf.opening.document)
                names = {name for name in document if shows_field(profile, name)}
                shown = Shown.of(disclose(leaf.opening.secret, document, names))
            proved.append(
                ProvedLeaf(
                    about=about,  # type: ignore[arg-type]
                    index=leaf.index,
                    entry=leaf.entry.hex(),
                    proof=tuple(one.hex() for one in proofs.inclusion(leaf.index, signed.size)),
                    shown=shown,
                )
            )
        return proved

    def _claim(self, subject: _Subject, *, erased: bool, profile: Profile) -> Iterator[Source]:
        if profile == "full" and not erased:
            yield Source(CLAIM, canonical(subject.claim.payload))
        for receipt, name, key_name in (
            (subject.claim.receipt, RECEIPT, BANK_KEY),
            (subject.claim.withdrawal, WITHDRAWAL, WITHDRAWAL_KEY),
        ):
            if receipt is not None:
                yield Source(name, receipt.jws.encode())
                yield from _optional(key_name, canonical(receipt.key) if receipt.key else None)

    def _explanation(self, subject: _Subject, profile: Profile) -> Explanation | None:
        """Return why the rule was met on the day it was, from the events as they are now."""
        persona = self._store.records.persona(subject.achievement.persona)
        if persona is None or profile == "minimal":
            return None
        judge = Judge(
            catalogue=catalogue_of(self._store.units.all(), self._store.equivalences.all()),
            achievements=self._store.achievements,
            records=self._store.records,
            statements=self._store.statements,
            sources=self._store.sources.all(),
        )
        verified = _last(subject.facts, "achievement", "verified")
        as_of = datetime.now(UTC) if verified is None else moment_of(verified)
        judgement = judge.judge(persona, subject.achievement.unit, as_of)
        if judgement is None:
            return None
        decisions = self._store.achievements.decisions(subject.achievement.id)
        if profile != "full":
            rule = _without_refused(judgement.decision.rule)
            decision = msgspec.structs.replace(judgement.decision, rule=rule)
            judgement = msgspec.structs.replace(judgement, decision=decision)
            decisions = []
        return Explanation(
            {
                language: tuple(explain_judgement(judgement, decisions, language))
                for language in ("en", "zh-CN")
            }
        )

    def _statements(
        self, achievement: Achievement, leaves: dict[int, StoredLeaf], profile: Profile
    ) -> Iterator[_Statement]:
        opening = _opened_verification(leaves)
        sources = self._store.sources.all()
        for statement, sha256 in sorted(achievement.evidence.items()):
            stored = self._store.statements.get(uuid.UUID(statement).bytes)
            if stored is None or hashlib.sha256(stored.body).hexdigest() != sha256:
                continue
            source = sources.get(stored.source)
            whole = profile == "full"
            name = f"statement.{statement}"
            members = _members_shown(stored.body, profile)
            committed = opening is not None and name in opening[1]
            found: list[Source] = []
            if whole:
                found.append(Source(statement_member(statement, whole=True), stored.body))
            elif members and committed and opening is not None:
                inner = inner_secret(opening[0], name)
                shown = Shown.of(disclose(inner, statement_fields(stored.body), members))
                found.append(Source(statement_member(statement, whole=False), canonical(shown)))
            attachments = []
            for one in _attachments_of(stored.body):
                sha2 = one["sha2"].lower()
                included = whole and self._store.attachments.has(sha2)
                if included:
                    found.append(Source(f"attachments/{sha2}", self._store.attachments.path(sha2)))
                attachments.append(
                    AttachmentShown(sha2=sha2, included=included, usage=one["usageType"])
                )
            kind = "whole" if whole else ("members" if found else "hash")
            yield _Statement(
                StatementShown(
                    id=statement,
                    sha256=sha256,
                    shown=kind,  # type: ignore[arg-type]
                    provenance=source.provenance if source else "unknown",
                    signature=stored.signature,
                    voided=stored.voided,
                    attachments=tuple(attachments) if whole else (),
                ),
                found,
            )


@dataclass(frozen=True)
class _Statement:
    shown: StatementShown
    sources: list[Source]


def _opened_verification(leaves: Mapping[int, StoredLeaf]) -> tuple[bytes, dict[str, str]] | None:
    """Return secret and fields of the last leaf that verified the achievement."""
    for leaf in sorted(leaves.values(), key=lambda one: -one.index):
        if leaf.opening is not None and Leaf.decode(leaf.entry).kind == "verified":
            return leaf.opening.secret, _texts(leaf.opening.document)
    return None


def _last_kind(facts: Sequence[tuple[str, Fact]], about: str) -> str:
    """Return what became of a thing last, as the log has it."""
    return [fact.kind for of, fact in facts if of == about][-1]


def _last(facts: Sequence[tuple[str, Fact]], about: str, kind: str) -> int | None:
    """Return when the last fact of a kind was."""
    return max((fact.at for of, fact in facts if (of, fact.kind) == (about, kind)), default=None)


def _optional(name: str, content: bytes | None) -> list[Source]:
    return [] if content is None else [Source(name, content)]


def _members_shown(body: bytes, profile: Profile) -> set[str]:
    members: dict[str, Any] = msgspec.json.decode(body)
    kind = members["object"].get("objectType")
    return {name for name in members if shows_member(profile, name, kind)}


def _attachments_of(body: bytes) -> list[dict[str, Any]]:
    """Return the attachments of a statement and of its sub-statement, each content once."""
    statement: dict[str, Any] = msgspec.json.decode(body)
    found = [*statement.get("attachments", ()), *statement["object"].get("attachments", ())]
    return list({one["sha2"].lower(): one for one in found}.values())


def _without_refused(result: ConditionResult) -> ConditionResult:
    """Leave out what does not count: it may name examiners."""
    return msgspec.structs.replace(
        result, refused=(), conditions=tuple(_without_refused(one) for one in result.conditions)
    )
