"""What a source's statements may be about: its activities, and whose identifiers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.sources import Source
from schemas.texts import Text

ENDS = "/?#&;:="
"""A prefix ends at one of these, so that `…?id=1` does not let in `…?id=12`."""

GROUPS = ("parent", "grouping")
"""The context activities that decide which course a record belongs to."""


class NotAllowed(Exception):
    """A statement is about what its source may not post; `path` says where, `rule` why."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path} {rule}")
        self.path = path
        self.rule = rule


def check_allowance(source: Source, statement: Mapping[str, Any]) -> None:
    """Raise NotAllowed where the statement (plain JSON, valid) is none for the source to post."""
    if source.activities:
        for path, activity in _activities(statement):
            if not any(_within(activity, prefix) for prefix in source.activities):
                raise NotAllowed(
                    path,
                    Text(
                        "%(activity)s is none of the activities of the source %(key)r (%(known)s)",
                        activity=activity,
                        key=source.key,
                        known=", ".join(source.activities),
                    ),
                )
    if source.home_pages:
        for path, actor in _people(statement):
            if not any(_is_of(actor, page) for page in source.home_pages):
                raise NotAllowed(
                    path,
                    Text(
                        "the identifier is of none of the home pages of the source "
                        "%(key)r (%(known)s)",
                        key=source.key,
                        known=", ".join(source.home_pages),
                    ),
                )


def _activities(statement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    thing = statement["object"]
    kind = thing.get("objectType", "Activity")
    if kind == "Activity":
        yield "$.object.id", thing["id"]
    elif kind == "SubStatement":
        for path, activity in _activities(thing):
            yield path.replace("$", "$.object", 1), activity
    groups = statement.get("context", {}).get("contextActivities", {})
    for group in GROUPS:
        found = groups.get(group, [])
        for index, activity in enumerate(found if isinstance(found, list) else [found]):
            yield f"$.context.contextActivities.{group}[{index}].id", activity["id"]


def _people(statement: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    actor = statement["actor"]
    if actor.get("objectType") != "Group" or not actor.get("member"):
        yield "$.actor", actor
    for index, member in enumerate(actor.get("member", [])):
        yield f"$.actor.member[{index}]", member


def _within(iri: str, prefix: str) -> bool:
    if not iri.startswith(prefix):
        return False
    return iri == prefix or prefix[-1] in ENDS or iri[len(prefix)] in "/?#&;"


def _is_of(actor: Mapping[str, Any], page: str) -> bool:
    if "account" in actor:
        return bool(actor["account"]["homePage"] == page)
    if page.startswith("mailto:@"):
        return str(actor.get("mbox", "")).lower().endswith(page[len("mailto:") :].lower())
    return False
