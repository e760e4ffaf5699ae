"""Credentials that were issued."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place in one of our status lists; lists are numbered from 1, places from 0."""

    list: int
    index: int


class IssuedCredential(msgspec.Struct, frozen=True, kw_only=True):
    """An Open Badges 3.0 credential as it was given out.

    `id` is a random UUID, `language` the tag it was written for, `evidence_hash` that of the
    achievement at the time; `token` is the credential as a compact JWS, `document` as JSON with a
    Data Integrity proof. `revoked` tells whether its achievement no longer stands as it was.
    """

    id: str
    achievement: str
    persona: str
    language: str
    place: Place
    issued_at: datetime
    evidence_hash: str
    token: str
    document: bytes
    revoked: bool = False
