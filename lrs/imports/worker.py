"""The background work on imports that were handed in to the service."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from lrs.imports.files import Rows, open_rows
from lrs.imports.intake import LEASE, Elsewhere, SourceRefused
from lrs.imports.run import work_off
from lrs.imports.texts import texts
from lrs.service import Service
from lrs.store.errors import StoreError
from schemas.imports import FileRefused, Import


class ImportWorker:
    """Works off one import after the other, a batch at each step."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._current: tuple[Import, Iterator[object]] | None = None

    def step(self) -> bool:
        """Take in one batch of rows; tell whether there was any work."""
        if self._current is None:
            leased = self._service.store.imports.lease(LEASE)
            if leased is None:
                return False
            self._current = leased, self._work(leased)
        imported, work = self._current
        try:
            next(work)
        except (StopIteration, FileRefused, SourceRefused):
            self._current = None
            self._service.store.import_files.remove(imported.id, imported.name)
        except Elsewhere:
            self._current = None
        except StoreError:
            self._current = None  # taken up again once its lease is over
            raise
        except Exception as error:
            self._current = None
            logging.getLogger("lrs").exception("the import %s failed", imported.id)
            self._fail(imported, FileRefused(texts("unreadable", what=type(error).__name__)))
            self._service.store.import_files.remove(imported.id, imported.name)
        return True

    def _work(self, imported: Import) -> Iterator[object]:
        try:
            rows, total = self._opened(imported)
        except FileRefused as refusal:
            self._fail(imported, refusal)
            return
        yield None
        yield from work_off(self._service, imported, rows, total)

    def _opened(self, imported: Import) -> tuple[Rows, int]:
        path = self._service.store.import_files.path(imported.id, imported.name)
        if not path.exists():
            raise FileRefused(texts("unreadable", what="the file is gone"))
        rows = open_rows(path, imported.name, imported.kind, imported.options)
        return rows, imported.total or rows.count()

    def _fail(self, imported: Import, refusal: FileRefused) -> None:
        self._service.store.imports.finish(imported.id, "failed", refusal.reason)
