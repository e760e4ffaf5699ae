"""Watching a log from outside: nothing that was once signed may change or go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from lrs.ledger.checkpoints import Checkpoint
from lrs.ledger.keys import trusted_keys
from lrs.ledger.leaves import Leaf, LeafError
from lrs.ledger.merkle import HASH_SIZE, Frontier, leaf_hash
from lrs.ledger.notes import NoteError, VerifierKey, open_note
from lrs.ledger.tiles import WIDTH, TileId, parse_bundle, tile_path, tile_root

Fetch = Callable[[str], bytes]
"""Gives the resource at a path below the log's prefix; its own error where there is none."""


class Tampered(Exception):
    """The log is not what was signed; the text tells where, `notes` are the signed proof."""

    def __init__(self, message: str, *notes: str) -> None:
        super().__init__(message)
        self.notes = notes


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a monitor remembers: the keys it trusts, and the last checkpoint it has checked."""

    origin: str
    keys: tuple[str, ...]
    size: int
    root: bytes
    note: str


def watch(fetch: Fetch, seen: Seen | None, known: Sequence[VerifierKey] = ()) -> Seen:
    """Check the whole log from its entries up, and that it goes on from what was seen before.

    `known` are keys trusted from elsewhere; without them and at the first look, the keys that the
    log publishes are taken. Raises Tampered.
    """
    try:
        published = msgspec.json.decode(fetch("keys"), type=dict[str, object])
        trusted = [*known, *(VerifierKey.parse(key) for key in (seen.keys if seen else ()))]
        if not trusted:
            first = msgspec.json.decode(fetch("keys"), type=_Published)
            trusted = [VerifierKey.parse(one.key) for one in first.keys]
        keys = trusted_keys(published, trusted)
        signed = fetch("checkpoint").decode()
        note, _ = open_note(signed, keys)
        head = Checkpoint.parse(note.text)
    except (NoteError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Tampered(f"the checkpoint or its keys cannot be trusted: {error}") from error
    if seen is not None:
        _compare(seen, head, signed)
    if head.size:
        _recompute(fetch, head, seen, signed)
    return Seen(
        origin=head.origin,
        keys=tuple(map(str, keys)),
        size=head.size,
        root=head.root,
        note=signed,
    )


class _Key(msgspec.Struct):
    key: str


class _Published(msgspec.Struct):
    keys: list[_Key]


def _compare(seen: Seen, head: Checkpoint, signed: str) -> None:
    if head.origin != seen.origin:
        raise Tampered(f"it is another log now: {head.origin}, not {seen.origin}", signed)
    if head.size < seen.size:
        raise Tampered(
            f"the log had {seen.size} leaves and signs {head.size} now: leaves were taken away",
            seen.note,
            signed,
        )
    if head.size == seen.size and head.root != seen.root:
        raise Tampered(
            f"two different histories of {head.size} leaves were signed", seen.note, signed
        )


def _recompute(fetch: Fetch, head: Checkpoint, seen: Seen | None, signed: str) -> None:
    """Build the tree from the entries, in memory for one tile a level, and compare it all."""
    frontier, levels = Frontier(), _Levels(fetch)
    for index, hash_ in _leaves(fetch, head.size):
        frontier.append(hash_)
        levels.append(hash_)
        if seen is not None and index + 1 == seen.size and frontier.root() != seen.root:
            raise Tampered(
                f"the first {seen.size} leaves are not those that were signed before: "
                "history was rewritten",
                seen.note,
                signed,
            )
    levels.finish()
    if frontier.root() != head.root:
        raise Tampered(
            f"the {head.size} leaves served do not lead to the root that is signed", signed
        )


def _leaves(fetch: Fetch, size: int) -> Iterator[tuple[int, bytes]]:
    for start in range(0, size, WIDTH):
        width = min(WIDTH, size - start)
        path = tile_path(TileId(-1, start // WIDTH, width))
        try:
            entries = parse_bundle(fetch(f"tile/{path}"))
        except ValueError as error:
            raise Tampered(f"the bundle {path} cannot be read: {error}") from error
        if len(entries) != width:
            raise Tampered(f"the bundle {path} has {len(entries)} entries, not {width}")
        for index, entry in enumerate(entries, start):
            try:
                Leaf.decode(entry)
            except LeafError as error:
                raise Tampered(f"leaf {index} is none: {error}") from error
            yield index, leaf_hash(entry)


class _Levels:
    """The tiles of every level as they should be, each compared with the one served."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._open: list[tuple[int, list[bytes]]] = []

    def append(self, hash_: bytes, level: int = 0) -> None:
        if level == len(self._open):
            self._open.append((0, []))
        index, hashes = self._open[level]
        hashes.append(hash_)
        if len(hashes) == WIDTH:
            self._compare(level, index, hashes)
            self._open[level] = (index + 1, [])
            self.append(tile_root(b"".join(hashes)), level + 1)

    def finish(self) -> None:
        for level, (index, hashes) in enumerate(self._open):
            if hashes:
                self._compare(level, index, hashes)

    def _compare(self, level: int, index: int, hashes: list[bytes]) -> None:
        path = tile_path(TileId(level, index, len(hashes)))
        served = self._fetch(f"tile/{path}")
        for place, hash_ in enumerate(hashes):
            if served[place * HASH_SIZE : (place + 1) * HASH_SIZE] != hash_:
                first = (index * WIDTH + place) * WIDTH**level
                span = f"leaf {first}" if level == 0 else f"leaves {first} and following"
                raise Tampered(f"tile {path} does not fit {span}")
        if len(served) != len(hashes) * HASH_SIZE:
            raise Tampered(f"tile {path} is not {len(hashes)} hashes long")


def encode_seen(seen: Seen) -> bytes:
    """Return what a monitor keeps in its state file."""
    return msgspec.json.format(msgspec.json.encode(seen), indent=2) + b"\n"


def decode_seen(content: bytes) -> Seen:
    """Return what `encode_seen` wrote. Raises ValueError."""
    return msgspec.json.decode(content, type=Seen)
