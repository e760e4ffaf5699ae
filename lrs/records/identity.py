"""Who holds an identifier, and under which id a persona is first met."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from lrs.store.projections import Holding
from schemas.times import instant_of

PERSONA_NAMESPACE = uuid.UUID("3d9b1c52-3b1f-5c7e-9a53-0d6a2b1b8f10")
"""A persona first met has the UUIDv5 of its identifier, so that a rebuild gives the same ids."""


def persona_of(identifier: str) -> str:
    """Return the id of the persona that is first met under an identifier."""
    return str(uuid.uuid5(PERSONA_NAMESPACE, identifier))


def held_at(holdings: Sequence[Holding], moment: datetime) -> Holding | None:
    """Return who held an identifier at a time of events."""
    at = instant_of(moment)
    return next((holding for holding in reversed(holdings) if holding.since <= at), None)
