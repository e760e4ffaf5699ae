"""Recognised certification units and the rules that say what earns them."""

from __future__ import annotations

import calendar
import hashlib
from datetime import MAXYEAR, date, datetime, time, timedelta, timezone
from typing import Literal, TypeAlias, get_args

import msgspec
import rfc8785

from schemas.claims import OutcomeKind
from schemas.sources import Provenance

Grade = Literal["初级", "中级", "高级"]
"""The grades of a "1+X" vocational skill certificate."""

GRADES: tuple[Grade, ...] = get_args(Grade)

DEFAULT_PROVENANCE: tuple[Provenance, ...] = ("server", "signed", "launched", "import")
"""What a unit accepts that does not say: nothing that a learner controls, nothing typed in."""

BANK_ZONE = timezone(timedelta(hours=8))
"""The zone of the days in a unit: China Standard Time, which keeps no summer time."""


class Period(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Days from `since` (`from` in JSON) until `until`, both included, None without bound."""

    since: date | None = msgspec.field(default=None, name="from")
    until: date | None = None

    def place(self, moment: datetime) -> Literal["before", "within", "after"]:
        """Tell where an aware datetime lies; its day is that of `BANK_ZONE`."""
        day = moment.astimezone(BANK_ZONE).date()
        if self.since is not None and day < self.since:
            return "before"
        if self.until is not None and day > self.until:
            return "after"
        return "within"


class Leaf(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="condition", tag=True
):
    """What every condition on evidence may say.

    `provenance` narrows the classes that the unit accepts, `within` the days. With `signed` only
    statements with a valid signature count, with `minutes_at_least` only what took so long.
    """

    provenance: tuple[Provenance, ...] | None = None
    within: Period | None = None
    signed: bool = False
    minutes_at_least: float | None = None


class Completed(Leaf, frozen=True, kw_only=True, tag="completed"):
    """The activity was completed."""

    activity: str


class Passed(Leaf, frozen=True, kw_only=True, tag="passed"):
    """The activity was passed."""

    activity: str


class Scored(Leaf, frozen=True, kw_only=True, tag="scored"):
    """A score of the activity, as a share of its range, was `at_least` (0..1)."""

    activity: str
    at_least: float


class Hours(Leaf, frozen=True, kw_only=True, tag="hours"):
    """`at_least` clock hours went into the activity, or into the course and its activities.

    Exactly one of `activity` and `course` is given.
    """

    activity: str | None = None
    course: str | None = None
    at_least: float


class Attended(Leaf, frozen=True, kw_only=True, tag="attended"):
    """`at_least` sessions of the activity were attended, `of` so many that there are."""

    activity: str
    at_least: int
    of: int | None = None
    late_counts: bool = True


class Examined(Leaf, frozen=True, kw_only=True, tag="examined"):
    """An examiner found that the learner passed.

    `by` names the examiners (`schemas.identifiers`), any where it is empty. With `at_least`
    (0..1) the examiner's score decides, without it the examiner must have said "passed".
    """

    activity: str
    by: tuple[str, ...] = ()
    at_least: float | None = None


class Achieved(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="condition",
    tag="achieved",
):
    """The unit was achieved, by its own rule or by conversion."""

    unit: str
    within: Period | None = None


class Credits(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="condition",
    tag="credits",
):
    """The credits of achieved units come to `at_least`, and to every one of `of_which`.

    `units` maps a category, such as major, to the codes of the units that count in it, each in one
    category only. No more counts than `caps` let; what counts for one sum counts for all.
    """

    at_least: float
    units: dict[str, tuple[str, ...]]
    of_which: tuple[CreditMinimum, ...] = ()
    caps: tuple[CreditCap, ...] = ()


class CreditMinimum(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the credits `at_least` so many are of the categories and of the routes, any if empty."""

    at_least: float
    category: tuple[str, ...] = ()
    route: tuple[str, ...] = ()


class CreditCap(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the categories and routes (any if empty) no more than so many credits or units count.

    With `per` each awarding body, year or half-year has the bound of its own; years begin with
    the first of the month `begins`.
    """

    category: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    per: CapPer | None = None
    begins: int = 1
    credits: float | None = None
    units: int | None = None


CapPer = Literal["awarding_body", "year", "half_year"]


class Group(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="condition", tag=True
):
    """What every condition on other conditions has."""

    of: tuple[Condition, ...]


class AllOf(Group, frozen=True, kw_only=True, tag="all"):
    """Every condition is met."""


class AnyOf(Group, frozen=True, kw_only=True, tag="any"):
    """At least one condition is met."""


class Count(Group, frozen=True, kw_only=True, tag="count"):
    """`at_least` so many of the conditions are met."""

    at_least: int


class Sequence(Group, frozen=True, kw_only=True, tag="sequence"):
    """Every condition is met, each by what came later than all that met the one before it."""


LeafCondition: TypeAlias = Completed | Passed | Scored | Hours | Attended | Examined
UnitCondition: TypeAlias = Achieved | Credits
"""Conditions on what was achieved, not on what was stated."""

Condition: TypeAlias = LeafCondition | UnitCondition | AllOf | AnyOf | Count | Sequence
"""A new kind of condition is a new struct here: stored units keep their meaning."""


class Unit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A recognised unit at one version, which never changes once it is published.

    `title` maps language tags (BCP 47) to text, `level` is 1..10, `hours` study hours as the
    awarding body states them, `validity` months from the day it was achieved, `effective` the
    days whose evidence counts, `officer` whether a human must approve. `route` is the kind of
    source that its credits are of, for caps of programmes. `supersedes` names earlier versions
    that were wrong: what was achieved under them is decided again under this one.
    """

    code: str
    version: int
    title: dict[str, str]
    field: str
    level: int
    credits: float
    hours: float
    awarding_body: str
    kind: OutcomeKind
    grade: Grade | None = None
    validity: int | None = None
    effective: Period = Period()
    provenance: tuple[Provenance, ...] = DEFAULT_PROVENANCE
    signed: bool = False
    officer: bool = False
    route: str | None = None
    supersedes: tuple[int, ...] = ()
    rule: Condition


def valid_until(achieved_at: datetime, unit: Unit) -> datetime | None:
    """Return the end of the last day of a unit's validity, None where it has no end, or none
    before the year 10000.

    The day is the one of the same number so many months later, or the month's last.
    """
    if unit.validity is None:
        return None
    day = achieved_at.astimezone(BANK_ZONE).date()
    years, month = divmod(day.month - 1 + unit.validity, 12)
    if day.year + years > MAXYEAR:
        return None
    last = calendar.monthrange(day.year + years, month + 1)[1]
    end = date(day.year + years, month + 1, min(day.day, last))
    return datetime.combine(end, time(23, 59, 59), BANK_ZONE)


def unit_hash(unit: Unit) -> str:
    """Return the lower-case hex SHA-256 of the unit's canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(unit))).hexdigest()
