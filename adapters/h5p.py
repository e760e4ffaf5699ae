"""H5P: interactive content in the browser, in the form of its core library's XAPIEvent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import replace

from adapters import generic
from adapters.reading import activities_of, object_of, read_events
from schemas.events import Event
from schemas.sources import Source
from schemas.xapi import Activity, Statement

LOCAL_ID: Final = "http://h5p.org/x-api/h5p-local-content-id"
SUB_CONTENT: Final = "http://h5p.org/x-api/h5p-subContentId"
LIBRARIES: Final = "http://h5p.org/libraries/"

_ADL: Final = "http://adlnet.gov/expapi/verbs/"
ANSWERED: Final = f"{_ADL}answered"
COMPLETED: Final = f"{_ADL}completed"

NOT_TRACKABLE: Final = "not-trackable-"
"""Begins the account's name of a visitor whose browser keeps nothing by which to know them."""


class H5pAdapter:
    """Gives events about main content as it is, and only scores about the content inside it."""

    name = "h5p"

    def recognises(self, statement: Statement) -> bool:
        """Tell whether the object has H5P's content id or the category names an H5P library."""
        thing = object_of(statement)
        return (thing is not None and LOCAL_ID in _extensions(thing)) or any(
            activity.id.startswith(LIBRARIES) for activity in activities_of(statement, "category")
        )

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return the statement's events; none for verbs of no learning and unknown visitors."""
        thing = object_of(statement)
        if thing is None or _not_trackable(statement):
            return []
        finished = statement.verb.id in (ANSWERED, COMPLETED)
        if _is_inside(statement, thing):
            return _scores(statement, source, thing) if finished else []
        if finished:
            # H5P's own listener takes either as the end of the main content.
            return read_events(statement, source, "completed", thing)
        if statement.verb.id not in generic.VERBS:
            return []
        return generic.adapter.events(statement, source)


def _extensions(activity: Activity) -> Mapping[str, Any]:
    definition = activity.definition
    return {} if definition is UNSET or definition.extensions is UNSET else definition.extensions


def _is_inside(statement: Statement, thing: Activity) -> bool:
    """Tell whether the object is content inside other content.

    That has a parent of H5P, which older content gives the same address as its own: H5P's listener
    looks at nothing else (js/h5p-x-api.js). A parent of another site's is a course or a page.
    """
    if SUB_CONTENT in _extensions(thing) or "?subContentId=" in thing.id:
        return True
    main = thing.id.partition("?subContentId=")[0]
    return any(
        parent.id.partition("?subContentId=")[0] == main
        for parent in activities_of(statement, "parent")
    )


def _not_trackable(statement: Statement) -> bool:
    account = statement.actor.account
    return account is not UNSET and account.name.startswith(NOT_TRACKABLE)


def _scores(statement: Statement, source: Source, thing: Activity) -> list[Event]:
    """Return the points of an answer: that a question was answered completes nothing."""
    events = read_events(statement, source, "scored", thing)
    return [replace(event, completion=None) for event in events if event.score is not None]


adapter = H5pAdapter()
