"""Bringing a backup back, to a folder of its own."""

from __future__ import annotations

import shutil
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lrs.auth.secrets import ROOT_SECRET_FILE
from lrs.backup import attachments, durable, promised
from lrs.backup import manifest as manifests
from lrs.backup.make import DATABASE, Layout
from lrs.backup.manifest import BackupError, Manifest
from lrs.backup.pool import Pool
from lrs.store.copies import Progress
from lrs.store.sqlite.store import SqliteStore
from schemas.audit import Act
from schemas.times import format_instant


class Restored(NamedTuple):
    """What was brought back: the backup, how many ledger entries and attachments, what is lost
    (None: nothing), and whether the root secret came along.
    """

    manifest: Manifest
    entries: int
    attachments: int
    loss: str | None
    secret: bool


def chosen(folder: Path, at: int | None) -> tuple[Manifest, list[Manifest]]:
    """Return the newest backup that is not of later than `at` (microseconds; None: the newest of
    all), and those that are later. Raises BackupError.
    """
    found = [manifests.read(path) for path in manifests.paths(Layout(folder).manifests)]
    if not found:
        raise BackupError(f"there is no backup in {folder}")
    earlier = [one for one in found if at is None or one.at <= at]
    if not earlier:
        raise BackupError(
            f"the oldest backup in {folder} is of {format_instant(found[0].at)}, later than that"
        )
    return earlier[-1], found[len(earlier) :]


def restore(
    folder: Path,
    data: Path,
    act: Act,
    *,
    at: int | None = None,
    promises: Sequence[str] = (),
    accept_loss: bool = False,
    progress: Progress = lambda done, of: None,
) -> Restored:
    """Make the data folder `data` of the backup, every octet checked, whole or not at all.

    The ledger is held against `promises` (signed checkpoints) and against what later backups in
    the folder tell of it. Raises BackupError where the backup is damaged or `data` is in use,
    promised.Loss where signed entries would be lost and `accept_loss` is not given, and
    promised.OtherHistory.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BackupError(f"{data} is not empty: a restore goes to a folder of its own")
    manifest, later = chosen(folder, at)
    draft = data.with_name(f"{data.name}.restoring")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    count = _bring_back(Layout(folder), manifest, draft, progress)
    _keep_time(draft, manifest.at)
    known = [one.checkpoint for one in later if one.checkpoint is not None]
    store = SqliteStore(draft / DATABASE)
    loss = None
    try:
        entries, _ = store.ledger.place()
        try:
            promised.hold(store.ledger, [*promises, *known])
        except promised.Loss as error:
            if not accept_loss:
                raise
            loss = str(error)
            act = Act(
                principal=act.principal,
                action=act.action,
                subject=act.subject,
                reason=act.reason,
                detail={**act.detail, "lost": loss, "promised": list(promises) or known[-1:]},
            )
        store.audit.note(act)
    finally:
        store.close()
    if data.exists():
        data.rmdir()
    draft.rename(data)
    durable.sync_folder(data.parent)
    return Restored(manifest, entries, count, loss, (data / ROOT_SECRET_FILE).exists())


def check(folder: Path, at: int | None, progress: Progress) -> Manifest:
    """Read the whole backup and compare it with its hashes, restoring nothing.

    Raises BackupError, naming what is damaged.
    """
    manifest, _ = chosen(folder, at)
    layout = Layout(folder)
    pool, done, total = Pool(layout.pieces, layout.drafts), 0, _size(manifest)

    def read(octets: int) -> None:
        nonlocal done
        done += octets
        progress(done, total)

    for file in (*manifest.files, manifest.attachments):
        pool.check(file, read)
    with tempfile.TemporaryDirectory() as place:
        listing = Path(place) / "attachments.list"
        pool.take(manifest.attachments, listing, lambda _: None)
        attachments.check(listing, layout.attachments)
    return manifest


def _bring_back(layout: Layout, manifest: Manifest, target: Path, progress: Progress) -> int:
    """Write all files; return how many attachments there are."""
    pool, done, total = Pool(layout.pieces, layout.drafts), 0, _size(manifest)

    def written(octets: int) -> None:
        nonlocal done
        done += octets
        progress(done, total)

    for file in manifest.files:
        pool.take(file, target / file.name, written)
    listing = target / "attachments.list"
    pool.take(manifest.attachments, listing, written)
    count, _ = attachments.put_back(listing, layout.attachments, target / "attachments")
    listing.unlink()
    return count


def _size(manifest: Manifest) -> int:
    return sum(file.size for file in (*manifest.files, manifest.attachments))


def _keep_time(data: Path, at: int) -> None:
    """Let no instant be given out again, wherever this machine's clock stands."""
    (data / "turn").write_bytes(struct.pack("<q", at))
    (data / "turn").chmod(0o600)
