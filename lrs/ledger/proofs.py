"""Proofs from the ledger as it is stored."""

from __future__ import annotations

from lrs.ledger.merkle import ProofError, consistency_proof, inclusion_proof, range_hash
from lrs.ledger.tiles import MissingTile, TiledTree
from lrs.store.ledger import Ledger, SignedCheckpoint
from schemas.texts import Text, text_of


class Proofs:
    """Proves leaves and trees; every question reads O(log n) tiles."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the proof of a leaf in the tree of that size. Raises ProofError."""
        self._require(size)
        try:
            return inclusion_proof(index, size, self._tree().hash_of)
        except MissingTile as error:
            raise ProofError(Text("the ledger lacks %(error)s", error=text_of(error))) from error

    def consistency(self, start: int, end: int, size: int) -> list[bytes]:
        """Return the proof that the subtree `[start, end)` is of the tree of that size.

        Raises ProofError.
        """
        self._require(size)
        try:
            return consistency_proof(start, end, size, self._tree().hash_of)
        except MissingTile as error:
            raise ProofError(Text("the ledger lacks %(error)s", error=text_of(error))) from error

    def root(self, size: int) -> bytes:
        """Return the root of the tree of that size. Raises ProofError."""
        self._require(size)
        try:
            return range_hash(0, size, self._tree().hash_of)
        except MissingTile as error:
            raise ProofError(Text("the ledger lacks %(error)s", error=text_of(error))) from error

    def _tree(self) -> TiledTree:
        return TiledTree(self._ledger.tile)

    def _require(self, size: int) -> None:
        signed = self._ledger.checkpoint()
        if not 0 < size <= (signed.size if signed else 0):
            raise ProofError(Text("no tree of %(size)s leaves was signed", size=size))


def full_note(checkpoint: SignedCheckpoint) -> str:
    """Return a checkpoint's note with the witnesses' lines under the log's."""
    return checkpoint.note + checkpoint.cosignatures
