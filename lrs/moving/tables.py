"""Moving a table of SQLite into a collection of MongoDB, row by row."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import bson
from pymongo import ReplaceOne

from lrs.store.mongo.database import MongoDatabase
from lrs.store.mongo.queries import name_of

PAGE = 500

Row = Mapping[str, Any]
Related = Callable[..., list[Row]]
"""Gives rows of other tables: `related(sql, *values)`."""


class Table(NamedTuple):
    """What becomes a collection: `select` gives a row for each document, `document` makes it.

    A row decides the `_id` of its document, which the store looks it up by, and by which a row that
    is moved twice is there once.
    """

    collection: str
    select: str
    document: Callable[[Row, Related], dict[str, Any]]


def whole(row: Row, key: str) -> dict[str, Any]:
    """Return a row as a document of which one column is the `_id`."""
    rest = dict(row)
    return {"_id": rest.pop(key), **rest}


def named(key: str) -> Callable[[Row, Related], dict[str, Any]]:
    """Return what makes a document of a row as it is, one column of which is its `_id`."""
    return lambda row, _: whole(row, key)


def together(*keys: str) -> Callable[[Row, Related], dict[str, Any]]:
    """Return what makes a document of a row as it is, several columns of which tell its `_id`."""
    return lambda row, _: {"_id": name_of(*(row[key] for key in keys)), **row}


class Difference(NamedTuple):
    """A collection that is not what its table is."""

    collection: str
    rows: int
    documents: int


def move_table(table: Table, connection: sqlite3.Connection, target: MongoDatabase) -> int:
    """Move every row of a table; return how many."""
    count = 0
    documents = _documents(table, connection)
    while page := list(islice(documents, PAGE)):
        target[table.collection].bulk_write(
            [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in page],
            ordered=False,
        )
        count += len(page)
    return count


def difference(
    table: Table, connection: sqlite3.Connection, target: MongoDatabase
) -> Difference | None:
    """Hold a collection against its table, document by document; None where they are the same."""
    rows, here = _digest(_documents(table, connection))
    documents, there = _digest(target[table.collection].find())
    return None if here == there else Difference(table.collection, rows, documents)


def _documents(table: Table, connection: sqlite3.Connection) -> Iterator[dict[str, Any]]:
    def related(sql: str, *values: Any) -> list[Row]:
        cursor = connection.execute(sql, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    cursor = connection.execute(table.select)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield table.document(dict(zip(names, row, strict=True)), related)


def _digest(documents: Iterator[Mapping[str, Any]] | Any) -> tuple[int, int]:
    """Return how many documents there are, and the sum of their hashes: their order is no
    matter.
    """
    count = total = 0
    for one in documents:
        count += 1
        total += int.from_bytes(hashlib.sha256(bson.encode(one)).digest())
    return count, total % (1 << 256)
