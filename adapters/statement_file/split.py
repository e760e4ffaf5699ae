"""The elements of a JSON array and the lines of NDJSON, one at a time and in bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from schemas.imports import FileRefused

STATEMENT_LIMIT: Final = 4 * 1024 * 1024
"""Octets of a statement."""

_PIECE: Final = 256 * 1024
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{},]', re.S)
"""Possessive, so that a string without an end is looked through once and not once more for each
of its characters."""

_STEPS: Final = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
_BLANK: Final = b" \t\r\n"
_BOM: Final = b"\xef\xbb\xbf"


def array_elements(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what stands between the commas of an array, whether it is JSON or not.

    Raises FileRefused where the array does not end, goes on after its end, or has an element
    beyond STATEMENT_LIMIT.
    """
    buffer = file.read(_PIECE).removeprefix(_BOM).lstrip(_BLANK)
    depth = start = position = 0
    while True:
        for token in _TOKEN.finditer(buffer, position):
            mark = token[0]
            if mark == b'"':  # of a string that goes on in the next piece
                position = token.start()
                break
            position = token.end()
            step = _STEPS.get(mark, 0)
            depth += step
            if depth == step == 1:
                start = position
            if depth == 0 or (depth == 1 and mark == b","):
                element = buffer[start : token.start()].strip(_BLANK)
                start = position
                if len(element) > STATEMENT_LIMIT:
                    raise _too_long()
                if element or depth:
                    yield element
                if depth == 0:
                    _expect_end(buffer[position:], file)
                    return
        else:
            position = len(buffer)
        if position - start > STATEMENT_LIMIT or len(buffer) - start > STATEMENT_LIMIT:
            raise _too_long()
        buffer, position, start = buffer[start:], position - start, 0
        piece = file.read(_PIECE)
        if not piece:
            raise FileRefused(
                {
                    "en": "the JSON array has no end: the file was not saved or copied whole; "
                    "bring it again",
                    "zh-CN": "JSON 数组没有结尾：文件没有完整保存或复制；请重新提供",
                }
            )
        buffer += piece


def lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1.

    Raises FileRefused for a line beyond STATEMENT_LIMIT.
    """
    number = 0
    while line := file.readline(STATEMENT_LIMIT + 2):
        number += 1
        if len(line) > STATEMENT_LIMIT + 1:
            raise _too_long()
        if number == 1:
            line = line.removeprefix(_BOM)
        if line := line.strip(_BLANK):
            yield number, line


def _expect_end(rest: bytes, file: IO[bytes]) -> None:
    while not rest.strip(_BLANK):
        rest = file.read(_PIECE)
        if not rest:
            return
    raise FileRefused(
        {
            "en": "there is more after the end of the JSON array; save the statements as one array",
            "zh-CN": "JSON 数组结束之后还有内容；请把所有陈述保存在一个数组里",
        }
    )


def _too_long() -> FileRefused:
    most = STATEMENT_LIMIT // 1024**2
    return FileRefused(
        {
            "en": f"a statement is larger than {most} MiB; put what is large into attachments",
            "zh-CN": f"有陈述超过 {most} MiB；请把大的内容放入附件",
        }
    )
