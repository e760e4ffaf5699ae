"""Checkpoints: signed tree heads (C2SP tlog-checkpoint), and proofs as text (C2SP tlog-proof)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from lrs.ledger.merkle import HASH_SIZE
from lrs.ledger.notes import NoteError, decode_base64

_NUMBER = re.compile(r"0|[1-9][0-9]{0,19}")


@dataclass(frozen=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, and the root of them all."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __str__(self) -> str:
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Return the checkpoint of a note's text. Raises NoteError."""
        lines = text.removesuffix("\n").split("\n")
        if len(lines) < 3 or not text.endswith("\n") or not all(lines):
            raise NoteError("a checkpoint is three or more lines, none of them empty")
        if not _NUMBER.fullmatch(lines[1]):
            raise NoteError("a checkpoint's second line is the number of leaves")
        root = decode_base64(lines[2])
        if len(root) != HASH_SIZE:
            raise NoteError("a checkpoint's third line is the root hash")
        return cls(lines[0], int(lines[1]), root, tuple(lines[3:]))


def proof_text(index: int, proof: Sequence[bytes], checkpoint: str) -> str:
    """Return the proof of a leaf in a signed checkpoint as a `.tlog-proof` file has it."""
    lines = [f"c2sp.org/tlog-proof@v1\nindex {index}\n"]
    lines += [f"{base64.b64encode(hash_).decode()}\n" for hash_ in proof]
    return f"{''.join(lines)}\n{checkpoint}"


def parse_proof(text: str) -> tuple[int, list[bytes], str]:
    """Return index, hashes and signed checkpoint of a `.tlog-proof` file. Raises NoteError."""
    head, gap, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not gap or lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise NoteError("not a tlog proof")
    if lines and lines[0].startswith("extra "):
        lines.pop(0)
    word, _, number = (lines.pop(0) if lines else "").partition(" ")
    if word != "index" or not _NUMBER.fullmatch(number):
        raise NoteError("the proof does not say of which leaf it is")
    return int(number), [decode_base64(line) for line in lines], checkpoint
