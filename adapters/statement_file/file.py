"""A file of statements, read as a stream."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

import msgspec

from adapters.course_package.archive import Archive
from adapters.statement_file.split import array_elements, lines
from schemas.imports import FileRefused

JSON_SUFFIXES: Final = (".json",)
LINE_SUFFIXES: Final = (".ndjson", ".jsonl")
OBJECT_LIMIT: Final = 64 * 1024 * 1024
"""Octets of a file that is one JSON object, a page of statements as an LRS gives it."""

_SHA2: Final = re.compile(r"[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}")
_LOOK: Final = 4096
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")

Open = Callable[[], AbstractContextManager[IO[bytes]]]


class StatementRow(NamedTuple):
    """A statement's octets, by its number in the file; `file` is its file within a ZIP file."""

    number: int
    content: bytes
    file: str | None


class Member(NamedTuple):
    """A file of statements: its name within a ZIP file, whether each line is one, how to open."""

    name: str | None
    by_line: bool
    open: Open


class _Page(msgspec.Struct):
    statements: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


class StatementFile:
    """The statements of a file, read anew each time they are asked for, in bounded memory."""

    def __init__(self, members: list[Member], archive: Archive | None) -> None:
        self._members = members
        self._archive = archive
        self._attachments = _attachments(archive) if archive else {}

    def count(self) -> int:
        """Read the file to its end and return how many statements there are.

        Raises FileRefused where it cannot be read to its end.
        """
        found = sum(1 for _ in self.following(0))
        if not found:
            raise _none()
        return found

    def following(self, after: int) -> Iterator[StatementRow]:
        """Yield the statements after the number. Raises FileRefused."""
        number = 0
        for member in self._members:
            with member.open() as file:
                for content in _statements(file, member.by_line):
                    number += 1
                    if number > after:
                        yield StatementRow(number, content, member.name)

    def attachment(self, sha2: str) -> AbstractContextManager[IO[bytes]] | None:
        """Return the attachment that is packed under its SHA-2 (hex), None where there is none."""
        path = self._attachments.get(sha2.lower())
        return self._archive.open(path) if self._archive and path else None


def open_statement_file(path: Path, name: str) -> StatementFile:
    """Return the statements of a file; `name`, what people call it, tells its format.

    A ZIP file holds files of statements, and attachments named by their SHA-2 in hex digits, with
    any suffix. Raises FileRefused or PackageRefused, with nothing read that could do harm.
    """
    suffix = PurePosixPath(name).suffix.casefold()
    if suffix in (*JSON_SUFFIXES, *LINE_SUFFIXES):
        return StatementFile([Member(None, suffix in LINE_SUFFIXES, lambda: path.open("rb"))], None)
    archive = Archive(path.open("rb"), name)
    members: list[Member] = []
    for inner in sorted(archive.paths()):
        inner_suffix = PurePosixPath(inner).suffix.casefold()
        if _SHA2.fullmatch(PurePosixPath(inner).stem.casefold()):
            continue
        if inner_suffix not in (*JSON_SUFFIXES, *LINE_SUFFIXES):
            raise FileRefused(
                {
                    "en": f"holds {inner[:200]!r}, which is neither a file of statements (.json, "
                    ".ndjson) nor an attachment named by its SHA-2; leave it out",
                    "zh-CN": f"含有 {inner[:200]!r}，既不是陈述文件（.json、.ndjson），"
                    "也不是以 SHA-2 命名的附件；请去掉",
                }
            )
        members.append(Member(inner, inner_suffix in LINE_SUFFIXES, partial(archive.open, inner)))
    if not members:
        raise _none()
    return StatementFile(members, archive)


def _attachments(archive: Archive) -> dict[str, str]:
    stems = ((PurePosixPath(path).stem.casefold(), path) for path in archive.paths())
    return {stem: path for stem, path in stems if _SHA2.fullmatch(stem)}


def _statements(file: IO[bytes], by_line: bool) -> Iterator[bytes]:
    if by_line:
        for _, line in lines(file):
            yield line
        return
    beginning = file.read(_LOOK)
    if beginning.startswith(_UTF_16) or b"\0" in beginning:
        raise FileRefused(
            {
                "en": "the file is not in UTF-8; save it as JSON in UTF-8",
                "zh-CN": "文件不是 UTF-8 编码；请另存为 UTF-8 的 JSON",
            }
        )
    file.seek(0)
    first = beginning.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n")[:1]
    if first == b"[":
        yield from array_elements(file)
    elif first == b"{":
        yield from _of_object(file.read(OBJECT_LIMIT + 1).removeprefix(b"\xef\xbb\xbf"))
    else:
        raise FileRefused(
            {
                "en": "the file is not JSON: it must begin with [ or {; save it as .json, or one "
                "statement a line as .ndjson",
                "zh-CN": "文件不是 JSON：应以 [ 或 { 开头；请保存为 .json，"
                "或每行一条陈述的 .ndjson",
            }
        )


def _of_object(content: bytes) -> Iterator[bytes]:
    """Yield the statements of a page (1.0.3 part two 2.5, StatementResult), or the one there is."""
    if len(content) > OBJECT_LIMIT:
        most = OBJECT_LIMIT // 1024**2
        raise FileRefused(
            {
                "en": f"the JSON object is larger than {most} MiB; save the statements as an array",
                "zh-CN": f"JSON 对象超过 {most} MiB；请把陈述保存为数组",
            }
        )
    try:
        page = msgspec.json.decode(content, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        yield content
        return
    if isinstance(page.statements, list):
        yield from (bytes(raw) for raw in page.statements)
    else:
        yield content


def _none() -> FileRefused:
    return FileRefused(
        {
            "en": "there is no statement in the file; check that it was saved whole",
            "zh-CN": "文件中没有陈述；请确认文件已完整保存",
        }
    )
