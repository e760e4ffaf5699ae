"""Course structures in SQLite."""

from __future__ import annotations

import json
from collections.abc import Collection

import msgspec

from lrs.store.courses import CourseSummary
from lrs.store.sqlite.database import Database, Transaction
from lrs.store.sqlite.projections import touch_courses
from schemas.courses import CourseStructure

_structure = msgspec.json.Decoder(CourseStructure).decode


class SqliteCourses:
    """Fulfils `lrs.store.courses.Courses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, structure: CourseStructure) -> bool:
        """Store a course's structure; False, with nothing written, where it has the same."""
        body = msgspec.json.encode(structure)
        units = sorted({unit.id for unit in structure.units()})
        blocks = sum(1 for _ in structure.blocks())

        def work(tx: Transaction) -> bool:
            kept = tx.execute("SELECT body FROM course WHERE id = ?", (structure.id,)).fetchone()
            if kept is not None and kept[0] == body:
                return False
            tx.execute(
                "INSERT INTO course (id, standard, titles, blocks, units, stored, body) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                "standard = excluded.standard, titles = excluded.titles, "
                "blocks = excluded.blocks, units = excluded.units, stored = excluded.stored, "
                "body = excluded.body",
                (
                    structure.id,
                    structure.standard,
                    msgspec.json.encode(structure.titles),
                    blocks,
                    len(units),
                    tx.instant,
                    body,
                ),
            )
            tx.execute("DELETE FROM course_unit WHERE course = ?", (structure.id,))
            tx.executemany(
                "INSERT INTO course_unit (unit, course) VALUES (?, ?)",
                [(unit, structure.id) for unit in units],
            )
            touch_courses(tx, structure.id)
            return True

        return self._database.write(work)

    def course(self, course: str) -> CourseStructure | None:
        """Return the structure of the course with the publisher's id."""
        row = (
            self._database.read()
            .execute("SELECT body FROM course WHERE id = ?", (course,))
            .fetchone()
        )
        return _structure(row[0]) if row else None

    def page(self, after: str | None, limit: int) -> list[CourseSummary]:
        """Return a page of courses in the order of their ids."""
        rows = self._database.read().execute(
            "SELECT id, standard, titles, blocks, units, stored FROM course "
            "WHERE id > ? ORDER BY id LIMIT ?",
            (after or "", limit),
        )
        return [
            CourseSummary(
                id=course,
                standard=standard,
                titles=msgspec.json.decode(titles),
                blocks=blocks,
                units=units,
                stored=stored,
            )
            for course, standard, titles, blocks, units, stored in rows
        ]

    def with_units(self, units: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of all courses that have each of the units."""
        rows = self._database.read().execute(
            "SELECT unit, course FROM course_unit "
            "WHERE unit IN (SELECT value FROM json_each(?)) ORDER BY unit, course",
            (json.dumps(sorted(units)),),
        )
        found: dict[str, tuple[str, ...]] = {}
        for unit, course in rows:
            found[unit] = (*found.get(unit, ()), course)
        return found
