"""The contract of the store of identity documents, which it never sees in the clear."""

from __future__ import annotations

from typing import Protocol

from schemas.audit import Act
from schemas.claims import IdentityDocument


class IdentityDocuments(Protocol):
    """Sealed identity documents by persona. Safe from many threads."""

    def get(self, persona: str) -> bytes | None:
        """Return the sealed document of a persona, None where there is none."""
        ...

    def put(self, persona: str, sealed: bytes, act: Act) -> None:
        """Keep a document, and have look-ups that waited for it made again."""
        ...

    def remove(self, persona: str, act: Act) -> bool:
        """Forget a document; False where there is none."""
        ...


class SealedDocuments(Protocol):
    """Reads a document that the root secret opens."""

    def of(self, persona: str) -> IdentityDocument | None:
        """Return the identity document of a persona, None where there is none."""
        ...
