"""The xAPI video profile 1.0 (https://w3id.org/xapi/video): what of a recording was watched."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from adapters import generic
from adapters.reading import (
    activities_of,
    extensions_of,
    figure_of,
    object_of,
    progress_of,
    type_of,
)
from schemas.events import Event
from schemas.sources import Source
from schemas.xapi import Statement

PROFILE: Final = "https://w3id.org/xapi/video"
VIDEO_TYPE: Final = "https://w3id.org/xapi/video/activity-type/video"
THRESHOLD: Final = "https://w3id.org/xapi/video/extensions/completion-threshold"
INTERACTED: Final = "http://adlnet.gov/expapi/verbs/interacted"


class VideoAdapter:
    """Reads statements about a recording.

    The profile's verbs, its session as the attempt and the segments played are read by the generic
    adapter too, as other profiles carry them: a unit of cmi5 that shows a recording, say.
    """

    name = "video"

    def recognises(self, statement: Statement) -> bool:
        """Tell whether there is the profile's category, its session, or a video as the object."""
        thing = object_of(statement)
        return (
            any(activity.id == PROFILE for activity in activities_of(statement, "category"))
            or generic.VIDEO_SESSION in extensions_of(statement.context)
            or (thing is not None and type_of(thing) == VIDEO_TYPE)
        )

    def events(self, statement: Statement, source: Source) -> list[Event]:
        """Return the statement's events; none where the player's volume or size was changed.

        What is said to be completed below the threshold that it names itself has only progressed.
        """
        if statement.verb.id == INTERACTED:
            return []
        events = generic.adapter.events(statement, source)
        threshold = _threshold(statement)
        watched = progress_of(statement.result)
        if threshold is None or watched is None or watched >= threshold:
            return events
        return [
            replace(
                event,
                kind="progressed" if event.kind == "completed" else event.kind,
                completion=None if event.completion else event.completion,
            )
            for event in events
        ]


def _threshold(statement: Statement) -> float | None:
    """Return the share of the recording that completes it, written as a number or as text."""
    told = extensions_of(statement.context).get(THRESHOLD)
    try:
        threshold = float(told) if isinstance(told, str) else figure_of(told)
    except ValueError:
        return None
    return threshold if threshold is not None and 0 <= threshold <= 1 else None


adapter = VideoAdapter()
