"""Attachments in backups: files that never change, named by their SHA-2, kept once each."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from lrs.backup import durable
from lrs.backup.manifest import BackupError
from lrs.store.attachments import ALGORITHMS

_NAME = re.compile(r"[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
_COPIED_AT_A_TIME = 1 << 20


def collect(source: Path, pool: Path, drafts: Path, listing: Path) -> tuple[int, int]:
    """Bring all attachments of `source` to `pool` and list them, one a line, in the order of
    their names; return how many were new there, and their octets.

    On one file system they are linked, elsewhere copied; two names of one file stay that.
    """
    count = octets = 0
    copies: dict[int, Path] = {}
    with listing.open("w", encoding="ascii") as lines:
        for path in _files(source):
            lines.write(f"{path.name}\n")
            target = pool / path.name[:2] / path.name
            if target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            octets += _bring(path, target, drafts, copies)
            count += 1
    return count, octets


def put_back(listing: Path, pool: Path, target: Path) -> tuple[int, int]:
    """Copy what a list names back to `target`, each compared with its name.

    Returns how many, and their octets. Raises BackupError, naming what is missing or damaged.
    """
    count = octets = 0
    copies: dict[int, Path] = {}
    folders = set()
    with listing.open(encoding="ascii") as lines:
        for line in lines:
            name = line.rstrip("\n")
            if not _NAME.fullmatch(name):
                raise BackupError(f"the list of attachments holds {name[:80]!r}, which is no name")
            source, place = pool / name[:2] / name, target / name[:2] / name
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            folders.add(place.parent)
            octets += _copy_checked(source, place, copies)
            count += 1
    for folder in folders:
        durable.sync_folder(folder)
    return count, octets


def check(listing: Path, pool: Path) -> None:
    """Compare what a list names with its names. Raises BackupError."""
    with listing.open(encoding="ascii") as lines:
        for name in map(str.rstrip, lines):
            path = pool / name[:2] / name
            if not path.is_file():
                raise BackupError(f"the attachment {path} is missing")
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, ALGORITHMS[len(name)])
            if digest.hexdigest() != name:
                raise BackupError(f"the attachment {path} is damaged: its hash is another")


def sweep(pool: Path, needed: set[str]) -> None:
    """Remove the attachments that no backup lists."""
    for path in _files(pool):
        if path.name not in needed:
            path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    for below in sorted(folder.glob("??")):
        yield from sorted(path for path in below.iterdir() if _NAME.fullmatch(path.name))


def _bring(path: Path, target: Path, drafts: Path, copies: dict[int, Path]) -> int:
    found = path.stat()
    try:
        target.hardlink_to(copies.get(found.st_ino, path))
    except OSError:  # another file system, or one that knows no links
        draft = drafts / path.name
        shutil.copyfile(path, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    if found.st_nlink > 1:
        copies[found.st_ino] = target
    durable.sync_folder(target.parent)
    return found.st_size


def _copy_checked(source: Path, target: Path, copies: dict[int, Path]) -> int:
    digest = hashlib.new(ALGORITHMS[len(source.name)])
    try:
        found = source.stat()
        known = copies.get(found.st_ino)
        with source.open("rb") as given:
            if known is not None:
                target.hardlink_to(known)
                while piece := given.read(_COPIED_AT_A_TIME):
                    digest.update(piece)
            else:
                with target.open("xb") as file:
                    while piece := given.read(_COPIED_AT_A_TIME):
                        digest.update(piece)
                        file.write(piece)
                    file.flush()
                    os.fsync(file.fileno())
    except FileNotFoundError:
        raise BackupError(f"the attachment {source} is missing") from None
    if digest.hexdigest() != source.name:
        raise BackupError(f"the attachment {source} is damaged: its hash differs from its name")
    if found.st_nlink > 1:
        copies[found.st_ino] = target
    return found.st_size
