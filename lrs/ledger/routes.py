"""`/ledger`: the log for everybody, as static resources (C2SP tlog-tiles), keys and proofs."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from lrs.ledger.checkpoints import proof_text
from lrs.ledger.merkle import HASH_SIZE, ProofError
from lrs.ledger.proofs import Proofs, full_note
from lrs.ledger.tiles import WIDTH, entry_bundle, parse_tile_path
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.ledger import SignedCheckpoint
from schemas.texts import Text, text_of

FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=2"
_TEXT = "text/plain; charset=utf-8"
_OCTETS = "application/octet-stream"


def blueprint(service: Service) -> Blueprint:
    """Return the routes; nothing under them is personal, so nobody has to sign in."""
    routes = Blueprint("log", __name__, url_prefix="/ledger")
    ledger = service.store.ledger
    proofs = Proofs(ledger)

    @routes.get("/checkpoint")
    def checkpoint() -> ResponseReturnValue:
        return _resource(full_note(newest(service)), _TEXT, BRIEFLY)

    @routes.get("/tile/<path:path>")
    def tile(path: str) -> ResponseReturnValue:
        wanted = parse_tile_path(path)
        if wanted is None:
            raise Problem(404, "A tile is at tile/LEVEL/INDEX or tile/entries/INDEX.")
        if wanted.level < 0:
            entries = ledger.entries(wanted.index * WIDTH, wanted.width)
            found = entry_bundle(entries) if len(entries) == wanted.width else b""
        else:
            hashes = ledger.tile(wanted.level, wanted.index) or b""
            found = hashes[: wanted.width * HASH_SIZE]
            found = found if len(found) == wanted.width * HASH_SIZE else b""
        if not found:
            raise Problem(404, "The ledger has not grown to this tile; see its checkpoint.")
        return _resource(found, _OCTETS, FOREVER)

    @routes.get("/keys")
    def keys() -> ResponseReturnValue:
        service.ledger_keys.signers()  # the first key is made where there is none yet
        return service.ledger_keys.published(), 200, {"Cache-Control": "public, max-age=60"}

    @routes.get("/proof/<int:index>")
    def proof(index: int) -> ResponseReturnValue:
        signed = newest(service)
        try:
            hashes = proofs.inclusion(index, signed.size)
        except ProofError as error:
            raise Problem(
                404, Text("There is no such leaf: %(error)s.", error=text_of(error))
            ) from error
        return _resource(proof_text(index, hashes, full_note(signed)), _TEXT, BRIEFLY)

    return routes


def newest(service: Service) -> SignedCheckpoint:
    """Return the newest checkpoint. Raises Problem (404) where nothing was signed yet."""
    found = service.store.ledger.checkpoint()
    if found is None:
        raise Problem(404, "Nothing was put into the ledger yet.")
    return found


def _resource(content: bytes | str, kind: str, caching: str) -> Response:
    response = Response(content, content_type=kind)
    response.headers["Cache-Control"] = caching
    response.add_etag()
    response.make_conditional(request)
    return response
