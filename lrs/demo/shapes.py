"""Statements in the shapes in which tools post them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

CMI5 = "https://w3id.org/xapi/cmi5/context"


def account(home_page: str, number: str, name: str) -> dict[str, Any]:
    """Return an Agent known by an account."""
    return {
        "objectType": "Agent",
        "name": name,
        "account": {"homePage": home_page, "name": number},
    }


def moodle_statement(
    statement_id: str,
    *,
    actor: dict[str, Any],
    verb: str,
    activity: dict[str, Any],
    course: dict[str, Any],
    lms: str,
    at: datetime,
    result: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a statement shaped as Moodle's logstore_xapi plugin does."""
    related: dict[str, Any] = {
        "category": [
            {
                "id": lms,
                "definition": {"type": "http://id.tincanapi.com/activitytype/lms"},
            }
        ]
    }
    if activity["id"] != course["id"]:
        related["parent"] = [course]
    return {
        "id": statement_id,
        "actor": actor,
        "verb": {"id": verb, "display": {"en": verb.rpartition("/")[2]}},
        "object": activity,
        "context": {
            "platform": "Moodle",
            "language": "zh-CN",
            "contextActivities": related,
            "extensions": {
                "http://lrs.learninglocker.net/define/extensions/info": {
                    "http://moodle.org": "4.5",
                    "https://github.com/xAPI-vle/moodle-logstore_xapi": "5.0",
                }
            },
        },
        "timestamp": at.isoformat(),
        **({"result": result} if result else {}),
    }


def cmi5_statement(
    statement_id: str,
    *,
    actor: dict[str, Any],
    verb: str,
    activity: dict[str, Any],
    course: str,
    registration: str,
    session: str,
    at: datetime,
    result: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a cmi5-defined statement (cmi5 9.0, 10.0); `verb` is its last word."""
    categories = [{"id": f"{CMI5}/categories/cmi5"}]
    if verb in ("passed", "failed", "completed"):
        categories.append({"id": f"{CMI5}/categories/moveon"})
    return {
        "id": statement_id,
        "actor": actor,
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}", "display": {"en": verb}},
        "object": activity,
        "context": {
            "registration": registration,
            "contextActivities": {"category": categories, "grouping": [{"id": course}]},
            "extensions": {f"{CMI5}/extensions/sessionid": session},
        },
        "timestamp": at.isoformat(),
        **({"result": result} if result else {}),
    }
