"""Verifying a dossier with nothing but the file, and keys that are trusted from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lrs.dossier import contents as named
from lrs.dossier.container import ContainerError, read_archive
from lrs.dossier.contents import ProvedLeaf, manifest_text
from lrs.dossier.evidence import check_evidence
from lrs.dossier.fault import Fault
from lrs.dossier.opened import Opened, Trusted, fields_of, kind_of, place_of
from lrs.dossier.receipts import check_receipt
from lrs.dossier.stamps import check_timestamp
from lrs.dossier.verdict import Line, Verdict
from lrs.ledger.checkpoints import Checkpoint
from lrs.ledger.leaves import Leaf, LeafError
from lrs.ledger.merkle import ProofError, leaf_hash, verify_inclusion
from lrs.ledger.notes import Note, NoteError, VerifierKey, parse_note, verify
from schemas.times import format_instant, moment_of

_CLAIM_STATES = {
    "queued": ("claimed",),
    "sent": ("claimed",),
    "accepted": ("accepted",),
    "rejected": ("rejected",),
    "withdrawn": ("withdrawn",),
}


def verify_dossier(path: Path, trusted: Trusted) -> Verdict:
    """Check everything in a dossier. Raises OSError where the file cannot be read."""
    lines: list[Line] = []
    stands: bool | None = None
    with path.open("rb") as file:
        try:
            members = read_archive(file)
            lines.append(Line(True, "container", path.name))
            dossier = Opened(file, members, trusted)
        except ContainerError as error:
            return Verdict((Line(False, "container", error.where, rule=error.rule),), None)
        except Fault as error:
            return Verdict((Line(False, "member", error.where, rule=error.rule),), None)
        checks: tuple[Callable[[Opened], Iterator[Line]], ...] = (
            _manifest,
            _checkpoint,
            _leaves,
            _claim,
            _achievement,
            _unit,
            check_evidence,
            check_receipt,
            _status,
        )
        for check in checks:
            try:
                lines += check(dossier)
            except Fault as error:
                lines.append(Line(False, "member", error.where, rule=error.rule))
        if all(line.ok is not False for line in lines) and not dossier.contents.erased:
            stands = _stands(dossier)
    return Verdict(tuple(lines), stands)


def _manifest(dossier: Opened) -> Iterator[Line]:
    first = next(iter(dossier.members), None)
    if first != named.MANIFEST:
        raise Fault(named.MANIFEST, "it must be the first member")
    note, signed_by = _signed(dossier, named.MANIFEST, strict=True)
    others = [one for name, one in dossier.members.items() if name != named.MANIFEST]
    wanted = manifest_text(dossier.contents, [(one.name, one.size, one.sha256) for one in others])
    if note.text != wanted:
        faults = list(_differing(note.text, wanted))
        yield from faults
        return
    contents = dossier.contents
    yield Line(
        True,
        "manifest",
        named.MANIFEST,
        {
            "issued": contents.issued.isoformat(),
            "origin": contents.origin,
            "members": len(others),
        },
    )
    if not dossier.trusted.keys:
        values = {"key": str(signed_by[-1]), "origin": contents.origin}
        yield Line(None, "key", named.KEYS, values)
    elif set(signed_by) & set(dossier.trusted.keys):
        yield Line(True, "trusted-key", named.MANIFEST)
    else:
        raise Fault(named.MANIFEST, "it is signed by none of the keys that you trust")
    if contents.profile != "full":
        hidden = sum(len(leaf.shown.hidden) for leaf in dossier.leaves if leaf.shown)
        told = {"profile": contents.profile, "hidden": hidden}
        yield Line(None, "redacted", named.CONTENTS, told)


def _differing(signed: str, found: str) -> Iterator[Line]:
    """Say which members are not as the manifest has them."""
    kept = set(signed.splitlines())
    names = [line.split(" ")[-1] for line in found.splitlines() if line not in kept]
    for name in names or [named.MANIFEST]:
        yield Line(False, "member", name, rule="it is not what was signed (manifest.txt)")


def _signed(dossier: Opened, name: str, *, strict: bool) -> tuple[Note, list[VerifierKey]]:
    """Return a note and its signers; `strict` takes no line of an unknown key."""
    keys = dossier.keys()
    try:
        note = parse_note(dossier.text(name))
        if str(note) != dossier.text(name):
            raise NoteError("the note is not written in the canonical way")
        signed_by = []
        for line in note.signatures:
            known = [key for key in keys if line.is_by(key)]
            for key in known:
                verify(note.text, line, key)
                signed_by.append(key)
            if strict and not known:
                raise NoteError(f"a line of {line.name} is not of one of the ledger's keys")
        if not signed_by:
            raise NoteError("it is signed by none of the ledger's keys")
    except NoteError as error:
        raise Fault(name, str(error)) from None
    return note, signed_by


def _checkpoint(dossier: Opened) -> Iterator[Line]:
    note, signed_by = _signed(dossier, named.CHECKPOINT, strict=False)
    head = _head(note)
    if head.origin != dossier.contents.origin:
        raise Fault(named.CHECKPOINT, f"it is of another log, {head.origin}")
    if dossier.trusted.keys and not set(signed_by) & set(dossier.trusted.keys):
        raise Fault(named.CHECKPOINT, "it is signed by none of the keys that you trust")
    told = {"size": head.size, "origin": head.origin}
    yield Line(True, "checkpoint", named.CHECKPOINT, told)
    unchecked = 0
    for line in note.signatures:
        witness = next((key for key in dossier.trusted.witnesses if line.is_by(key)), None)
        if witness is not None:
            try:
                at = verify(note.text, line, witness)
            except NoteError as error:
                raise Fault(named.CHECKPOINT, str(error)) from None
            shown = {"name": witness.name, "at": moment_of((at or 0) * 1_000_000).isoformat()}
            yield Line(True, "witness", named.CHECKPOINT, shown)
        elif not any(line.is_by(key) for key in signed_by):
            unchecked += 1
    if unchecked:
        yield Line(None, "witnesses-unchecked", named.CHECKPOINT, {"count": unchecked})
    if named.TIMESTAMP in dossier.members:
        token = dossier.read(named.TIMESTAMP)
        yield from check_timestamp(token, note.text, dossier.trusted.timestamp_certificates)


def _head(note: Note) -> Checkpoint:
    try:
        return Checkpoint.parse(note.text)
    except NoteError as error:
        raise Fault(named.CHECKPOINT, str(error)) from None


def _leaves(dossier: Opened) -> Iterator[Line]:
    note, _ = _signed(dossier, named.CHECKPOINT, strict=False)
    head = _head(note)
    last = -1
    for one in dossier.leaves:
        place = place_of(one)
        try:
            entry = bytes.fromhex(one.entry)
            leaf = Leaf.decode(entry)
            proof = [bytes.fromhex(hash_) for hash_ in one.proof]
            verify_inclusion(one.index, head.size, leaf_hash(entry), proof, head.root)
            if one.shown and one.shown.disclosure().commitment() != leaf.commitment:
                raise LeafError("the fields shown are not those that the leaf commits to")
        except (ValueError, LeafError, ProofError) as error:
            yield Line(False, "leaf", place, rule=str(error))
            continue
        if one.index <= last:
            yield Line(False, "leaf", place, rule="the leaves are not in their order")
        last = one.index
        if one.shown is None and dossier.contents.erased is None:
            yield Line(False, "leaf", place, rule="nothing is shown of it and nothing was erased")
            continue
        values = {
            "index": one.index,
            "at": format_instant(leaf.at),
            "kind": leaf.kind,
            "about": one.about,
        }
        yield Line(True, "leaf" if one.shown else "leaf-erased", place, values)


def _claim(dossier: Opened) -> Iterator[Line]:
    leaf = dossier.last("claim", "claimed")
    if leaf is None:
        raise Fault(named.LEAVES, "no leaf tells that this was claimed")
    if dossier.contents.erased is not None:
        at = dossier.contents.erased.isoformat()
        erased = dossier.last("persona", "erased")
        if erased is None:
            raise Fault(named.LEAVES, "no leaf tells that the person was erased")
        yield Line(None, "erased", place_of(erased), {"at": at})
        return
    fields = fields_of(leaf)
    _expect(leaf, fields, "subject", dossier.contents.claim)
    _expect(leaf, fields, "body.achievement", dossier.contents.achievement)
    learner = "…"
    if named.CLAIM in dossier.members:
        payload = dossier.read(named.CLAIM)
        if hashlib.sha256(payload).hexdigest() != fields.get("body.claim_hash"):
            raise Fault(named.CLAIM, "it is not the claim whose hash was logged (claim_hash)")
        content = dossier.decoded(named.CLAIM, dict[str, Any])
        person = content.pop("learner", {})
        content |= {f"learner.{name}": value for name, value in person.items()}
        for name, value in content.items():
            if fields.get(f"claim.{name}") != value:
                raise Fault(named.CLAIM, f"{name} is not what was logged")
        learner = f"{person.get('name')} ({person.get('identifier')})"
    unit = fields.get("claim.unit") or {}
    if f"{unit.get('code')}/{unit.get('version')}" != dossier.contents.unit:
        raise Fault(place_of(leaf), "the claim is of another unit than the dossier says")
    values = {
        "claim": dossier.contents.claim,
        "learner": learner,
        "unit": dossier.contents.unit,
        "credits": unit.get("credits"),
    }
    yield Line(True, "claim", place_of(leaf), values)


def _achievement(dossier: Opened) -> Iterator[Line]:
    if dossier.contents.erased is not None:
        return
    leaf = dossier.last("achievement", "verified")
    if leaf is None:
        raise Fault(named.LEAVES, "no leaf tells that the achievement was verified")
    fields = fields_of(leaf)
    _expect(leaf, fields, "subject", dossier.contents.achievement)
    unit, _, version = dossier.contents.unit.rpartition("/")
    _expect(leaf, fields, "body.unit", unit)
    _expect(leaf, fields, "body.version", int(version) if version.isdecimal() else version)
    evidence = fields.get("body.evidence") or {}
    claimed = dossier.last("claim", "claimed")
    bound = fields_of(claimed).get("claim.evidence_hash") if claimed else None
    if fields.get("body.evidence_hash") != bound:
        raise Fault(place_of(leaf), "the claim is bound to other evidence (evidence_hash)")
    values = {
        "at": fields.get("body.achieved_at"),
        "unit": dossier.contents.unit,
        "count": len(evidence),
    }
    yield Line(True, "achievement", place_of(leaf), values)


def _unit(dossier: Opened) -> Iterator[Line]:
    leaf = dossier.last("unit", "published")
    if leaf is None:
        raise Fault(named.LEAVES, "no leaf tells that the rule was published")
    fields = fields_of(leaf)
    _expect(leaf, fields, "subject", dossier.contents.unit)
    if hashlib.sha256(dossier.read(named.UNIT)).hexdigest() != fields.get("body.hash"):
        raise Fault(named.UNIT, "it is not the rule that was published (hash)")
    yield Line(True, "unit", named.UNIT, {"unit": dossier.contents.unit})
    if named.EXPLANATION in dossier.members:
        yield Line(None, "explanation", named.EXPLANATION)


def _status(dossier: Opened) -> Iterator[Line]:
    claim = dossier.last("claim")
    told = dossier.contents.claim_state
    if claim is None or kind_of(claim) not in _CLAIM_STATES.get(told, ()):
        raise Fault(named.CONTENTS, f"the claim is told to be {told}, the log says otherwise")
    achievement = dossier.last("achievement")
    told = dossier.contents.achievement_state
    if achievement is None or kind_of(achievement) != told:
        raise Fault(named.CONTENTS, f"the achievement is told to be {told}, the log says otherwise")
    values = {
        "claim_state": dossier.contents.claim_state,
        "achievement_state": dossier.contents.achievement_state,
    }
    yield Line(True, "status", named.CONTENTS, values)


def _stands(dossier: Opened) -> bool:
    contents = dossier.contents
    return contents.claim_state in ("queued", "sent", "accepted") and (
        contents.achievement_state == "verified"
    )


def _expect(leaf: ProvedLeaf, fields: dict[str, Any], name: str, value: object) -> None:
    if fields.get(name) != value:
        raise Fault(place_of(leaf), f"{name} is {fields.get(name)}, the dossier is of {value}")
