"""Lanes: how writers on many machines number what they write without a counter they all share.

A lane is a writer's right to give out positions. A position is a time in microseconds and, in its
lowest bits, the lane's slot, so that no two lanes give out the same one and each gives out growing
ones. One small document, `watermark`, tells which lanes are open and the floor of each, an instant
that all its positions still to come lie after. What lies at or before the lowest floor can already
be read, whatever is still being written: that is the watermark, and it costs no write of its own.

- A lane that opens takes `through`, which is never below an instant that anybody was promised, as
  its floor: one atomic update on the server.
- Every `BEAT` its floor is raised, to now or to where an open transaction began; a lane without
  use is closed.
- Each transaction touches the lane's document in `fence`. Where a lane has not beaten for
  `LEASE`, whoever waits for it deletes that document and then the lane: a transaction that still
  runs conflicts with the deletion, one that comes later finds no fence. So no time-out of a
  process, pause or clock decides about what is true; they only decide how long others wait.
"""

from __future__ import annotations

import queue
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from pymongo import ReturnDocument, timeout
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

SLOT_BITS = 10
"""So many bits of a position are the lane's slot; what is left lasts until the year 2255."""

LANES = 4
"""Transactions of one process at the same time at the most."""

BEAT = 0.1
"""Seconds after which an open lane says that it lives."""

LEASE = 5.0
"""Seconds without a beat after which a lane is taken for dead."""

AHEAD = 1_000_000
"""Microseconds that a lane may be ahead of the time, having given out more than one in each."""

THE_ONE = "watermark"


def first_after(instant: int) -> int:
    """Return the lowest position after an instant (microseconds)."""
    return (instant + 1) << SLOT_BITS


def instant_at(position: int) -> int:
    """Return the instant (microseconds) of a position."""
    return position >> SLOT_BITS


def microseconds() -> int:
    """Return this machine's time in microseconds since the epoch."""
    return time.time_ns() // 1000


class LaneLost(Exception):
    """The lane was taken for dead and closed by others."""


class Lane:
    """One lane of this process. Used by one transaction at a time."""

    def __init__(self) -> None:
        self.token: str | None = None
        self.slot = 0
        self._last = 0
        self._began: int | None = None
        self._used = 0.0
        self.ended_at = 0
        self._told = 0
        self._lock = threading.Lock()

    def opened(self, token: str, slot: int, floor: int) -> None:
        """Give out positions after `floor` from now on."""
        with self._lock:
            self.token, self.slot = token, slot
            self._last = max(self._last, floor)
            self._told = floor
            self._used = time.monotonic()

    def begin(self) -> None:
        """Let the floor stay where it is until `end`: a transaction gives out positions."""
        with self._lock:
            self._began = self._last = max(microseconds(), self._last)

    def end(self) -> None:
        """The transaction's positions are readable, or will never be there."""
        with self._lock:
            self._began = None
            self._used = time.monotonic()
            self.ended_at = self._last

    def told(self, floor: int) -> None:
        """Everybody knows the floor."""
        self._told = floor

    def hides(self, instant: int) -> bool:
        """Tell whether the floor that others know is before an instant, and could be raised."""
        return self.token is not None and self._told < instant and self._told < self.floor()

    def next(self) -> int:
        """Return the next position."""
        with self._lock:
            self._last = max(microseconds(), self._last + 1)
            return self._last << SLOT_BITS | self.slot

    def floor(self) -> int:
        """Return an instant that all positions lie after that others may not see yet."""
        with self._lock:
            if self._began is not None:
                return self._began
            self._last = max(microseconds(), self._last)
            return self._last

    def idle(self) -> bool:
        """Tell whether nothing used the lane for two beats."""
        with self._lock:
            return self._began is None and time.monotonic() - self._used > 2 * BEAT


