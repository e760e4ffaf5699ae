"""The contract of erasing a person: what is theirs goes, what they earned stays countable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from schemas.audit import Act

Keep = Callable[[dict[str, Any], frozenset[str]], bool]
"""Tells whether a statement is of others although it mentions one of the identifiers."""


class NotErasable(Exception):
    """The person cannot be erased, or not yet; the text says why and what to do."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure came to.

    `personas` are the ids that stand for the person from now on, by those that did. `attachments`
    are the SHA-2 of what the erased statements had attached: others may have the same. `mentions`
    counts statements of others that name the person and were kept, `import_rows` the rows of
    imports whose cells are forgotten.
    """

    personas: dict[str, str]
    statements: int
    mentions: int
    documents: int
    achievements: int
    claims: int
    import_rows: int = 0
    attachments: tuple[str, ...] = ()


class Erasure(Protocol):
    """Erases persons, each whole or not at all."""

    def erase(self, persona: str, act: Act) -> Erased:
        """Erase a persona, with all that are merged into it, and write the fact `erased`.

        Statements become tombstones that keep seq and id; documents, records, events, identities
        and the ledger's openings go; achievements and claims keep what they are worth under new
        ids that lead to nobody. Raises NotErasable.
        """
        ...
