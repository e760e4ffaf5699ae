"""The connection to MongoDB: reads of what a majority has, writes in transactions.

Every change is a transaction of snapshot isolation with write concern majority, on disk: what was
answered survives the loss of a machine. Two transactions that write the same document conflict,
and the later one runs again; where one only reads what the other writes, `Transaction.guard` makes
them conflict. `lanes` tells how what they write is numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any, TypeVar

from pymongo import MongoClient, UpdateOne, timeout
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from lrs.store.errors import StoreError
from lrs.store.mongo.lanes import Lane, LaneLost, Lanes, instant_at, microseconds
from lrs.store.mongo.schema import Indexes, prepare

Result = TypeVar("Result")

DATABASE = "lrs"
"""The name of the database where the address names none."""

DUPLICATE_KEY = 11000

MAJORITY = WriteConcern(w="majority", j=True)

TRIES = 8
"""How often a transaction is run that inserts what another one inserts at the same time."""

WRITTEN_WITHIN = 30
"""Seconds after which a transaction that cannot be brought to an end is given up."""

REACHED_WITHIN = 10_000
"""Milliseconds after which a server that does not answer is said to be away."""


class Within:
    """A collection with every operation inside one transaction or snapshot."""

    def __init__(self, collection: Collection[Any], session: ClientSession) -> None:
        self._collection = collection
        self._session = session

    def __getattr__(self, operation: str) -> Any:
        return partial(getattr(self._collection, operation), session=self._session)


class Snapshot:
    """All reads see one state."""

    def __init__(self, database: MongoDatabase, session: ClientSession) -> None:
        self._database = database
        self._session = session

    def __getitem__(self, collection: str) -> Within:
        return Within(self._database[collection], self._session)


class Transaction(Snapshot):
    """One open write transaction; `tx["person"].update_one(...)` is inside it.

    `instant` is its time in microseconds since the epoch, later than every instant a reader was
    ever promised. It may be run again from the start: nothing but the store may be changed in it.
    """

    def __init__(self, database: MongoDatabase, session: ClientSession, lane: Lane) -> None:
        super().__init__(database, session)
        self._lane = lane
        self.instant = instant_at(lane.next())

    def next_seq(self) -> int:
        """Return a number that nothing else has: higher than all before it of this process, and
        not below what any reader took for complete.
        """
        return self._lane.next()

    @property
    def slot(self) -> int:
        """What tells the transaction's lane from all others that are open."""
        return self._lane.slot

    def next_number(self, noun: str) -> int:
        """Return the next of 1, 2, 3 … : for nouns that are few, since all share the counter."""
        self["counter"].update_one({"_id": noun}, {"$inc": {"n": 1}}, upsert=True)
        return int(self["counter"].find_one({"_id": noun})["n"])

    def guard(self, *names: str) -> None:
        """Conflict with every other transaction that guards one of the names."""
        self["guard"].bulk_write(
            [UpdateOne({"_id": name}, {"$inc": {"n": 1}}, upsert=True) for name in names]
        )


class MongoDatabase:
    """One database and this process's way to it. Safe to use from many threads."""

    def __init__(self, address: str, indexes: Indexes) -> None:
        """Connect, and make the collections and indexes that are missing.

        `address` is a connection string of MongoDB (`mongodb://…/NAME`). Raises StoreError where
        it cannot be used.
        """
        try:
            self._client: MongoClient[Any] = MongoClient(
                address,
                serverSelectionTimeoutMS=REACHED_WITHIN,
                connect=False,
                tz_aware=True,
            )
            self._database = self._client.get_default_database(
                DATABASE,
                read_concern=ReadConcern("majority"),
                write_concern=MAJORITY,
                read_preference=ReadPreference.PRIMARY,
            )
        except (ConfigurationError, InvalidURI, ValueError) as error:
            raise StoreError(f"LRS_STORE is no usable address of MongoDB: {error}") from error
        with reported():
            prepare(self._client, self._database, indexes)
            self.lanes = Lanes(self["watermark"], self["fence"])

    def __getitem__(self, collection: str) -> Collection[Any]:
        return self._database[collection]

    @property
    def name(self) -> str:
        """The name of the database."""
        return self._database.name

    def command(self, command: str) -> Mapping[str, Any]:
        """Run a command on the database."""
        answer: Mapping[str, Any] = self._database.command(command)
        return answer

    def write(self, work: Callable[[Transaction], Result]) -> Result:
        """Run `work` in a transaction and return its result once a majority has it on disk.

        What `work` raises is raised here, with nothing of it written. It is run again where
        another transaction came in between. Raises StoreError where nothing can be written.
        """
        with (
            timeout(WRITTEN_WITHIN),
            self.lanes.taken() as lane,
            self._client.start_session() as session,
        ):
            for times in count(1):
                lane.begin()
                try:
                    return session.with_transaction(
                        partial(self._attempt, work, lane),
                        read_concern=ReadConcern("snapshot"),
                        write_concern=MAJORITY,
                        read_preference=ReadPreference.PRIMARY,
                    )
                except LaneLost:
                    self.lanes.reopen(lane)
                except PyMongoError as error:
                    if _came_in_between(error) and times < TRIES:
                        continue
                    if _may_still_commit(error):
                        self.lanes.abandon(lane)
                    raise StoreError(f"the store could not be written: {error}") from error
                finally:
                    lane.end()
        raise AssertionError

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give reads that all see one state."""
        with reported(), self._client.start_session(snapshot=True) as session:
            yield Snapshot(self, session)

    def now(self) -> int:
        """Return the time in microseconds since the epoch."""
        return microseconds()

    def close(self) -> None:
        """Close the lanes and the connections."""
        self.lanes.close()
        self._client.close()

    def _attempt(
        self, work: Callable[[Transaction], Result], lane: Lane, session: ClientSession
    ) -> Result:
        self.lanes.enter(lane, session)
        return work(Transaction(self, session, lane))


def _came_in_between(error: PyMongoError) -> bool:
    """Tell whether another transaction inserted what this one looked for and did not see."""
    if isinstance(error, BulkWriteError):
        return any(one.get("code") == DUPLICATE_KEY for one in error.details["writeErrors"])
    return isinstance(error, DuplicateKeyError)


def _may_still_commit(error: PyMongoError) -> bool:
    return isinstance(error, ConnectionFailure) or error.has_error_label(
        "UnknownTransactionCommitResult"
    )


@contextmanager
def reported() -> Iterator[None]:
    """Turn what the driver raises into StoreError."""
    try:
        yield
    except PyMongoError as error:
        raise StoreError(f"the store cannot be reached: {error}") from error