class Lanes:
    """The lanes of one process, and the watermark of all. Safe from many threads."""

    def __init__(self, watermark: Collection[Any], fence: Collection[Any]) -> None:
        self._watermark = watermark
        self._fence = fence
        self._free: queue.LifoQueue[Lane] = queue.LifoQueue()
        self._all = [Lane() for _ in range(LANES)]
        for lane in self._all:
            self._free.put(lane)
        self._seen: dict[str, tuple[int, float]] = {}
        self._closing = threading.Event()
        self._beating: threading.Thread | None = None
        self._start = threading.Lock()
        self._telling = threading.Lock()
        watermark.update_one(
            {"_id": THE_ONE}, {"$setOnInsert": {"through": 0, "lanes": {}}}, upsert=True
        )

    @contextmanager
    def taken(self) -> Iterator[Lane]:
        """Wait for a lane of this process and hold it."""
        lane = self._free.get()
        try:
            if lane.token is None:
                self._open(lane)
            yield lane
        finally:
            self._free.put(lane)

    def enter(self, lane: Lane, session: Any) -> None:
        """Make a transaction depend on that the lane is open. Raises LaneLost."""
        touched = self._fence.update_one({"_id": lane.token}, {"$inc": {"n": 1}}, session=session)
        if touched.matched_count == 0:
            lane.token = None
            raise LaneLost

    def reopen(self, lane: Lane) -> None:
        """Open a lane anew that was lost."""
        self._open(lane)

    def abandon(self, lane: Lane) -> None:
        """Give up a lane of which it is not known whether its transaction is still under way:
        whoever waits for it closes it, as one of a process that died.
        """
        lane.token = None

    def through(self) -> int:
        """Return the watermark: an instant (microseconds) up to which all can be read, and what
        this process itself wrote before, unless others still write what they began before that.
        """
        self._tell()
        return self._through(self._read())

    def promised(self) -> int:
        """Return a watermark that is now, where nobody writes."""
        self._tell()
        found = self._read()
        if found["lanes"] or found["through"] > microseconds() - BEAT * 1_000_000:
            return self._through(found)
        raised = self._watermark.find_one_and_update(
            {"_id": THE_ONE, "lanes": {}},
            {"$max": {"through": microseconds()}},
            return_document=ReturnDocument.AFTER,
        )
        return self._through(raised or self._read())

    def close(self) -> None:
        """Close every lane: nobody waits for this process any more."""
        self._closing.set()
        if self._beating is not None:
            self._beating.join()
        for lane in self._all:
            if lane.token is not None:
                self._shut(lane)

    def _read(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] | None = self._watermark.find_one({"_id": THE_ONE})
        return found or {"through": 0, "lanes": {}}

    def _through(self, found: Mapping[str, Any]) -> int:
        lanes: Mapping[str, Mapping[str, Any]] = found["lanes"]
        if not lanes:
            return int(found["through"])
        self._bury(lanes)
        return int(min(lane["floor"] for lane in lanes.values()))

    def _tell(self) -> None:
        """Let what this process wrote be read at once: a lane that lies idle would hold it back
        until its next beat.
        """
        # What the beat is just telling, or shutting, counts only once that is done.
        with self._telling:
            written = max(lane.ended_at for lane in self._all)
            for lane in self._all:
                # Each lane: the beat may have told of one before this was written in another.
                if lane.hides(written):
                    self._raise(lane)

    def _open(self, lane: Lane) -> None:
        token = secrets.token_hex(8)
        self._fence.insert_one({"_id": token, "n": 0})
        slot = 0
        while True:
            taken = self._read()["lanes"]
            slot = next(n for n in range(1 << SLOT_BITS) if str(n) not in taken)
            at = f"lanes.{slot}"
            opened = self._watermark.find_one_and_update(
                {"_id": THE_ONE, at: {"$exists": False}},
                [
                    {"$set": {"through": {"$max": ["$through", microseconds()]}}},
                    {"$set": {at: {"token": token, "floor": "$through", "beat": 0}}},
                ],
                return_document=ReturnDocument.AFTER,
            )
            if opened is not None:
                break
        lane.opened(token, slot, int(opened["through"]))
        with self._start:
            if self._beating is None:
                self._beating = threading.Thread(target=self._beat, daemon=True, name="lanes")
                self._beating.start()

    def _beat(self) -> None:
        """Raise the floors of open lanes and close those without use, until the end."""
        while not self._closing.wait(BEAT):
            # The database that goes away takes the lanes with it: the next beat tells.
            try:
                with self._telling:
                    for lane in self._all:
                        self._raise(lane)
            except PyMongoError:
                continue

    def _raise(self, lane: Lane) -> None:
        if lane.idle():
            with self._reserved(lane) as free:
                if free:
                    if lane.token is not None:
                        self._shut(lane)
                    return
        token, at = lane.token, f"lanes.{lane.slot}"
        if token is None:
            return
        floor = lane.floor()
        raised = self._watermark.update_one(
            {"_id": THE_ONE, f"{at}.token": token},
            {"$max": {f"{at}.floor": floor, "through": floor}, "$inc": {f"{at}.beat": 1}},
        )
        if raised.matched_count:
            lane.told(floor)

    @contextmanager
    def _reserved(self, lane: Lane) -> Iterator[bool]:
        """Hold a lane that nobody holds; False where somebody does."""
        held: list[Lane] = []
        try:
            while lane not in held:
                held.append(self._free.get_nowait())
            yield True
        except queue.Empty:
            yield False
        finally:
            for one in held:
                self._free.put(one)

    def _shut(self, lane: Lane) -> None:
        floor, token, lane.token = lane.floor(), lane.token, None
        self._remove(str(lane.slot), str(token), floor)
        self._fence.delete_one({"_id": token})

    def _remove(self, slot: str, token: str, through: int) -> None:
        self._watermark.update_one(
            {"_id": THE_ONE, f"lanes.{slot}.token": token},
            {"$unset": {f"lanes.{slot}": ""}, "$max": {"through": through}},
        )

    def _bury(self, lanes: Mapping[str, Mapping[str, Any]]) -> None:
        """Close the lanes of others that no beat was heard of for `LEASE`."""
        now = time.monotonic()
        mine = {lane.token for lane in self._all}
        seen: dict[str, tuple[int, float]] = {}
        for slot, lane in lanes.items():
            token, beat = lane["token"], lane["beat"]
            before = self._seen.get(token)
            since = before[1] if before is not None and before[0] == beat else now
            seen[token] = (beat, since)
            if token not in mine and now - since > LEASE:
                # A transaction that still runs keeps its fence: it is waited for another time.
                with suppress(PyMongoError), timeout(1):
                    self._fence.delete_one({"_id": token})
                    self._remove(slot, token, microseconds() + AHEAD)
        self._seen = seen
