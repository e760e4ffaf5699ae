"""Terms: the integers that stand for search keys in every store."""

from __future__ import annotations

import hashlib
import struct
from functools import lru_cache

SHORT = 256
"""Keys up to this many characters are remembered with their terms, so that memory is bounded."""


@lru_cache(maxsize=32_768)
def _short_term(key: str) -> int:
    return _hash(key)


def _hash(key: str) -> int:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int(struct.unpack("<q", digest)[0])


def term_of(key: str) -> int:
    """Return a search key's term: 64 bits of its hash, signed as the stores' integers are.

    At a billion different keys the chance that any two share a term is 3 %, and what follows
    is one statement too many on a page, so terms are not looked up in a table of their own.
    """
    return _short_term(key) if len(key) <= SHORT else _hash(key)
