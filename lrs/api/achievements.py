"""`/api/v1/achievements`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.service import Service
from schemas.achievements import Achievement
from schemas.resources.achievements import AchievementSchema
from schemas.resources.paging import OfPersonaQuery, page_of
from schemas.times import moment_of
from schemas.units import valid_until


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of achievements."""
    routes = ApiBlueprint(
        "achievements", service, "Units whose rule a learner has met.", "reader", "officer"
    )
    store, units = service.store.achievements, service.store.units

    def shape(item: tuple[int, Achievement]) -> dict[str, Any]:
        changed, achievement = item
        unit = units.unit(achievement.unit, achievement.version)
        until = valid_until(achievement.valid_from, unit) if unit else None
        return {
            **msgspec.structs.asdict(achievement),
            "changed": moment_of(changed),
            "valid_until": until,
            "expired": until is not None and until < datetime.now(UTC),
        }

    @routes.get("/achievements")
    @routes.arguments(OfPersonaQuery, location="query")
    @routes.response(200, page_of(AchievementSchema))
    def achievements(query: dict[str, Any]) -> dict[str, Any]:
        """List achievements, those that changed last first, of all personas or of one."""
        after = read_cursor(query["cursor"], tuple[int, str])
        return page(
            store.page(after, query["limit"], query["persona"]),
            query["limit"],
            lambda item: (item[0], item[1].id),
            shape,
        )

    return routes
