"""The lifelong learning file of a persona: what was achieved, what is missing, what was done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import request

from lrs.achievements.catalogue import units_by_activity
from lrs.achievements.explanation import explain_judgement
from lrs.achievements.panel import judge_of
from lrs.api.cursors import read_cursor, write_cursor
from lrs.console.explanations import Told, told
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.problems import Problem
from lrs.store.records import Persona, RecordKey
from lrs.store.store import Store
from schemas.achievements import Achievement
from schemas.records import LearnerRecord
from schemas.units import Unit

PAGE = 25
EVENTS = 20
"""The latest events that a file shows."""

ON_THE_WAY = 6
"""Units, begun and not achieved, of which a file says what is missing."""


def learning_file(store: Store, persona: str) -> dict[str, Any]:
    """Return what the file of a persona shows, from the request's cursor on.

    Raises Problem (404).
    """
    known = store.records.persona(persona)
    if known is None:
        raise Problem(404, _("There is no such learner."))
    place = read_cursor(request.args.get("cursor"), tuple[str, str, str])
    records = [
        record
        for _key, record in store.records.records_of(known.id, place and RecordKey(*place), PAGE)
    ]
    last = records[-1] if len(records) == PAGE else None
    cursor = last and write_cursor((known.id, last.activity, last.registration or ""))
    achievements = store.achievements.page(None, PAGE, known.id)
    units = {(unit.code, unit.version): unit for unit in store.units.all()}
    verified = [one for _changed, one in achievements if one.state == "verified"]
    return {
        "persona": known,
        "records": records,
        "next": cursor and f"{request.path}?cursor={cursor}",
        "achievements": achievements,
        "verified": verified,
        "credits": sum(_credits(one, units) for one in verified),
        "hours": sum(record.duration for record in records) / 3600,
        "claims": store.exchange.claims(None, PAGE, known.id),
        "units": units,
        "missing": _missing(store, known, records, list(units.values()), verified),
        "events": [event for _place, event in store.records.timeline(known.id, None, EVENTS)],
        "credentials": store.credentials.of_persona(known.id),
    }


def _missing(
    store: Store,
    persona: Persona,
    records: list[LearnerRecord],
    units: list[Unit],
    verified: list[Achievement],
) -> list[tuple[Unit, tuple[Told, ...]]]:
    """What is missing to each unit that was begun and is not achieved."""
    readers = units_by_activity(units)
    begun = {code for record in records for code in readers.get(record.activity, ())}
    judge, now = judge_of(store), datetime.now(UTC)
    found = []
    for code in sorted(begun - {one.unit for one in verified})[:ON_THE_WAY]:
        judgement = judge.judge(persona, code, now)
        if judgement is not None and not judgement.met:
            lines = told(explain_judgement(judgement, (), text_language()))
            found.append((judgement.unit, lines))
    return found


def _credits(achievement: Achievement, units: dict[tuple[str, int], Unit]) -> float:
    if achievement.credits is not None:
        return achievement.credits
    return units[achievement.unit, achievement.version].credits
