"""Rosters: who there is, by which identifiers, and who takes which course, as an office says."""

from __future__ import annotations

from typing import Literal

import msgspec

RosterNoun = Literal["organisation", "course", "person", "enrolment"]
"""What an entry of a roster is of."""


class RosterOrganisation(msgspec.Struct, frozen=True, kw_only=True, tag="organisation"):
    """An organisation that a person belongs to: an employer, a school, a department."""

    id: str
    name: str


class RosterPerson(msgspec.Struct, frozen=True, kw_only=True, tag="person"):
    """One person. `id` is the roster's own (`sourcedId`), `identifiers` are all that belong to the
    person, as `schemas.identifiers` writes them, sorted; `roles` as the roster names them.
    """

    id: str
    name: str
    identifiers: tuple[str, ...]
    organisations: tuple[RosterOrganisation, ...] = ()
    roles: tuple[str, ...] = ()
    enabled: bool = True


class RosterCourse(msgspec.Struct, frozen=True, kw_only=True, tag="course"):
    """A course, or a class of it: `activity` is the IRI under which statements tell of the course,
    `course` the id of the course that a class is of, empty for the course itself.
    """

    id: str
    title: str
    code: str = ""
    activity: str = ""
    course: str = ""
    terms: tuple[str, ...] = ()


class RosterEnrolment(msgspec.Struct, frozen=True, kw_only=True, tag="enrolment"):
    """That a person takes or teaches a class, from a day to a day (ISO 8601 dates, or empty)."""

    id: str
    person: str
    course: str
    role: str
    begin: str = ""
    end: str = ""


RosterEntry = RosterOrganisation | RosterPerson | RosterCourse | RosterEnrolment


class RosterChange(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands since `at` (microseconds): `ended` where the roster has it no more.

    `seq` grows with every change; an entry that changes again has a new one, and only that.
    """

    seq: int
    at: int
    roster: str
    entry: RosterEntry
    ended: bool = False


def noun_of(entry: RosterEntry) -> RosterNoun:
    """Return what the entry is of."""
    return _NOUNS[type(entry)]


_NOUNS: dict[type, RosterNoun] = {
    RosterOrganisation: "organisation",
    RosterPerson: "person",
    RosterCourse: "course",
    RosterEnrolment: "enrolment",
}
