"""Erasing a person, attachments included."""

from __future__ import annotations

import msgspec

from lrs.store.erasure import Erased
from lrs.store.store import Store
from schemas.audit import Act

PAGE = 500


def erase(store: Store, persona: str, principal: str, reason: str) -> Erased:
    """Erase a persona, and the attachments of its statements that no other statement has.

    Raises NotErasable. Attachments go last: where the process dies before, `lrs erase` again is
    refused, and they lie unreachable (docs/auditing.md, "Erasure").
    """
    act = Act(principal=principal, action="persona.erase", subject=persona, reason=reason)
    erased = store.erasure.erase(persona, act)
    remove_unattached(store, erased.attachments)
    store.import_files.remove_ended(lambda import_id: _has_ended(store, import_id))
    return erased


def _has_ended(store: Store, import_id: str) -> bool:
    found = store.imports.get(import_id)
    return found is None or found.state in ("done", "failed")


def remove_unattached(store: Store, contents: tuple[str, ...]) -> None:
    """Remove the attachments with these SHA-2 that no statement has."""
    for sha2 in sorted(set(contents) - _attached_elsewhere(store, contents)):
        store.attachments.remove(sha2)


def _attached_elsewhere(store: Store, wanted: tuple[str, ...]) -> set[str]:
    """Return which of the contents another statement has; reads all statements that there are."""
    found: set[str] = set()
    seq = 0
    while len(found) < len(wanted) and (page := store.statements.following(seq, PAGE)):
        for stored in page:
            if b'"sha2"' in stored.body:
                statement = msgspec.json.decode(stored.body)
                held = {one["sha2"].lower() for one in statement.get("attachments", ())}
                held |= {one["sha2"].lower() for one in statement["object"].get("attachments", ())}
                found |= held & set(wanted)
        seq = page[-1].seq
    return found
