"""Imports: files handed in, and what became of their rows."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lrs.api.cursors import read_cursor, write_cursor
from lrs.api.imports import ROLES, known, whose
from lrs.console.frame import Pages
from lrs.console.language import gettext as _
from lrs.console.language import text_language
from lrs.imports.files import kind_of, preview
from lrs.imports.intake import SourceRefused, import_source
from lrs.imports.run import new_import
from schemas.imports import SHEET_KINDS, FileRefused, ImportOptions, RowState

PAGE = 25
SOURCE = "import"


def install(pages: Pages) -> None:
    """Add the imports and one import."""
    service = pages.service
    store = service.store.imports

    @pages.route("/imports", *ROLES)
    def imports() -> ResponseReturnValue:
        return _list(None, 200)

    @pages.route("/imports", *ROLES, methods=("POST",))
    def imports_hand_in() -> ResponseReturnValue:
        upload = request.files.get("file")
        name = (upload.filename or "").replace("\\", "/").rpartition("/")[2] if upload else ""
        if upload is None or not name:
            return _list(_("Choose a file."), 400)
        columns = {
            header: column
            for key, header in request.form.items()
            if key.startswith("header-")
            and (column := request.form.get(f"column-{key.removeprefix('header-')}"))
        }
        received = service.store.import_files.receive(upload.stream, name)
        try:
            kind = kind_of(received.path, name)
            if request.form.get("do") == "preview":
                shown = preview(received.path, kind, columns)
                return _list(None, 200, shown)
            import_source(service, SOURCE)
            new = new_import(
                name=name,
                sha256=received.sha256,
                kind=kind,
                by=service.principal(*ROLES).id,
                source=SOURCE,
                options=ImportOptions(
                    home_page=request.form.get("home_page", "").strip(),
                    course_base=request.form.get("course_base", "").strip(),
                    columns=columns if kind in SHEET_KINDS else {},
                ),
                rehearsal=request.form.get("do") == "rehearse",
                held=True,
            )
            service.store.import_files.keep(received, new.id, name)
        except (FileRefused, SourceRefused) as refusal:
            return _list(refusal.reason[text_language()], 400)
        finally:
            service.store.import_files.drop(received)
        return redirect(url_for("console.imports_one", import_id=store.add(new).id), 303)

    @pages.route("/imports/<import_id>", *ROLES)
    def imports_one(import_id: str) -> ResponseReturnValue:
        found = known(service, import_id)
        after = read_cursor(request.args.get("cursor"), int) or 0
        state: RowState = "refused" if found.rehearsal else "quarantined"
        rows = store.rows(found.id, after, PAGE, state)
        following = None
        if len(rows) == PAGE:
            following = url_for(
                "console.imports_one", import_id=import_id, cursor=write_cursor(rows[-1].number)
            )
        return render_template(
            "import.html", one=found, rows=rows, next=following, text_language=text_language()
        )

    def _list(
        fault: str | None, status: int, shown: dict[str, object] | None = None
    ) -> ResponseReturnValue:
        principal = service.principal(*ROLES)
        before = read_cursor(request.args.get("cursor"), tuple[int, str])
        found = store.page(before, PAGE, whose(principal))
        following = None
        if len(found) == PAGE:
            place = write_cursor((found[-1].created, found[-1].id))
            following = url_for("console.imports", cursor=place)
        waiting = store.quarantine(None, PAGE, by=whose(principal))
        page = render_template(
            "imports.html",
            imports=found,
            waiting=waiting,
            next=following,
            fault=fault,
            shown=shown,
            given=request.form,
            text_language=text_language(),
        )
        return page, status
