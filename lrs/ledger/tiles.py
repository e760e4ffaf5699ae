"""The tree as tiles of 256 hashes, and its entries as bundles (C2SP tlog-tiles). Pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lrs.ledger.merkle import HASH_SIZE, node_hash
from schemas.texts import Text

HEIGHT = 8
WIDTH = 1 << HEIGHT
_PATH = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_LEVELS = 64


@dataclass(frozen=True)
class TileId:
    """A tile of hashes, or with level -1 a bundle of entries; `width` is 256 where it is full."""

    level: int
    index: int
    width: int


class MissingTile(LookupError):
    """A tile that the tree should have and the store has not, or not as wide."""


def tile_path(tile: TileId) -> str:
    """Return the path below `tile/`."""
    parts = []
    rest = tile.index
    while True:
        parts.append(f"{rest % 1000:03d}")
        rest //= 1000
        if not rest:
            break
    number = "/".join([f"x{part}" for part in parts[:0:-1]] + parts[:1])
    level = "entries" if tile.level < 0 else str(tile.level)
    return f"{level}/{number}" + ("" if tile.width == WIDTH else f".p/{tile.width}")


def parse_tile_path(path: str) -> TileId | None:
    """Return the tile of a path below `tile/`, None where it is not the one way to write one."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    level = -1 if match[1] == "entries" else int(match[1])
    index = int(match[2].replace("/", "").replace("x", ""))
    tile = TileId(level, index, int(match[3]) if match[3] else WIDTH)
    return tile if tile_path(tile) == path and level < _LEVELS else None


def tiles_of(size: int) -> Iterable[TileId]:
    """Yield the tiles of hashes of a tree, level by level, from left to right."""
    level = 0
    while size:
        for index in range(size // WIDTH):
            yield TileId(level, index, WIDTH)
        if size % WIDTH:
            yield TileId(level, size // WIDTH, size % WIDTH)
        size //= WIDTH
        level += 1


class TiledTree:
    """The perfect subtrees of a tree, read from its tiles; one object for one question.

    `read` gives the hashes of the tile `(level, index)`, as many as there are.
    """

    def __init__(self, read: Callable[[int, int], bytes | None]) -> None:
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def hash_of(self, level: int, index: int) -> bytes:
        """Return the hash of the perfect subtree `(level, index)`. Raises MissingTile."""
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        tile = self._tile(tile_level, first // WIDTH)
        start = first % WIDTH * HASH_SIZE
        part = tile[start : start + (HASH_SIZE << height)]
        if len(part) != HASH_SIZE << height:
            raise MissingTile(
                Text("tile %(path)s", path=tile_path(TileId(tile_level, first // WIDTH, WIDTH)))
            )
        return tile_root(part)

    def _tile(self, level: int, index: int) -> bytes:
        tile = self._tiles.get((level, index))
        if tile is None:
            tile = self._tiles[level, index] = self._read(level, index) or b""
        return tile


def tile_root(hashes: bytes) -> bytes:
    """Return the root over a power of two of hashes."""
    row = [hashes[at : at + HASH_SIZE] for at in range(0, len(hashes), HASH_SIZE)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def grown_tiles(
    size: int, leaves: Sequence[bytes], read: Callable[[int, int], bytes | None]
) -> dict[tuple[int, int], bytes]:
    """Return the tiles that change when a tree of `size` leaves grows by hashes of leaves.

    `read` gives the tiles as they are. Raises MissingTile where they are not of such a tree.
    """
    changed: dict[tuple[int, int], bytes] = {}
    level, fresh = 0, list(leaves)
    while fresh:
        index, width = divmod(size, WIDTH)
        held = read(level, index) or b"" if width else b""
        if len(held) != width * HASH_SIZE:
            raise MissingTile(Text("tile %(path)s", path=tile_path(TileId(level, index, width))))
        hashes = held + b"".join(fresh)
        fresh = []
        for at in range(0, len(hashes), WIDTH * HASH_SIZE):
            tile = hashes[at : at + WIDTH * HASH_SIZE]
            changed[level, index] = tile
            index += 1
            if len(tile) == WIDTH * HASH_SIZE:
                fresh.append(tile_root(tile))
        size //= WIDTH
        level += 1
    return changed


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Return entries as a bundle: each behind its length, a big-endian uint16."""
    return b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)


def parse_bundle(bundle: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises ValueError."""
    entries, at = [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at : at + 2], "big")
        entry = bundle[at + 2 : at + 2 + length]
        if len(bundle) - at < 2 or len(entry) != length:
            raise ValueError("a bundle ends within an entry")
        entries.append(entry)
        at += 2 + length
    return entries
