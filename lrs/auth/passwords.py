"""Passwords of people: what is taken, and how it is kept (argon2id, RFC 9106)."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 256
FEWEST_SIGNS = 5

_hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(2)
"""Each hash takes 64 MiB and a core; more of them at a time would only starve the others."""

_nobodys = _hasher.hash("nobody has this password")


class WeakPassword(ValueError):
    """A password that is not taken; `rule` is `short`, `long`, `plain` or `name`."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


def check_password(password: str, name: str) -> None:
    """Raise WeakPassword for one that is soon guessed (NIST SP 800-63B 5.1.1.2: length counts,
    no classes of characters are asked for).
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise WeakPassword("short")
    if len(normal) > LONGEST:
        raise WeakPassword("long")
    if len(set(normal)) < FEWEST_SIGNS:
        raise WeakPassword("plain")
    if name and normal.casefold().replace(name, "") == "":
        raise WeakPassword("name")


def hash_password(password: str) -> str:
    """Return the hash under which a password is kept."""
    with _at_once:
        return _hasher.hash(_normal(password))


def password_matches(password: str, kept: str | None) -> bool:
    """Compare a password with the kept hash; takes the same time where there is none."""
    if len(password) > 4 * LONGEST:
        return False
    with _at_once:
        try:
            return _hasher.verify(kept or _nobodys, _normal(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    """The same password whichever way a keyboard composes its signs."""
    return unicodedata.normalize("NFKC", password)
