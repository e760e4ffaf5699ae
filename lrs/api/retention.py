"""`/api/v1/retention` (docs/retention.md)."""

from __future__ import annotations

from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint
from lrs.problems import Problem
from lrs.retention import plan as plan_of
from lrs.service import Service
from schemas.audit import Act
from schemas.resources.retention import (
    PlanQuery,
    PlanSchema,
    PoliciesSchema,
    PolicyChangeSchema,
    PolicySchema,
)
from schemas.retention import DATA_CLASSES, LEAST_DAYS, DataClass, Policy, PolicyError, require_days
from schemas.texts import Text
from schemas.times import moment_of


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of retention policies, for administrators."""
    routes = ApiBlueprint("retention", service, "For how long data of each class is kept.")
    store = service.store.retention

    @routes.get("/retention")
    @routes.response(200, PoliciesSchema)
    def policies() -> dict[str, Any]:
        """List the policy of each class."""
        return {"items": [_shape(one) for one in store.policies().values()]}

    @routes.put("/retention/<data_class>")
    @routes.arguments(PolicyChangeSchema)
    @routes.response(200, PolicySchema)
    def put(body: dict[str, Any], data_class: str) -> dict[str, Any]:
        """Set a policy; the background work begins to apply it."""
        name, days = _known(data_class), body["days"]
        try:
            require_days(name, days)
        except PolicyError as error:
            fault = {"path": "days", "rule": str(error)}
            raise Problem(
                400, "The request is wrong; `errors` says where.", errors=[fault]
            ) from None
        act = Act(
            principal=service.principal().id,
            action="retention.set",
            subject=name,
            reason=body["reason"],
            detail={"days": days},
        )
        store.put(name, days, act)
        return _shape(store.policies()[name])

    @routes.get("/retention/<data_class>/plan")
    @routes.arguments(PlanQuery, location="query")
    @routes.response(200, PlanSchema)
    def plan(query: dict[str, Any], data_class: str) -> dict[str, Any]:
        """Say what would go if data were kept for `days`; nothing is changed."""
        name = _known(data_class)
        found = plan_of(service.store, name, query["days"])
        return {
            **msgspec.structs.asdict(found),
            "data_class": name,
            "before": moment_of(found.before),
        }

    return routes


def _known(data_class: str) -> DataClass:
    for name in DATA_CLASSES:
        if name == data_class:
            return name
    raise Problem(
        404,
        Text("There is no such class of data; there are %(known)s.", known=", ".join(DATA_CLASSES)),
    )


def _shape(policy: Policy) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(policy),
        "least_days": LEAST_DAYS[policy.data_class],
        "begun": None if policy.begun is None else moment_of(policy.begun),
        "ended": None if policy.ended is None else moment_of(policy.ended),
    }
