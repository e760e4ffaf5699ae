"""What the queries of several nouns in MongoDB share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lrs.store.mongo.database import Transaction


def name_of(*parts: str) -> bytes:
    """Return an `_id` that stands for several texts, however long they are."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()


def beyond(
    fields: Sequence[str], place: Sequence[Any] | None, *, descending: bool = False
) -> dict[str, Any]:
    """Return the condition for what comes after a place in the order of the fields; all of it
    where there is none.

    The first field is bounded by itself as well, so that an index on the fields is read from the
    place on, whatever the server makes of the alternatives.
    """
    if place is None:
        return {}
    follows, reaches = ("$lt", "$lte") if descending else ("$gt", "$gte")
    if len(fields) == 1:
        return {fields[0]: {follows: place[0]}}
    alternatives = [
        {**dict(zip(fields[:at], place, strict=False)), fields[at]: {follows: place[at]}}
        for at in range(len(fields))
    ]
    return {fields[0]: {reaches: place[0]}, "$or": alternatives}


def distinct(
    found: Iterable[Mapping[str, Any]], fields: Sequence[str], limit: int
) -> list[tuple[Any, ...]]:
    """Return up to `limit` values of the fields, each once, of documents in the order of these."""
    values: list[tuple[Any, ...]] = []
    for one in found:
        value = tuple(one[field] for field in fields)
        if not values or values[-1] != value:
            if len(values) == limit:
                break
            values.append(value)
    return values


def bulk(tx: Transaction, collection: str, operations: Sequence[Any]) -> int:
    """Write operations in order; return by how many documents the collection has grown."""
    if not operations:
        return 0
    done = tx[collection].bulk_write(operations)
    return int(done.inserted_count + done.upserted_count - done.deleted_count)
