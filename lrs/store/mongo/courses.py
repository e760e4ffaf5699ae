"""Course structures in MongoDB."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from pymongo import IndexModel

from lrs.store.courses import CourseSummary
from lrs.store.mongo.database import MongoDatabase, Transaction, reported
from lrs.store.mongo.projections import touch_courses
from lrs.store.mongo.queries import beyond
from schemas.courses import CourseStructure

INDEXES = {"course": [IndexModel([("of_units", 1)])]}

_structure = msgspec.json.Decoder(CourseStructure).decode


class MongoCourses:
    """Fulfils `lrs.store.courses.Courses`. A course's document has the ids of its units."""

    def __init__(self, database: MongoDatabase) -> None:
        self._database = database

    def put(self, structure: CourseStructure) -> bool:
        """Store a course's structure; False, with nothing written, where it has the same."""
        body = msgspec.json.encode(structure)
        units = sorted({unit.id for unit in structure.units()})
        document = {
            "_id": structure.id,
            "standard": structure.standard,
            "titles": msgspec.json.encode(structure.titles),
            "blocks": sum(1 for _ in structure.blocks()),
            "units": len(units),
            "of_units": units,
            "body": body,
        }

        def work(tx: Transaction) -> bool:
            kept = tx["course"].find_one({"_id": structure.id}, {"body": 1})
            if kept is not None and kept["body"] == body:
                return False
            tx["course"].replace_one(
                {"_id": structure.id}, {**document, "stored": tx.instant}, upsert=True
            )
            touch_courses(tx, structure.id)
            return True

        return self._database.write(work)

    def course(self, course: str) -> CourseStructure | None:
        """Return the structure of the course with the publisher's id."""
        with reported():
            found = self._database["course"].find_one({"_id": course}, {"body": 1})
        return _structure(found["body"]) if found else None

    def page(self, after: str | None, limit: int) -> list[CourseSummary]:
        """Return a page of courses in the order of their ids."""
        where = beyond(["_id"], None if after is None else [after])
        with reported():
            found = self._database["course"].find(where, {"body": 0, "of_units": 0})
            return [
                CourseSummary(
                    id=one["_id"],
                    standard=one["standard"],
                    titles=msgspec.json.decode(one["titles"]),
                    blocks=one["blocks"],
                    units=one["units"],
                    stored=one["stored"],
                )
                for one in found.sort("_id").limit(limit)
            ]

    def with_units(self, units: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of all courses that have each of the units."""
        wanted = sorted(units)
        having: dict[str, list[str]] = {}
        with reported():
            found = self._database["course"].find({"of_units": {"$in": wanted}}, {"of_units": 1})
            for one in found.sort("_id"):
                for unit in set(one["of_units"]).intersection(wanted):
                    having.setdefault(unit, []).append(one["_id"])
        return {unit: tuple(having[unit]) for unit in wanted if unit in having}
