"""What a backup consists of: its manifest, named by its time and its own SHA-256."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from lrs.backup import durable
from schemas.times import moment_of

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-(?P<sha256>[0-9a-f]{64})\.json")


class BackupError(Exception):
    """A backup that cannot be made or used; the message tells what is wrong with what."""


Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class PooledFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file whose content is in the pool: its path in the data folder, its length in octets, and
    the SHA-256 (hex) of the whole and of its pieces.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^(imports/)?[A-Za-z0-9][A-Za-z0-9._-]*$")]
    size: int
    sha256: Sha256
    pieces: list[Sha256]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One backup: the state of the store at the instant `at` (microseconds since the epoch).

    `attachments` lists the attachments, one a line; `checkpoint` is the ledger's newest signed
    checkpoint in the copy, None where it has none; `secret` tells the root secret by a hash.
    """

    format: Literal["lrs-backup/1"] = "lrs-backup/1"
    at: int
    version: str
    statements: int
    files: list[PooledFile]
    attachments: PooledFile
    secret: str
    checkpoint: str | None


def write(folder: Path, manifest: Manifest, drafts: Path) -> Path:
    """Put a manifest in place, which makes the backup one. Return where it is."""
    content = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    time = moment_of(manifest.at).strftime("%Y%m%dT%H%M%S.%fZ")
    path = folder / f"{time}-{hashlib.sha256(content).hexdigest()}.json"
    durable.write(path, content, drafts)
    return path


def read(path: Path) -> Manifest:
    """Return a manifest, checked against its name. Raises BackupError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BackupError(f"the manifest {path} cannot be read: {error.strerror}") from error
    named = _NAME.fullmatch(path.name)
    if named is None or hashlib.sha256(content).hexdigest() != named["sha256"]:
        raise BackupError(f"the manifest {path} is damaged: its SHA-256 differs from its name")
    try:
        return msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupError(f"the manifest {path} is of a later version: {error}") from error


def paths(folder: Path) -> Sequence[Path]:
    """Return the manifests in a folder, the oldest first."""
    return sorted(path for path in folder.glob("*.json") if _NAME.fullmatch(path.name))
