"""How many requests a credential may make, counted by each process for itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

WINDOW = 60
"""Seconds in which requests are counted."""

REMEMBERED = 10_000
"""Credentials that are counted at a time; beyond, counting begins anew."""


class RateLimit:
    """Counts the requests of each credential in windows of a minute. Safe from many threads."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Let each credential make `most` requests in a window."""
        self.most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[str, tuple[float, int]] = {}

    def count(self, credential: str) -> tuple[int, int]:
        """Count a request; return how many are left, negative where it is one too many, and the
        seconds until counting begins anew.
        """
        now = self._clock()
        with self._lock:
            begun, count = self._counted.get(credential, (now, 0))
            if now - begun >= WINDOW:
                begun, count = now, 0
            if len(self._counted) >= REMEMBERED and credential not in self._counted:
                self._counted.clear()
            self._counted[credential] = (begun, count + 1)
        return self.most - count - 1, max(1, int(begun + WINDOW - now))
