"""The CSV files of a OneRoster ZIP file or folder, each read as a stream."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final

from adapters.course_package.archive import Archive
from adapters.spreadsheet.csv_table import bounded_lines
from schemas.imports import FileRefused

ROW_LIMIT: Final = 1_000_000
"""Rows of a file."""

COLUMN_LIMIT: Final = 256
FILES: Final[dict[str, tuple[str, ...]]] = {
    "orgs.csv": ("sourcedId", "name"),
    "academicSessions.csv": ("sourcedId", "title", "startDate", "endDate"),
    "courses.csv": ("sourcedId", "title"),
    "classes.csv": ("sourcedId", "title", "courseSourcedId"),
    "roles.csv": ("userSourcedId", "role", "orgSourcedId"),
    "users.csv": ("sourcedId", "username", "givenName", "familyName"),
    "enrollments.csv": ("sourcedId", "classSourcedId", "userSourcedId", "role"),
}
"""The files that are read, with the columns that each must have."""

Open = Callable[[], AbstractContextManager[IO[bytes]]]


class Tables:
    """The files that there are, by name. Raises FileRefused or PackageRefused."""

    def __init__(self, path: Path, name: str) -> None:
        self._open: dict[str, Open] = {}
        if path.is_dir():
            for file in FILES.keys() | {"manifest.csv"}:
                if (path / file).is_file():
                    self._open[file] = _opening(path / file)
        else:
            archive = Archive(path.open("rb"), name)
            self._open = {inner: partial(archive.open, inner) for inner in archive.paths()}
        if "users.csv" not in self._open:
            raise self._without_users()

    def __contains__(self, file: object) -> bool:
        return file in self._open

    def rows(self, file: str, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the rows of a file by their numbers, the header being 1; none where it is absent.

        Raises FileRefused where it is not CSV in UTF-8 or lacks a needed column.
        """
        if file not in self._open:
            return
        with self._open[file]() as stream:
            text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
            reader = csv.reader(bounded_lines(text), strict=True)
            header: list[str] = []
            number = 0
            while True:
                number += 1
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise _refused(file, number, f"is not CSV ({error})", "不是 CSV") from None
                except UnicodeDecodeError:
                    raise _refused(
                        file, number, "is not in UTF-8; save it so", "不是 UTF-8 编码；请另存"
                    ) from None
                if cells is None:
                    break
                if len(cells) > COLUMN_LIMIT:
                    raise _refused(
                        file,
                        number,
                        f"has more than {COLUMN_LIMIT} columns",
                        f"超过 {COLUMN_LIMIT} 列",
                    )
                if number > ROW_LIMIT:
                    raise _refused(
                        file,
                        number,
                        f"has more than {ROW_LIMIT} rows; divide the roster",
                        f"超过 {ROW_LIMIT} 行；请拆分名册",
                    )
                if not header:
                    header = [cell.strip() for cell in cells]
                    _expect(file, header, needed)
                elif any(cell.strip() for cell in cells):
                    yield number, dict(zip(header, map(str.strip, cells), strict=False))
            if not header:
                _expect(file, header, needed)

    def _without_users(self) -> FileRefused:
        deeper = [path for path in self._open if PurePosixPath(path).name == "users.csv"]
        if deeper:
            folder = str(PurePosixPath(deeper[0]).parent)
            return FileRefused(
                {
                    "en": f"has users.csv in {folder!r}: pack the files, not their folder",
                    "zh-CN": f"users.csv 在 {folder!r} 中：请直接打包文件，不要打包文件夹",
                }
            )
        return FileRefused(
            {
                "en": "has no users.csv: export the roster as OneRoster 1.1 or 1.2 CSV",
                "zh-CN": "没有 users.csv：请按 OneRoster 1.1 或 1.2 的 CSV 格式导出名册",
            }
        )


def _opening(path: Path) -> Open:
    return lambda: path.open("rb")


def _expect(file: str, header: list[str], needed: tuple[str, ...]) -> None:
    lacking = [column for column in needed if column not in header]
    if lacking:
        names = ", ".join(lacking)
        raise _refused(file, 1, f"lacks the columns {names}", f"缺少列 {names}")


def _refused(file: str, number: int, english: str, chinese: str) -> FileRefused:
    return FileRefused(
        {"en": f"{file}, row {number}: {english}", "zh-CN": f"{file} 第 {number} 行：{chinese}"}
    )
