"""`/readyz`: whether the service can do its work now, and which part cannot."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from lrs.problems import Problem
from lrs.store.errors import StoreError
from lrs.store.health import Health, Part, Waiting
from schemas.texts import Text

LIMITS: Mapping[Part, int] = {
    "projection": 300,
    "evaluation": 600,
    "imports": 3600,
    "outbox": 24 * 3600,
    "ledger": 300,
}
"""Seconds for which something may wait for a part before that part fails. A bank may be away for
a night, so that its deliveries wait longest."""

LEAST_ROOM = 64 * 1024 * 1024
"""Octets that must be left on the store's disk. What is written into room that the store has
already would succeed for a while longer."""

REMEMBERED = 1.0
"""Seconds for which an answer stands, so that asking often costs no fsync each."""

CHECKS = ("store", *LIMITS)


def verdict(
    writable: str | None, waiting: Mapping[Part, Waiting] | None, now: int
) -> dict[str, dict[str, Any]]:
    """Return what came of each check at `now` (microseconds).

    `writable` is None or why the store cannot be written; without `waiting` nothing can be read.
    """
    found: dict[str, dict[str, Any]] = {"store": {"ok": writable is None}}
    if writable is not None:
        found["store"]["why"] = writable
    for part, limit in LIMITS.items():
        if waiting is None:
            found[part] = {"ok": False, "why": "the store cannot be read"}
            continue
        much, since = waiting[part]
        age = max(0, now - since) / 1e6 if since is not None else 0.0
        found[part] = {"ok": age <= limit, "waiting": much, "oldest_seconds": round(age, 1)}
        if age > limit:
            found[part]["why"] = f"something waits for longer than {limit} s"
    return found


class Readiness:
    """The checks of one process. Safe from many threads: one looks, the others get its answer."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._lock = threading.Lock()
        self._until = 0.0
        self._found: dict[str, dict[str, Any]] = {}

    def look(self) -> dict[str, dict[str, Any]]:
        """Return what came of each check, at most `REMEMBERED` seconds ago."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._look()
                self._until = time.monotonic() + REMEMBERED
            return self._found

    def _look(self) -> dict[str, dict[str, Any]]:
        writable: str | None = None
        waiting: Mapping[Part, Waiting] | None = None
        try:
            self._health.write()
            free = self._health.place().free
            if free is not None and free < LEAST_ROOM:
                writable = f"{free} octets are left on its disk, less than {LEAST_ROOM}"
        except (StoreError, OSError) as error:
            writable = str(error)
        try:
            waiting = self._health.waiting()
        except Exception as error:  # whatever keeps it from being read is the answer
            writable = writable or f"the store cannot be read: {type(error).__name__}"
        return verdict(writable, waiting, time.time_ns() // 1000)


def blueprint(health: Health) -> Blueprint:
    """Return `/healthz` (this process answers) and `/readyz` (it can do its work)."""
    routes = Blueprint("readiness", __name__)
    readiness = Readiness(health)

    @routes.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @routes.get("/readyz")
    def readyz() -> ResponseReturnValue:
        left_out = request.args.getlist("exclude")
        _require_known(left_out)
        found = {name: one for name, one in readiness.look().items() if name not in left_out}
        failing = [name for name, one in found.items() if not one["ok"]]
        body = {"status": "failing" if failing else "ok", "failing": failing, "checks": found}
        return body, 503 if failing else 200, {"Cache-Control": "no-store"}

    return routes


def _require_known(names: Collection[str]) -> None:
    if unknown := sorted(set(names) - set(CHECKS)):
        raise Problem(
            400,
            Text(
                "exclude=%(unknown)s is no check; there are %(known)s.",
                unknown=unknown[0][:40],
                known=", ".join(CHECKS),
            ),
        )
