"""The evidence in a dossier, checked against what the ledger committed to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from lrs.dossier.contents import LEAVES, Shown, StatementShown, statement_member
from lrs.dossier.fault import Fault
from lrs.dossier.opened import Opened, fields_of
from lrs.dossier.verdict import Line
from lrs.xapi.signatures import USAGE, SignatureFault, check_signature
from schemas.xapi import XapiVersion


def check_evidence(dossier: Opened) -> Iterator[Line]:
    """Check every statement that the achievement rests on. Raises Fault."""
    if dossier.contents.erased is not None:
        return
    leaf = dossier.last("achievement", "verified")
    if leaf is None or leaf.shown is None:
        raise Fault(LEAVES, "no leaf tells on what the achievement rests")
    fields = fields_of(leaf)
    evidence: Mapping[str, str] = fields.get("body.evidence") or {}
    told = {one.id: one for one in dossier.contents.statements}
    for statement in sorted(told.keys() - evidence.keys()):
        raise Fault(f"dossier.json, statement {statement}", "it is not of the evidence")
    for statement, sha256 in sorted(evidence.items()):
        shown = told.get(statement)
        where = f"statement {statement}"
        if shown is None:
            yield Line(None, "evidence-gone", where, {"id": statement})
        elif shown.sha256 != sha256:
            raise Fault(where, "its hash is not the one that was logged")
        elif shown.shown == "whole":
            yield from _whole(dossier, shown)
        elif shown.shown == "members":
            yield from _members(dossier, shown, fields.get(f"statement.{statement}"))
        else:
            yield Line(None, "evidence-hash", where, {"id": statement})


def _whole(dossier: Opened, shown: StatementShown) -> Iterator[Line]:
    name = statement_member(shown.id, whole=True)
    if hashlib.sha256(dossier.read(name)).hexdigest() != shown.sha256:
        raise Fault(name, "it is not the statement that was logged (SHA-256)")
    values = {"id": shown.id, "provenance": shown.provenance}
    yield Line(True, "evidence-whole", name, values)
    statement = dossier.decoded(name, dict[str, Any])
    for one in shown.attachments:
        member = f"attachments/{one.sha2}"
        if not one.included:
            yield Line(None, "attachment-missing", member, {"sha2": one.sha2})
            continue
        if member not in dossier.members:
            raise Fault(member, "it is missing")
        if len(one.sha2) == 64 and dossier.members[member].sha256 != one.sha2:
            raise Fault(member, "it is not the attachment that the statement declares (SHA-2)")
        yield Line(True, "attachment", member, {"sha2": one.sha2})
        if one.usage == USAGE:
            yield _signature(dossier, shown.id, statement, dossier.read(member))


def _signature(
    dossier: Opened, statement_id: str, statement: dict[str, Any], content: bytes
) -> Line:
    version: XapiVersion = "2.0.0" if statement.get("version") == "2.0.0" else "1.0.3"
    where = f"statement {statement_id}"
    try:
        result = check_signature(content, statement, version, dossier.trusted.signatures)
    except SignatureFault as error:
        raise Fault(where, f"its signature {error}") from None
    return Line(True, "signature", where, {"id": statement_id, "result": result})


def _members(dossier: Opened, shown: StatementShown, commitment: object) -> Iterator[Line]:
    name = statement_member(shown.id, whole=False)
    fields = dossier.decoded(name, Shown)
    try:
        found = fields.disclosure().commitment().hex()
    except ValueError as error:
        raise Fault(name, f"a salt or digest is not hex: {error}") from None
    if found != commitment:
        raise Fault(name, "the members shown are not those that were logged")
    yield Line(True, "evidence-members", name, {"id": shown.id, "count": len(fields.fields)})
