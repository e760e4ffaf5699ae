"""The contract of the store of documents: state, activity profiles, agent profiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

DocumentKind = Literal["state", "activity_profile", "agent_profile"]


class DocumentKey(NamedTuple):
    """What a document is of, and its id there.

    `agent` is an identifier as `schemas.identifiers` writes it; what does not go with the kind,
    and a registration that was not given, is empty.
    """

    kind: DocumentKind
    activity: str
    agent: str
    registration: str
    id: str


class DocumentScope(NamedTuple):
    """The documents of a context; `registration` None means those of any and of none."""

    kind: DocumentKind
    activity: str
    agent: str
    registration: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class NewDocument:
    """What is to be kept under a key."""

    content_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Document(NewDocument):
    """What is kept under a key; `updated` in microseconds since the epoch."""

    updated: int


Change = Callable[[Document | None], NewDocument | None]
"""Given what is kept, returns what replaces it: None where nothing shall be left. What it raises
leaves everything as it is."""


class Documents(Protocol):
    """Documents. Safe from many threads."""

    def get(self, key: DocumentKey) -> Document | None:
        """Return the document."""
        ...

    def change(self, key: DocumentKey, change: Change) -> None:
        """Replace a document by what `change` makes of it, with no other write in between.

        On disk when this returns; what `change` raises is raised here. `change` must be quick,
        and may be called again.
        """
        ...

    def ids(self, scope: DocumentScope, since: int | None) -> list[tuple[str, int]]:
        """Return the ids in a context, changed after `since`, each with its last change."""
        ...

    def delete_all(self, scope: DocumentScope) -> None:
        """Delete every document of a context."""
        ...
