"""Where backups keep the contents of files: in pieces, each once, named by its SHA-256.

A file of which little changed between two backups costs what changed.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection
from pathlib import Path

import zstandard

from lrs.backup import durable
from lrs.backup.manifest import BackupError, PooledFile

PIECE = 256 * 1024
"""Octets of a piece; the last one of a file is shorter."""

Octets = Callable[[int], None]
"""Told of each piece how many octets it has."""


class Pool:
    """The pieces in a folder. One process at a time writes to it."""

    def __init__(self, folder: Path, drafts: Path) -> None:
        self._folder = folder
        self._drafts = drafts
        self.added = 0

    def put(self, name: str, path: Path, progress: Octets) -> PooledFile:
        """Keep a file's content; `added` grows by the octets that this cost."""
        whole, size, pieces = hashlib.sha256(), 0, []
        compressor = zstandard.ZstdCompressor(level=3)
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                whole.update(piece)
                size += len(piece)
                digest = hashlib.sha256(piece).hexdigest()
                pieces.append(digest)
                if not self._path(digest).exists():
                    packed = compressor.compress(piece)
                    durable.write(self._path(digest), packed, self._drafts)
                    self.added += len(packed)
                progress(len(piece))
        return PooledFile(name=name, size=size, sha256=whole.hexdigest(), pieces=pieces)

    def take(self, pooled: PooledFile, target: Path, progress: Octets) -> None:
        """Write a file's content to `target`, each piece and the whole checked.

        Raises BackupError, naming what is damaged.
        """
        whole = hashlib.sha256()
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for digest in pooled.pieces:
                piece = self._piece(digest)
                file.write(piece)
                whole.update(piece)
                progress(len(piece))
            file.flush()
            os.fsync(file.fileno())
        if whole.hexdigest() != pooled.sha256:
            raise BackupError(f"{pooled.name} is not what was backed up: its SHA-256 differs")

    def check(self, pooled: PooledFile, progress: Octets) -> None:
        """Read every piece of a file and compare it with its name. Raises BackupError."""
        for digest in pooled.pieces:
            progress(len(self._piece(digest)))

    def sweep(self, needed: Collection[str]) -> int:
        """Remove the pieces that no backup needs; return how many octets that freed."""
        freed = 0
        for path in self._folder.glob("??/*"):
            if path.name not in needed:
                freed += path.stat().st_size
                path.unlink()
        return freed

    def _piece(self, digest: str) -> bytes:
        path = self._path(digest)
        try:
            piece = zstandard.ZstdDecompressor().decompress(path.read_bytes(), PIECE)
        except FileNotFoundError:
            raise BackupError(f"the piece {path} is missing") from None
        except zstandard.ZstdError as error:
            raise BackupError(f"the piece {path} is damaged: {error}") from None
        if hashlib.sha256(piece).hexdigest() != digest:
            raise BackupError(f"the piece {path} is damaged: its SHA-256 differs from its name")
        return piece

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
