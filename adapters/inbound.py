"""The contract of inbound adapters, which turn a statement into events."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from schemas.events import Event
from schemas.sources import Source
from schemas.xapi import Statement


class InboundAdapter(Protocol):
    """Knows one tool's or profile's way of using xAPI. Pure: no I/O, no clock, no state."""

    name: str

    def recognises(self, statement: Statement) -> bool:
        """Tell whether the statement is of this adapter's tool or profile."""
        ...

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return the statement's events; none where it says nothing about a learner."""
        ...


FALLBACK = "generic"


@cache
def inbound_adapters() -> tuple[InboundAdapter, ...]:
    """Return the installed adapters, by name, with the generic one last."""
    points = sorted(entry_points(group="lrs.inbound"), key=lambda p: (p.name == FALLBACK, p.name))
    return tuple(point.load() for point in points)


def normalise(
    statement: Statement, source: Source, adapters: Sequence[InboundAdapter]
) -> tuple[str, list[Event]]:
    """Return the name of the adapter that recognised the statement, and its events.

    The generic adapter recognises every statement, so that there is always one.
    """
    for adapter in adapters:
        if adapter.recognises(statement):
            return adapter.name, adapter.events(statement, source)
    raise LookupError(f"no inbound adapter is installed under the name {FALLBACK!r}")
