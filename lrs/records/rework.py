"""Working out anew, in steps, what a change of identities or of a course touches."""

from __future__ import annotations

import json

from lrs.records.changes import Changes, Structures
from lrs.records.identity import held_at
from lrs.store.projections import Checkpoint, Projections, Rework, Scope
from lrs.store.records import RecordKey

KEYS = 100
"""Records or scopes a step."""

EVENTS = 5_000
"""Events a step, beyond which no further record is begun."""


def rework(
    projections: Projections,
    structures: Structures,
    changes: Changes,
    since: Checkpoint,
    waiting: Rework,
) -> tuple[str, ...] | None:
    """Add the next piece of the work to `changes`; return how far it is then, None at the end."""
    if waiting.kind == "persona":
        return _resettle(projections, changes, since, waiting)
    if waiting.kind == "record":
        changes.read_again(RecordKey(*json.loads(waiting.subject)))
        return None
    return _satisfy_anew(projections, structures, changes, since, waiting)


def _resettle(
    projections: Projections, changes: Changes, since: Checkpoint, waiting: Rework
) -> tuple[str, ...] | None:
    """Give a persona's events to those who hold their identifiers now, record by record."""
    keys = projections.keys_of(since.generation, waiting.subject, waiting.place, KEYS)
    seen = 0
    for number, key in enumerate(keys, 1):
        events = projections.events_of(since.generation, key)
        holdings = projections.holdings({one.event.identifier for one in events})
        for one in events:
            held = held_at(holdings.get(one.event.identifier, ()), one.event.time)
            if held is not None and held.persona != one.persona:
                changes.move(one, held.persona)
        seen += len(events)
        if seen >= EVENTS or number == KEYS:
            return key.activity, key.registration
    return None


def _satisfy_anew(
    projections: Projections,
    structures: Structures,
    changes: Changes,
    since: Checkpoint,
    waiting: Rework,
) -> tuple[str, ...] | None:
    """Work out what is satisfied of a course: first where we said so before, then by its units.

    A scope that has records of several units is looked at with the first of them alone.
    """
    structure = structures.course(waiting.subject)
    units = sorted({unit.id for unit in structure.units()}) if structure else []
    whole, after = (waiting.place[0], waiting.place[1:]) if waiting.place else ("", ())
    if not whole:
        scopes = projections.said_of(since.generation, waiting.subject, after, KEYS)
        known: list[str] = []
    else:
        scopes = projections.scopes(since.generation, whole, after, KEYS)
        known = units[: units.index(whole)] if whole in units else []
    for scope in scopes:
        if not known or not projections.about(since.generation, scope, known):
            changes.recompute(Scope(*scope), waiting.subject)
    if len(scopes) == KEYS:
        return whole, *scopes[-1]
    following = [unit for unit in units if unit > whole]
    return (following[0], "", "") if following else None
