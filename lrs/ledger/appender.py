"""The background work that turns facts into leaves, and leaves into signed checkpoints."""

from __future__ import annotations

import os

import msgspec

from lrs.ledger.checkpoints import Checkpoint
from lrs.ledger.committed import Committed
from lrs.ledger.keys import LedgerKeys
from lrs.ledger.leaves import SECRET_SIZE, Leaf, commit
from lrs.ledger.merkle import leaf_hash, range_hash
from lrs.ledger.notes import sign_note
from lrs.ledger.tiles import MissingTile, TiledTree, grown_tiles
from lrs.store.facts import Facts
from lrs.store.ledger import Growth, Ledger, NewLeaf, Opening
from schemas.facts import Fact

BATCH = 1000
"""Facts of one checkpoint at the most."""


class LedgerDamaged(Exception):
    """The tree in the store is not the one that was signed last; nothing more is signed."""


class Appender:
    """Appends facts to the ledger. Of several processes that do, one wins each time."""

    def __init__(
        self, facts: Facts, ledger: Ledger, committed: Committed, keys: LedgerKeys
    ) -> None:
        self._facts = facts
        self._ledger = ledger
        self._committed = committed
        self._keys = keys

    def step(self) -> bool:
        """Append the next facts and sign; False where there are none.

        Raises LedgerDamaged where the store was tampered with.
        """
        size, last = self._ledger.place()
        facts = self._facts.after(last, BATCH)
        if not facts:
            return False
        try:
            self._require_undamaged(size)
        except LedgerDamaged:
            if self._ledger.place() != (size, last):
                return True  # another process has appended in between
            raise
        leaves = [self._leaf(fact) for fact in facts]
        hashes = [leaf_hash(leaf.entry) for leaf in leaves]
        try:
            tiles = grown_tiles(size, hashes, self._ledger.tile)
        except MissingTile as error:
            raise LedgerDamaged(f"the ledger lacks {error}") from error
        grown = size + len(leaves)
        tree = TiledTree(
            lambda level, index: tiles.get((level, index)) or self._ledger.tile(level, index)
        )
        root = range_hash(0, grown, tree.hash_of)
        text = str(Checkpoint(self._keys.origin(), grown, root))
        note = str(sign_note(text, self._keys.signers()))
        return self._ledger.append(
            Growth(size=size, leaves=leaves, tiles=tiles, root=root, note=note)
        )

    def _leaf(self, fact: Fact) -> NewLeaf:
        secret = os.urandom(SECRET_SIZE)
        persona = self._committed.persona(fact)
        document = self._committed.document(fact, persona, secret)
        leaf = Leaf(fact.kind, fact.at, commit(secret, document))
        opening = Opening(persona=persona, secret=secret, document=msgspec.json.encode(document))
        return NewLeaf(fact=fact.seq, entry=leaf.encode(), opening=opening)

    def _require_undamaged(self, size: int) -> None:
        """Hold the tree against the last signature, so that none is put under another history."""
        signed = self._ledger.checkpoint()
        try:
            root = range_hash(0, size, TiledTree(self._ledger.tile).hash_of)
        except MissingTile as error:
            raise LedgerDamaged(f"the ledger lacks {error}") from error
        if (signed.size, signed.root) != (size, root) if signed else size != 0:
            raise LedgerDamaged(
                f"the ledger of {size} leaves is not the one that was signed last: restore it from "
                "a backup; `lrs verify --monitor` and the auditors see what was signed"
            )
