"""What an enterprise asks for: as which organisation, noted, and brought up to date before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from lrs.auth.organisations import organisation_of, today
from lrs.service import Service
from lrs.store.organisations import SETTLED_AT_ONCE, SharedQuery
from schemas.audit import Act

FILTERS = ("unit", "department", "state", "since", "until")


def ask(
    service: Service,
    action: str,
    *,
    organisation: str | None,
    filters: Mapping[str, Any],
    persona: str | None = None,
) -> SharedQuery:
    """Return the query of the principal's organisation, an administrator's of the one it names,
    once the look is noted as `enterprise.ACTION` and everything due is settled. Raises Problem.

    Of `filters` count those in `FILTERS` that are not None.
    """
    principal = service.principal("enterprise")
    asked = organisation_of(principal, organisation)
    while service.store.organisations.settle(today(), SETTLED_AT_ONCE):
        pass
    kept = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in filters.items()
        if name in FILTERS and value is not None
    }
    act = Act(
        principal=principal.id,
        action=f"enterprise.{action}",
        subject=asked,
        persona=persona,
        detail=kept,
    )
    service.store.audit.note(act)
    return SharedQuery(organisation=asked, persona=persona, **kept)
