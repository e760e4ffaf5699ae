"""Making a backup of a store that is in use."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from lrs.auth.secrets import ROOT_SECRET_FILE, RootSecret
from lrs.backup import attachments
from lrs.backup import manifest as manifests
from lrs.backup.manifest import BackupError, Manifest
from lrs.backup.pool import PIECE, Pool
from lrs.store.copies import Progress
from lrs.store.store import Store

DATABASE = "lrs.db"


class Layout:
    """Where what is in a folder of backups."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifests = folder / "backups"
        self.pieces = folder / "pieces"
        self.attachments = folder / "attachments"
        self.drafts = folder / "drafts"


class Made(NamedTuple):
    """A backup that was made: where its manifest is, and what it cost in octets."""

    path: Path
    manifest: Manifest
    added: int


def make(
    store: Store,
    data: Path,
    root_secret: RootSecret,
    folder: Path,
    *,
    with_secret: bool = False,
    progress: Progress = lambda done, of: None,
) -> Made:
    """Back the store up to `folder`, which grows by what is new since the last time.

    The copy is of one moment. Attachments are brought after it and imports before it, so that
    everything it names is there. A backup is one once its manifest is in place, at the very end.
    Raises BackupError or StoreError, with no backup made.
    """
    layout = Layout(folder)
    with _alone(layout):
        pool = Pool(layout.pieces, layout.drafts)
        held = _link_imports(data / "imports", layout.drafts / "imports")
        copy = layout.drafts / DATABASE
        copied = store.copies.copy(copy, lambda done, of: progress(done, 2 * of))
        total, done = max(1, copy.stat().st_size // PIECE), 0

        def stored(octets: int) -> None:
            nonlocal done
            done += octets
            progress(total + done // PIECE, 2 * total)

        files = [pool.put(DATABASE, copy, stored)]
        files += [pool.put(f"imports/{path.name}", path, lambda _: None) for path in held]
        if with_secret:
            files.append(_secret(data, pool))
        listing = layout.drafts / "attachments"
        _, octets = attachments.collect(
            data / "attachments", layout.attachments, layout.drafts, listing
        )
        manifest = Manifest(
            at=copied.instant,
            version=version("learning-record-store"),
            statements=copied.statements,
            files=files,
            attachments=pool.put("attachments", listing, lambda _: None),
            secret=fingerprint(root_secret),
            checkpoint=copied.checkpoint,
        )
        path = manifests.write(layout.manifests, manifest, layout.drafts)
        progress(2 * total, 2 * total)
    store.copies.noted(copied.instant)
    return Made(path, manifest, pool.added + octets)


def prune(folder: Path, keep: int) -> tuple[int, int]:
    """Remove all backups but the `keep` newest, and what only they needed.

    Returns how many, and how many octets of pieces that freed. Raises BackupError.
    """
    layout = Layout(folder)
    with _alone(layout):
        found = manifests.paths(layout.manifests)
        gone, kept = found[:-keep], [manifests.read(path) for path in found[-keep:]]
        needed = {
            piece for one in kept for file in (*one.files, one.attachments) for piece in file.pieces
        }
        pool, names = Pool(layout.pieces, layout.drafts), set[str]()
        for one in kept:
            listing = layout.drafts / "listing"
            listing.unlink(missing_ok=True)
            pool.take(one.attachments, listing, lambda _: None)
            names.update(listing.read_text("ascii").split())
        for path in gone:
            path.unlink()
        attachments.sweep(layout.attachments, names)
        return len(gone), pool.sweep(needed)


def fingerprint(root_secret: RootSecret) -> str:
    """Return a hash (hex) by which a root secret is known again, and nothing else learnt."""
    return root_secret.derive(b"fingerprint").hex()


@contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Have the folder for this process, without what a killed one left behind."""
    try:
        layout.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(layout.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackupError(
            f"{layout.folder} cannot be written: {error.strerror or error}"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(layout.drafts, ignore_errors=True)
        for below in (layout.drafts, layout.manifests, layout.pieces, layout.attachments):
            below.mkdir(exist_ok=True, mode=0o700)
        yield
        shutil.rmtree(layout.drafts, ignore_errors=True)
    except BlockingIOError:
        raise BackupError(f"another backup to {layout.folder} is under way") from None
    except OSError as error:
        raise BackupError(f"the backup could not be written: {error}") from error
    finally:
        os.close(lock)


def _link_imports(source: Path, target: Path) -> list[Path]:
    """Hold on to the files that imports wait for: one may be done, and gone, in the meantime."""
    target.mkdir(mode=0o700)
    held = []
    for path in sorted(source.iterdir()) if source.is_dir() else []:
        try:
            if not path.is_file():
                continue
            try:
                (target / path.name).hardlink_to(path)
            except OSError:  # another file system
                shutil.copyfile(path, target / path.name)
        except FileNotFoundError:
            continue
        held.append(target / path.name)
    return held


def _secret(data: Path, pool: Pool) -> manifests.PooledFile:
    path = data / ROOT_SECRET_FILE
    if not path.exists():
        raise BackupError(
            f"there is no {path}: the root secret is in LRS_SECRET_KEY, keep it there"
        )
    return pool.put(ROOT_SECRET_FILE, path, lambda _: None)
