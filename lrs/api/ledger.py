"""`/api/v1/ledger`."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from lrs.api.blueprint import ApiBlueprint
from lrs.ledger.merkle import ProofError
from lrs.ledger.proofs import Proofs, full_note
from lrs.ledger.routes import newest
from lrs.problems import Problem
from lrs.service import Service
from schemas.resources.ledger import (
    CheckpointSchema,
    ConsistencyQuery,
    InclusionQuery,
    InclusionSchema,
    ProofSchema,
)
from schemas.texts import Text, text_of
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of the ledger."""
    routes = ApiBlueprint(
        "ledger", service, "The append-only log.", "reader", "officer", "auditor", "enterprise"
    )
    proofs = Proofs(service.store.ledger)

    @routes.get("/ledger/checkpoint")
    @routes.response(200, CheckpointSchema)
    def checkpoint() -> dict[str, Any]:
        """Get the newest checkpoint."""
        signed = newest(service)
        return {
            "size": signed.size,
            "root": _base64(signed.root),
            "at": moment_of(signed.at),
            "note": full_note(signed),
            "timestamped": signed.timestamp is not None,
        }

    @routes.get("/ledger/inclusion")
    @routes.arguments(InclusionQuery, location="query")
    @routes.response(200, InclusionSchema)
    def inclusion(query: dict[str, Any]) -> dict[str, Any]:
        """Prove a leaf."""
        index = query["index"]
        proof = _proof(query["size"], lambda size: proofs.inclusion(index, size))
        (entry,) = service.store.ledger.entries(index, 1)
        return {**proof, "index": index, "entry": _base64(entry)}

    @routes.get("/ledger/consistency")
    @routes.arguments(ConsistencyQuery, location="query")
    @routes.response(200, ProofSchema)
    def consistency(query: dict[str, Any]) -> dict[str, Any]:
        """Prove that a tree begins with an earlier one, or holds a subtree."""
        start, end = query["start"], query["end"]
        return _proof(query["size"], lambda size: proofs.consistency(start, end, size))

    def _proof(size: int | None, make: Callable[[int], list[bytes]]) -> dict[str, Any]:
        size = newest(service).size if size is None else size
        try:
            hashes = make(size)
            return {
                "size": size,
                "root": _base64(proofs.root(size)),
                "proof": [_base64(one) for one in hashes],
            }
        except ProofError as error:
            raise Problem(
                404, Text("There is no such proof: %(error)s.", error=text_of(error))
            ) from error

    return routes


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
