"""Statements' bodies as they lie in SQLite: compressed with a dictionary that is stored too.

Statements repeat each other: property names, IRIs, definitions. A dictionary holds what they
share, so that a body of 1.5 kB takes a few hundred octets. Dictionaries are kept for good, since
every body names the one it was made with.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from importlib.resources import files

import zstandard

from lrs.store.sqlite.database import Database, Transaction
from lrs.store.statements import with_times

LEVEL = 3
DICTIONARY_SIZE = 112 * 1024
"""Octets of a trained dictionary; larger ones gain little and are slower to load."""

LOOK_AGAIN = 1.0
"""Seconds after which a dictionary that another process has trained is noticed."""

SAMPLES = 10_000
"""About so many bodies make a dictionary."""


class Bodies:
    """Packs and unpacks bodies. Safe from many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._local = threading.local()
        self._known: int | None = None
        self._look_again_at = 0.0
        if self._newest() is None:
            start = files("lrs.store.sqlite").joinpath("starting_dictionary.txt").read_bytes()
            database.write(lambda tx: _keep_first(tx, start))

    def pack(self, bodies: Iterable[bytes]) -> tuple[int, list[bytes]]:
        """Return the id of the newest dictionary, and the bodies compressed with it."""
        if time.monotonic() >= self._look_again_at:
            self._known = self._newest()
            self._look_again_at = time.monotonic() + LOOK_AGAIN
        newest = self._known
        assert newest is not None  # noqa: S101 - there has been one since the file was opened
        compress = self._codec(newest)[0].compress
        return newest, [compress(body) for body in bodies]

    def unpack(self, dictionary: int, packed: bytes) -> bytes:
        """Return a body as it was given to `pack`."""
        return self._codec(dictionary)[1].decompress(packed)

    def whole(self, dictionary: int, packed: bytes, stored: int, timed: int) -> bytes:
        """Return the JSON of a stored statement, with `stored` (microseconds) and, where the
        client sent none (`timed` is 0), a `timestamp` that is the same.
        """
        return with_times(self.unpack(dictionary, packed), stored, timed=bool(timed))

    def train(self, samples: Sequence[bytes]) -> int:
        """Make a dictionary of the samples, the newest from now on; return its id.

        Raises zstandard.ZstdError where they are too few or too alike.
        """
        content = zstandard.train_dictionary(DICTIONARY_SIZE, list(samples)).as_bytes()

        def work(tx: Transaction) -> int:
            added = tx.execute(
                "INSERT INTO dictionary (created, content) VALUES (?, ?) RETURNING id",
                (tx.instant, content),
            )
            return int(added.fetchone()[0])

        trained = self._database.write(work)
        self._look_again_at = 0.0
        return trained

    def _newest(self) -> int | None:
        found: int | None = (
            self._database.read()
            .execute("SELECT max(id) FROM dictionary WHERE retired IS NULL")
            .fetchone()[0]
        )
        return found

    def newest_is_first(self) -> bool:
        """Tell whether bodies are packed with the dictionary that comes with the program."""
        first = self._database.read().execute("SELECT min(id) FROM dictionary").fetchone()
        return bool(first == (self._newest(),))

    def _codec(
        self, dictionary: int
    ) -> tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor]:
        """Return this thread's compressor and decompressor: neither may be shared."""
        codecs = self._local.__dict__.setdefault("codecs", {})
        codec: tuple[zstandard.ZstdCompressor, zstandard.ZstdDecompressor] | None = codecs.get(
            dictionary
        )
        if codec is None:
            (content,) = (
                self._database.read()
                .execute("SELECT content FROM dictionary WHERE id = ?", (dictionary,))
                .fetchone()
            )
            data = zstandard.ZstdCompressionDict(content)
            data.precompute_compress(level=LEVEL)
            codec = codecs[dictionary] = (
                zstandard.ZstdCompressor(dict_data=data, write_dict_id=False),
                zstandard.ZstdDecompressor(dict_data=data),
            )
        return codec


def _keep_first(tx: Transaction, content: bytes) -> None:
    tx.execute(
        "INSERT INTO dictionary (created, content) "
        "SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM dictionary)",
        (tx.instant, content),
    )
