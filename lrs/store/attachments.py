"""Attachments: files named by the SHA-2 of what is in them, each content kept once."""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

ALGORITHMS = {56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
"""Which SHA-2 has so many hex digits."""

ABANDONED = 24 * 3600
"""Seconds after which what a killed process was receiving is swept away."""


class Attachments:
    """The folder of attachments. Safe from many threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Make the folder where it is missing and sweep what was never finished."""
        self._folder = folder
        self._incoming = folder / "incoming"
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in self._incoming.iterdir():
            # Another process may have finished with it, or be sweeping too.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - ABANDONED:
                    path.unlink()

    def receive(self) -> Reception:
        """Return a place for the attachments of one request."""
        return Reception(self, self._incoming)

    def path(self, sha2: str) -> Path:
        """Return where the content with this SHA-2 (hex) is, if it is here."""
        name = sha2.lower()
        return self._folder / name[:2] / name

    def remove(self, sha2: str, keep: Callable[[str], bool] = lambda _: False) -> None:
        """Remove the content with this SHA-2, also under its SHA-256 unless that is to be kept."""
        path = self.path(sha2)
        with suppress(FileNotFoundError):
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            path.unlink()
            if not keep(sha256):
                self.path(sha256).unlink(missing_ok=True)

    def has(self, sha2: str) -> bool:
        """Tell whether there is content with this SHA-2."""
        return self.path(sha2).is_file()


class Incoming:
    """One attachment being received: written in pieces, then finished."""

    def __init__(self, file: BinaryIO, path: Path, sha2: str) -> None:
        self._file = file
        self.path = path
        self.length = 0
        self._digests = {
            name: hashlib.new(name) for name in {"sha256", ALGORITHMS.get(len(sha2), "sha256")}
        }
        self._declared = ALGORITHMS.get(len(sha2), "sha256")

    def write(self, piece: bytes) -> None:
        """Add to the content."""
        self._file.write(piece)
        self.length += len(piece)
        for digest in self._digests.values():
            digest.update(piece)

    def finish(self) -> str:
        """Bring the content to the disk; return its SHA-2 in the algorithm it was declared in."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._digests[self._declared].hexdigest()

    @property
    def names(self) -> tuple[str, str]:
        """Its SHA-256, and its SHA-2 in the algorithm it was declared in."""
        return self._digests["sha256"].hexdigest(), self._digests[self._declared].hexdigest()

    def read(self) -> bytes:
        """Return the whole content."""
        return self.path.read_bytes()


class Reception:
    """The attachments of one request: none is to be found before `keep`, and what is not kept
    is gone when the `with` ends.
    """

    def __init__(self, attachments: Attachments, folder: Path) -> None:
        self._attachments = attachments
        self._folder = folder
        self._stack = ExitStack()
        self.finished: dict[str, Incoming] = {}

    def __enter__(self) -> Reception:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def start(self, sha2: str) -> Incoming:
        """Begin an attachment that is declared to have this SHA-2 (hex)."""
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        file = os.fdopen(descriptor, "wb")
        self._stack.callback(Path(name).unlink, missing_ok=True)
        self._stack.callback(file.close)
        return Incoming(file, Path(name), sha2)

    def keep(self) -> None:
        """Let what was finished be found from now on. Quick: the content is on disk already."""
        folders = set()
        for incoming in self.finished.values():
            source = incoming.path
            for name in incoming.names:
                target = self._attachments.path(name)
                target.parent.mkdir(exist_ok=True, mode=0o700)
                self._link(source, target)
                folders.add(target.parent)
                source = target
        for folder in folders:
            _sync(folder)
            _sync(folder.parent)

    def _link(self, source: Path, target: Path) -> None:
        try:
            target.hardlink_to(source)
        except FileExistsError:
            return  # the same content came with another request meanwhile


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
