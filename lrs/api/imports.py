"""`/api/v1/imports`: files handed in to be worked off in the background."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import msgspec
from flask import Response
from werkzeug.datastructures import FileStorage

from adapters.spreadsheet import Language, SheetKind, write_template
from lrs.api.blueprint import ApiBlueprint, page
from lrs.api.cursors import read_cursor
from lrs.console.language import text_language
from lrs.imports.files import kind_of, preview
from lrs.imports.intake import SourceRefused, import_source
from lrs.imports.run import new_import
from lrs.problems import Problem
from lrs.service import Service
from schemas.imports import SHEET_KINDS, FileRefused, Import, ImportOptions, ImportRow
from schemas.principals import Principal, Role
from schemas.resources.imports import (
    ImportFormSchema,
    ImportRowSchema,
    ImportRowsQuery,
    ImportSchema,
    PreviewSchema,
    SheetFormSchema,
    TemplateQuery,
)
from schemas.resources.paging import PageQuery, page_of
from schemas.texts import Text
from schemas.times import moment_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROLES: tuple[Role, ...] = ("registrar", "trainer")
REGISTRAR: tuple[Role, ...] = ("registrar",)
"""Who may hand in what is no sheet: statements, courses, rosters."""


def blueprint(service: Service) -> ApiBlueprint:
    """Return the routes of imports."""
    routes = ApiBlueprint("imports", service, "Files taken in row by row.", *ROLES)
    store = service.store.imports

    @routes.post("/imports")
    @routes.arguments(ImportFormSchema, location="files")
    @routes.response(202, ImportSchema)
    def post(form: dict[str, Any]) -> dict[str, Any]:
        """Hand a file in; it is worked off in the background, as GET /imports/{id} tells."""
        upload: FileStorage = form["file"]
        name = _name(upload)
        received = service.store.import_files.receive(upload.stream, name)
        try:
            import_source(service, form["source"], make=False)
            kind = form["kind"] or kind_of(received.path, name)
            roles = ROLES if kind in SHEET_KINDS else REGISTRAR
            new = new_import(
                name=name,
                sha256=received.sha256,
                kind=kind,
                by=service.principal(*roles).id,
                source=form["source"],
                options=ImportOptions(
                    home_page=form["home_page"],
                    course_base=form["course_base"],
                    time_zone=form["time_zone"],
                    columns=_columns(form["columns"]),
                    roster=form["roster"],
                ),
                rehearsal=form["dry_run"],
                held=True,
            )
            service.store.import_files.keep(received, new.id, name)
        except (FileRefused, SourceRefused) as refusal:
            raise _refused(refusal) from None
        finally:
            service.store.import_files.drop(received)
        return shape(store.add(new))

    @routes.get("/imports")
    @routes.arguments(PageQuery, location="query")
    @routes.response(200, page_of(ImportSchema))
    def imports(query: dict[str, Any]) -> dict[str, Any]:
        """List imports, the newest first; a trainer sees their own."""
        before = read_cursor(query["cursor"], tuple[int, str])
        found = store.page(before, query["limit"], whose(service.principal(*ROLES)))
        return page(found, query["limit"], lambda one: (one.created, one.id), shape)

    @routes.get("/imports/<import_id>")
    @routes.response(200, ImportSchema)
    def get(import_id: str) -> dict[str, Any]:
        """Return an import with its progress and counts."""
        return shape(known(service, import_id))

    @routes.get("/imports/<import_id>/rows")
    @routes.arguments(ImportRowsQuery, location="query")
    @routes.response(200, page_of(ImportRowSchema))
    def rows(query: dict[str, Any], import_id: str) -> dict[str, Any]:
        """List what became of the rows, of one state or of all."""
        found = known(service, import_id)
        after = read_cursor(query["cursor"], int) or 0
        taken = store.rows(found.id, after, query["limit"], query["state"])
        return page(taken, query["limit"], lambda row: row.number, row_shape)

    @routes.post("/imports/preview")
    @routes.arguments(SheetFormSchema, location="files")
    @routes.response(200, PreviewSchema)
    def propose(form: dict[str, Any]) -> dict[str, Any]:
        """Tell what a sheet's headers are taken for; nothing is kept."""
        upload: FileStorage = form["file"]
        name = _name(upload)
        received = service.store.import_files.receive(upload.stream, name)
        try:
            kind = form["kind"] or kind_of(received.path, name)
            return preview(received.path, kind, _columns(form["columns"]))
        except FileRefused as refusal:
            raise _refused(refusal) from None
        finally:
            service.store.import_files.drop(received)

    @routes.get("/imports/template")
    @routes.arguments(TemplateQuery, location="query")
    @routes.response(200, content_type=XLSX)
    def template(query: dict[str, Any]) -> Response:
        """Return an XLSX template to fill in."""
        with closing(io.BytesIO()) as buffer:
            kind, language = query["kind"], query["language"]
            write_template(buffer, cast(Language, language), cast(SheetKind, kind))
            name = f"{kind}-{language}.xlsx"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(buffer.getvalue(), 200, headers, content_type=XLSX)

    return routes


def whose(principal: Principal) -> str | None:
    """Return whose imports the principal may see: None for all, else their own id."""
    return None if principal.holds("registrar") else principal.id


def known(service: Service, import_id: str) -> Import:
    """Return an import that the principal may see. Raises Problem (404)."""
    found = service.store.imports.get(import_id)
    if found is None or whose(service.principal(*ROLES)) not in (None, found.by):
        raise Problem(404, "There is no such import.")
    return found


def shape(one: Import) -> dict[str, Any]:
    """Return an import as the API gives it."""
    return {
        **msgspec.structs.asdict(one),
        "created": moment_of(one.created),
        "changed": moment_of(one.changed),
    }


def row_shape(row: ImportRow) -> dict[str, Any]:
    """Return a row as the API gives it."""
    correction = row.correction and {
        **msgspec.structs.asdict(row.correction),
        "at": moment_of(row.correction.at),
    }
    return {**msgspec.structs.asdict(row), "correction": correction}


def _name(upload: FileStorage) -> str:
    """Return the file's name without any folder."""
    name = Path((upload.filename or "").replace("\\", "/")).name
    if not name.isprintable() or not name or len(name) > 200:
        raise Problem(400, "The field file must be a file with a name of 1 to 200 characters.")
    return name


def _columns(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        fault = {
            "path": "columns",
            "rule": Text("must be a JSON object of texts: %(error)s", error=error),
        }
        raise Problem(400, "The request is wrong; `errors` says where.", errors=[fault]) from None


def _refused(refusal: FileRefused | SourceRefused) -> Problem:
    text = refusal.reason[text_language()]
    return Problem(400, text, errors=[{"path": "file", "rule": text}])
