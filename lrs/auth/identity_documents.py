"""Identity documents of learners: personal data, sealed with the root secret."""

from __future__ import annotations

import msgspec

from lrs.auth.secrets import RootSecret
from lrs.store.identity_documents import IdentityDocuments
from schemas.audit import Act
from schemas.claims import IdentityDocument

_PURPOSE = b"identity document "


class LearnerDocuments:
    """Keeps and reads identity documents; a `lrs.store.identity_documents.SealedDocuments`."""

    def __init__(self, store: IdentityDocuments, root: RootSecret) -> None:
        self._store = store
        self._root = root

    def of(self, persona: str) -> IdentityDocument | None:
        """Return the identity document of a persona, None where there is none."""
        sealed = self._store.get(persona)
        if sealed is None:
            return None
        return msgspec.json.decode(
            self._root.open(sealed, _PURPOSE + persona.encode()), type=IdentityDocument
        )

    def keep(self, persona: str, document: IdentityDocument, principal: str) -> None:
        """Keep the document of a persona; `principal` is who gave it."""
        sealed = self._root.seal(msgspec.json.encode(document), _PURPOSE + persona.encode())
        act = Act(
            principal=principal,
            action="identity-document.keep",
            subject=persona,
            persona=persona,
            detail={"type": document.type},
        )
        self._store.put(persona, sealed, act)

    def forget(self, persona: str, principal: str) -> bool:
        """Forget the document of a persona; False where there is none."""
        act = Act(
            principal=principal,
            action="identity-document.forget",
            subject=persona,
            persona=persona,
        )
        return self._store.remove(persona, act)
