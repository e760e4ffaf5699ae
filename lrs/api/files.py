"""`/api/v1/personas/ID/file`: the lifelong learning file, and what it is made of."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from lrs.achievements.evaluate import activities_of, units_of
from lrs.api import records as records_api
from lrs.api.blueprint import PREFIX, ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.problems import Problem
from lrs.records.rollup import CourseRecord, course_record, programme_record, seconds_spent
from lrs.records.state import RecordState
from lrs.service import Service
from lrs.store.courses import Courses
from lrs.store.records import Persona, Records
from schemas.resources.paging import PAGE_SIZE, PageQuery, page_of
from schemas.resources.personas import FileSchema, TimelineEventSchema
from schemas.resources.records import CourseRecordSchema

STATES = 1_000
"""States of records that are read at once."""


class Pages:
    """The pages that a file is made of."""

    def __init__(self, records: Records, courses: Courses) -> None:
        self._records = records
        self._courses = courses

    def all_states(self, persona: str) -> list[RecordState]:
        """Return the states of all of a persona's records."""
        states: list[RecordState] = []
        after = ("", "")
        while found := self._records.states_of(persona, after, STATES):
            states += found.values()
            last = max(found)
            after = (last.activity, last.registration)
        return states

    def courses(self, persona: str, after: str | None, limit: int) -> dict[str, Any]:
        """Return a page of what a persona did by course."""
        found = self._records.courses_of(persona, after, limit)
        # An LMS that names no course leaves the publisher's id of the unit in its place.
        units = self._courses.with_units(found)
        body = page(
            found,
            limit,
            lambda course: course,
            lambda course: None if course in units else self.record_of_course(persona, course),
            address=f"{PREFIX}/personas/{quote(persona)}/courses",
        )
        return {**body, "items": [item for item in body["items"] if item is not None]}

    def record_of_course(self, persona: str, course: str) -> CourseRecord:
        """Return what a persona did in a course."""
        structure = self._courses.course(course)
        units = {unit.id for unit in structure.units()} if structure else set()
        return course_record(
            course, self._records.states_within(persona, {course, *units}), structure
        )

    def timeline(
        self, persona: str, before: tuple[int, int, int] | None, limit: int
    ) -> dict[str, Any]:
        """Return a page of a persona's events, the latest first."""
        return page(
            self._records.timeline(persona, before, limit),
            limit,
            lambda item: item[0],
            lambda item: item[1],
            address=f"{PREFIX}/personas/{quote(persona)}/timeline",
        )


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of lifelong learning files."""
    routes = ApiBlueprint(
        "files", service, "Lifelong learning files.", "reader", "registrar", "officer"
    )
    store = service.store
    records = store.records
    pages = Pages(records, store.courses)

    def known(persona: str) -> Persona:
        found = records.persona(persona)
        if found is None:
            raise Problem(404, "There is no such persona.")
        return found

    @routes.get("/personas/<persona>/courses")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(CourseRecordSchema))
    def courses(query: dict[str, Any], persona: str) -> dict[str, Any]:
        """List what a persona did by course."""
        known(persona)
        return pages.courses(persona, read_cursor(query["cursor"], str), query["limit"])

    @routes.get("/personas/<persona>/programmes/<unit>")
    @routes.response(200, CourseRecordSchema)
    def programme(persona: str, unit: str) -> CourseRecord:
        """Return what a persona did in all that the rule of a unit reads, and of its own units."""
        known(persona)
        latest = {one.code: one for one in store.units.all()}
        if unit not in latest:
            raise Problem(404, "There is no such unit.")
        codes, waiting = set[str](), {unit}
        while waiting:
            codes.add(code := waiting.pop())
            waiting |= (units_of(latest[code]) & latest.keys()) - codes
        activities = {activity for code in codes for activity in activities_of(latest[code])}
        states = records.states_within(persona, activities)
        return programme_record(unit, latest[unit].title, activities, states)

    @routes.get("/personas/<persona>/timeline")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(TimelineEventSchema))
    def timeline(query: dict[str, Any], persona: str) -> dict[str, Any]:
        """List what a persona did, the latest first."""
        known(persona)
        return pages.timeline(
            persona, read_cursor(query["cursor"], tuple[int, int, int]), query["limit"]
        )

    @routes.get("/personas/<persona>/file")
    @routes.response(200, FileSchema)
    def file(persona: str) -> dict[str, Any]:
        """Return a lifelong learning file: the first page of everything, and where to read on."""
        found = known(persona)
        of_persona = urlencode({"persona": persona})
        return {
            "persona": found,
            "employers": [
                {"id": organisation, "name": name}
                for organisation, name in store.identity.employers(persona)
            ],
            "duration": seconds_spent(pages.all_states(persona)),
            "records": page(
                records.records_of(persona, None, PAGE_SIZE),
                PAGE_SIZE,
                records_api.place,
                records_api.shape,
                address=f"{PREFIX}/records?{of_persona}",
            ),
            "courses": pages.courses(persona, None, PAGE_SIZE),
            "timeline": pages.timeline(persona, None, PAGE_SIZE),
            "achievements": f"{PREFIX}/achievements?{of_persona}",
            "claims": f"{PREFIX}/claims?{of_persona}",
        }

    return routes
