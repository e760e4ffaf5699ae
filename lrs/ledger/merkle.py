"""Merkle trees as RFC 6962 and RFC 9162 hash them: proofs made and checked. Pure.

Subtrees and their proofs are those of draft-ietf-plants-merkle-tree-certs, section 4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from schemas.texts import Text

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 9162 2.1.1)."""

Range: TypeAlias = tuple[int, int]
"""Leaves from the first number up to, not including, the second."""

HashOf: TypeAlias = Callable[[int, int], bytes]
"""Gives the hash of the perfect subtree of 2**level leaves: `(level, index)`."""


class ProofError(Exception):
    """A proof that does not prove what it should; the text tells why."""


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def is_subtree(start: int, end: int) -> bool:
    """Tell whether `[start, end)` is a valid subtree: `start` is a multiple of the smallest power
    of two that is not below its size.
    """
    return 0 <= start < end and start % (1 << (end - start - 1).bit_length()) == 0


def perfect_nodes(start: int, end: int) -> list[tuple[int, int]]:
    """Return the perfect subtrees `(level, index)` of a valid subtree, from left to right."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append((level, start >> level))
        start += 1 << level
    return nodes


def range_hash(start: int, end: int, hash_of: HashOf) -> bytes:
    """Return the hash of the valid subtree `[start, end)`; of no leaves, `EMPTY_ROOT`."""
    hashes = [hash_of(level, index) for level, index in perfect_nodes(start, end)]
    if not hashes:
        return EMPTY_ROOT
    whole = hashes.pop()
    while hashes:
        whole = node_hash(hashes.pop(), whole)
    return whole


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the subtrees whose hashes prove a leaf, from the leaf up (RFC 9162 2.1.3.1).

    Raises ProofError where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ProofError(
            Text("a tree of %(size)s leaves has no leaf %(index)s", size=size, index=index)
        )
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(start: int, end: int, size: int) -> list[Range]:
    """Return the subtrees whose hashes prove that the subtree `[start, end)` is of the tree.

    With `start` 0 it is the consistency proof of RFC 9162 2.1.4.1. Raises ProofError where it is
    not a valid subtree of the tree.
    """
    if not is_subtree(start, end) or end > size:
        raise ProofError(
            Text(
                "[%(start)s, %(end)s) is not a subtree of a tree of %(size)s leaves",
                start=start,
                end=end,
                size=size,
            )
        )
    ranges = []
    left, right, known = 0, size, True
    while (left, right) != (start, end):
        middle = left + _split(right - left)
        if end <= middle:
            ranges.append((middle, right))
            right = middle
        else:
            ranges.append((left, middle))
            if start < middle:
                start, known = middle, False
            left = middle
    if not known:
        ranges.append((left, right))
    return ranges[::-1]


def inclusion_proof(index: int, size: int, hash_of: HashOf) -> list[bytes]:
    """Return the hashes that prove a leaf. Raises ProofError."""
    return [range_hash(*one, hash_of) for one in inclusion_ranges(index, size)]


def consistency_proof(start: int, end: int, size: int, hash_of: HashOf) -> list[bytes]:
    """Return the hashes that prove a subtree, or with `start` 0 an earlier tree.

    Raises ProofError.
    """
    return [range_hash(*one, hash_of) for one in consistency_ranges(start, end, size)]


def root_by_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that a proof leads to from a leaf's hash (RFC 9162 2.1.3.2).

    Raises ProofError where the proof cannot be one of this leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise ProofError(
            Text("a tree of %(size)s leaves has no leaf %(index)s", size=size, index=index)
        )
    _require_hashes((leaf, *proof))
    node, last, root = index, size - 1, leaf
    for hash_ in proof:
        if last == 0:
            raise ProofError(Text("the proof is longer than the tree is high"))
        if node & 1 or node == last:
            root = node_hash(hash_, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, hash_)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise ProofError(Text("the proof is shorter than the tree is high"))
    return root


def verify_inclusion(
    index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf's hash is in the tree of that root. Raises ProofError."""
    _require_hashes((root,))
    if root_by_inclusion(index, size, leaf, proof) != root:
        raise ProofError(Text("the proof leads to another root"))


def verify_subtree_inclusion(
    index: int, subtree: Range, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that the leaf's hash is in the subtree of that hash. Raises ProofError."""
    start, end = subtree
    if not is_subtree(start, end):
        raise ProofError(Text("[%(start)s, %(end)s) is not a subtree", start=start, end=end))
    verify_inclusion(index - start, end - start, leaf, proof, root)


def verify_consistency(
    size: int, root: bytes, later_size: int, later_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the later tree begins with the earlier one (RFC 9162 2.1.4.2).

    Nothing can be checked of an earlier tree without leaves. Raises ProofError.
    """
    if size == 0:
        raise ProofError(Text("a tree without leaves proves nothing of a later one"))
    verify_subtree_consistency((0, size), root, later_size, later_root, proof)


def verify_subtree_consistency(
    subtree: Range, subtree_hash: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree of `size` leaves and that root holds the subtree. Raises ProofError.

    draft-ietf-plants-merkle-tree-certs 4.4.3. A subtree of no leaves is of every tree, where its
    hash is `EMPTY_ROOT`.
    """
    start, end = subtree
    if 0 <= start == end <= size and subtree_hash == EMPTY_ROOT and not proof:
        return
    if not is_subtree(start, end) or end > size:
        raise ProofError(
            Text(
                "[%(start)s, %(end)s) is not a subtree of a tree of %(size)s leaves",
                start=start,
                end=end,
                size=size,
            )
        )
    _require_hashes(proof)
    old, new = _roots_by_consistency(subtree, subtree_hash, size, proof)
    if not root or old != subtree_hash:
        raise ProofError(Text("the proof leads to another subtree"))
    if new != root:
        raise ProofError(Text("the proof leads to another root"))


def _roots_by_consistency(
    subtree: Range, subtree_hash: bytes, size: int, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    first, node, last = subtree[0], subtree[1] - 1, size - 1
    at_the_edge = node == last
    while first != node and (at_the_edge or node & 1):
        first, node, last = first >> 1, node >> 1, last >> 1
    rest = list(proof)
    if first != node and not rest:
        raise ProofError(Text("the proof is empty"))
    old = new = subtree_hash if first == node else rest.pop(0)
    for hash_ in rest:
        if last == 0:
            raise ProofError(Text("the proof is longer than the tree is high"))
        if node & 1 or node == last:
            if first < node:
                old = node_hash(hash_, old)
            new = node_hash(hash_, new)
            while not node & 1 and node:
                first, node, last = first >> 1, node >> 1, last >> 1
        else:
            new = node_hash(new, hash_)
        first, node, last = first >> 1, node >> 1, last >> 1
    if last != 0:
        raise ProofError(Text("the proof is shorter than the tree is high"))
    return old, new


class Frontier:
    """The perfect subtrees of a tree that grows leaf by leaf, in O(log n) memory."""

    def __init__(self) -> None:
        self.size = 0
        self._hashes: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            size >>= 1
        self._hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self._hashes:
            return EMPTY_ROOT
        root = self._hashes[-1]
        for hash_ in self._hashes[-2::-1]:
            root = node_hash(hash_, root)
        return root


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(hash_) != HASH_SIZE for hash_ in hashes):
        raise ProofError(Text("a hash is not %(hash_size)s octets long", hash_size=HASH_SIZE))
