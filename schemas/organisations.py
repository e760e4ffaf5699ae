"""Organisations, who is employed by them, and what those people let them see."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal, get_args

import msgspec

OrganisationKind = Literal["enterprise", "institution", "bank", "auditor"]
ORGANISATION_KINDS: tuple[OrganisationKind, ...] = get_args(OrganisationKind)

ConsentLevel = Literal["achievements", "records"]
"""What an employee lets an employer see; `records` includes achievements."""

CONSENT_LEVELS: tuple[ConsentLevel, ...] = get_args(ConsentLevel)

SharedState = Literal["verified", "superseded", "revoked"]
SHARED_STATES: tuple[SharedState, ...] = get_args(SharedState)
"""The states in which an employer sees an achievement; what still waits is nobody's business."""


class Organisation(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation; `created` is microseconds since the epoch."""

    id: str
    kind: OrganisationKind
    name: str
    created: int = 0


class Employment(msgspec.Struct, frozen=True, kw_only=True):
    """That a persona works for an organisation, from a day up to but without another.

    `employee` is the organisation's own number, `department` its own word, `roster` the roster
    that says so; an employment that somebody recorded has none.
    """

    organisation: str
    persona: str
    since: date
    until: date | None = None
    employee: str = ""
    department: str = ""
    roster: str = ""


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """What a persona lets an organisation see.

    `given` and `withdrawn` are instants (microseconds), `by` the principal who recorded it, of a
    consent on paper the `evidence` where it lies; it holds up to but without the day `until`.
    """

    organisation: str
    persona: str
    level: ConsentLevel
    by: str
    given: int = 0
    until: date | None = None
    withdrawn: int | None = None
    evidence: str = ""


class SharedAchievement(msgspec.Struct, frozen=True, kw_only=True):
    """An achievement as an organisation may see it, or that it may no more (`gone`).

    `seq` grows with every change of what may be seen; `changed` is the instant of it
    (microseconds), `achieved` the day, `valid_from` that from which on its validity is counted.
    """

    seq: int
    changed: int
    id: str
    gone: bool
    persona: str = ""
    unit: str = ""
    version: int = 0
    state: str = ""
    achieved: str = ""
    valid_from: str = ""
    employee: str = ""
    department: str = ""
    score: float | None = None


class SummaryLine(msgspec.Struct, frozen=True, kw_only=True):
    """How many achievements an organisation sees of a unit, department, month and state."""

    unit: str
    department: str
    month: str
    state: str
    count: int


def employment_of(employments: Sequence[Employment], today: date) -> Employment | None:
    """Return which of one person's employments at an organisation counts: one that is live, the
    latest begun of several; None where there are none.
    """

    def rank(one: Employment) -> tuple[bool, date]:
        return one.since <= today and (one.until is None or today < one.until), one.since

    return max(employments, key=rank, default=None)


def consent_of(consents: Sequence[Consent]) -> Consent | None:
    """Return which of one person's consents to an organisation counts: what they said last."""
    return max(consents, key=lambda one: max(one.given, one.withdrawn or 0), default=None)


def live(employment: Employment | None, consent: Consent | None, today: date) -> bool:
    """Tell whether the organisation may see something of the persona on the day."""
    return (
        employment is not None
        and employment.since <= today
        and (employment.until is None or today < employment.until)
        and consent is not None
        and consent.withdrawn is None
        and (consent.until is None or today < consent.until)
    )


def next_change(employment: Employment | None, consent: Consent | None, today: date) -> date | None:
    """Return the next day after `today` on which `live` may answer otherwise by itself."""
    days: list[date | None] = []
    if employment is not None:
        days += [employment.since, employment.until]
    if consent is not None:
        days.append(consent.until)
    return min((day for day in days if day is not None and day > today), default=None)
