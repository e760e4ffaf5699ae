"""`/api/v1/outbox`."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.service import Service
from lrs.store.outbox import OutboxItem
from schemas.audit import Act
from schemas.resources.exchange import OutboxItemSchema, OutboxQuery, ReasonSchema
from schemas.resources.paging import page_of
from schemas.texts import Text
from schemas.times import moment_of

MOST = (1 << 63) - 1
"""The highest number of a delivery."""


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of the outbox."""
    routes = ApiBlueprint("outbox", service, "What has to leave this machine.", "reader", "officer")
    store = service.store.outbox

    @routes.get("/outbox")
    @routes.arguments(OutboxQuery, location="query")
    @routes.response(200, page_of(OutboxItemSchema))
    def items(query: dict[str, Any]) -> dict[str, Any]:
        """List what has not arrived yet, the oldest first."""
        after = read_cursor(query["cursor"], int)
        found = store.items(after, query["limit"], parked=query["parked"])
        return page(found, query["limit"], lambda item: item.id, _shape)

    @routes.post("/outbox/<item>/retry")
    @routes.only("officer")
    @routes.arguments(ReasonSchema)
    @routes.response(204)
    def retry(body: dict[str, Any], item: str) -> None:
        """Try a parked delivery again, with its attempts forgotten."""
        act = _act(service, "outbox.retry", item, body["reason"])
        if not store.retry([_number(item)], act):
            raise _not_there(item)

    @routes.post("/outbox/<item>/discard")
    @routes.only("officer")
    @routes.arguments(ReasonSchema)
    @routes.response(204)
    def discard(body: dict[str, Any], item: str) -> None:
        """Take a parked delivery out for good; a claim in it is withdrawn and not put again."""
        act = _act(service, "outbox.discard", item, body["reason"])
        if not store.discard(_number(item), act):
            raise _not_there(item)

    return routes


def _act(service: Service, action: str, item: str, reason: str) -> Act:
    principal = service.principal("officer")
    return Act(principal=principal.id, action=action, subject=item, reason=reason)


def _number(item: str) -> int:
    if re.fullmatch("[0-9]{1,19}", item) is None or int(item) > MOST:
        raise _not_there(item)
    return int(item)


def _not_there(item: str) -> Problem:
    return Problem(404, Text("The delivery %(item)s is not on the shelf.", item=item))


def _shape(item: OutboxItem) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(item),
        "id": str(item.id),
        "queued": moment_of(item.queued),
        "due": moment_of(item.due),
    }
