"""The contract of the store of issued credentials."""

from __future__ import annotations

from typing import Protocol

from schemas.issued import IssuedCredential, Place


class Credentials(Protocol):
    """Issued credentials and their places in status lists. Safe from many threads."""

    def subject_of(self, persona: str) -> str:
        """Return the random UUID by which credentials name the persona, made on first use.

        It says nothing about the person, unlike a persona's id, and goes when they are erased.
        """
        ...

    def reserve_place(self, size: int) -> Place:
        """Return a random place, never given out before, in a status list of `size` places."""
        ...

    def add(self, credential: IssuedCredential) -> IssuedCredential:
        """Keep a new credential; return it, or the one that stands for the same achievement, in
        the same language and with the same evidence.
        """
        ...

    def get(self, credential: str) -> IssuedCredential | None:
        """Return the credential with the id."""
        ...

    def standing(
        self, achievement: str, language: str, evidence_hash: str
    ) -> IssuedCredential | None:
        """Return the credential of an achievement in a language, of the evidence or renewal, that
        is not revoked.
        """
        ...

    def of_persona(self, persona: str) -> list[IssuedCredential]:
        """Return a persona's credentials, the latest first."""
        ...

    def has_list(self, number: int) -> bool:
        """Tell whether a place in the status list was given out."""
        ...

    def revoked_places(self, number: int) -> list[int]:
        """Return the places of a status list whose credentials are revoked."""
        ...
