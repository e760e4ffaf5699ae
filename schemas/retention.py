"""Retention: for how long data of each class is kept (docs/retention.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

DataClass = Literal[
    "statements",
    "attachments",
    "documents",
    "inactive_personas",
    "audit_events",
    "sessions",
    "import_rows",
    "quarantine",
    "webhook_deliveries",
]
"""What a policy can be set for. An age counts from when a statement was stored, with an attachment
too; a document was last changed; a persona's last statement was stored; an audit event was noted; a
session was last used; the file of an import's row was handed in; a delivery was queued."""

DATA_CLASSES: tuple[DataClass, ...] = get_args(DataClass)

LEAST_DAYS: Mapping[DataClass, int] = {
    "statements": 365,
    "attachments": 30,
    "documents": 30,
    "inactive_personas": 365,
    "audit_events": 365,
    "sessions": 1,
    "import_rows": 30,
    "quarantine": 30,
    "webhook_deliveries": 7,
}
"""No policy may be shorter: a term lasts half a year, an audit looks at the year before."""

MOST_DAYS = 36_500


class PolicyError(ValueError):
    """A policy that cannot be set; the message says why."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days data of a class is kept, None for good; and how applying it fares.

    `begun` and `ended` are those of the last run (microseconds since the epoch), `removed` and
    `kept` what it came to: what is older than the policy allows and stays because something
    rests on it is kept.
    """

    data_class: DataClass
    days: int | None = None
    begun: int | None = None
    ended: int | None = None
    removed: int = 0
    kept: int = 0


def require_days(data_class: DataClass, days: int | None) -> None:
    """Raise PolicyError where data of the class may not be kept for so many days."""
    least = LEAST_DAYS[data_class]
    if days is not None and not least <= days <= MOST_DAYS:
        raise PolicyError(f"{data_class} may be kept for {least} to {MOST_DAYS} days, or for good")
