"""Writing a dossier, and noting that somebody looked at personal data."""

from __future__ import annotations

from typing import BinaryIO

from lrs.dossier.build import Builder, Request
from lrs.dossier.container import write_archive
from lrs.service import Service
from schemas.audit import Act


def write_dossier(service: Service, claim: str, request: Request, file: BinaryIO) -> None:
    """Write the dossier of a claim and the audit event of it. Raises NoDossier."""
    builder = Builder(service.store, service.ledger_keys)
    members = builder.build(claim, request)
    service.store.audit.note(
        Act(
            principal=request.requested_by,
            action="dossier.read",
            subject=claim,
            persona=builder.persona_of(claim),
            reason=request.purpose,
            detail={"profile": request.profile},
        )
    )
    write_archive(file, members)
