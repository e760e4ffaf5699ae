"""What an enterprise may see, and for whom a principal asks."""

from __future__ import annotations

from datetime import UTC, date, datetime

from lrs.problems import Problem
from schemas.principals import Principal
from schemas.units import BANK_ZONE


def today() -> date:
    """Return the day it is where the bank is."""
    return datetime.now(UTC).astimezone(BANK_ZONE).date()


def organisation_of(principal: Principal, asked: str | None) -> str:
    """Return the organisation that a principal asks for: its own, or, for an administrator, the
    one that it names. Raises Problem (403, 400).
    """
    if principal.holds() and asked is not None:
        return asked
    if principal.organisation is None:
        raise Problem(400, "Say for which organisation, by the parameter organisation.")
    if asked not in (None, principal.organisation):
        raise Problem(403, "That is another organisation's.")
    return principal.organisation
