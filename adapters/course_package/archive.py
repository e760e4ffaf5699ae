"""A ZIP file of unknown origin, of which single small files are read and none is unpacked."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, BinaryIO, Final

from adapters.course_package.refusal import PackageRefused

MOST_FILES: Final = 50_000
MOST_BYTES: Final = 4 * 1024**3
"""All files together, unpacked."""

HIGHEST_RATIO: Final = 200
"""Of a file's size unpacked to packed: text reaches some tens, a bomb a thousand."""

RATIO_FROM: Final = 1024**2
"""Smaller files may be packed to any ratio: they do no harm."""

LARGEST_DIRECTORY: Final = 16 * 1024**2
"""Bytes of the list of files, which is held in memory whole."""

_END: Final = struct.Struct("<4s4H2LH")
_END_64_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LONGEST_COMMENT: Final = 0xFFFF
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE: Final = re.compile("[A-Za-z]:")


class Archive:
    """A ZIP file whose list of files has been checked.

    Raises PackageRefused where a name leads out of the package or stands there twice, a file is
    encrypted, packed by an unusual method, or a ZIP file itself, and where unpacking would cost
    too much.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.name = name
        _check_directory(file, name)
        try:
            self._zip = zipfile.ZipFile(file)
        # What zipfile raises for lists that lie: of names, versions, lengths and offsets.
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError) as error:
            raise _damaged(name) from error
        self._files: dict[str, zipfile.ZipInfo] = {}
        self._check()

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def paths(self) -> list[str]:
        """Return the paths of all files, with `/` between folders."""
        return list(self._files)

    def read(self, path: str, most: int) -> bytes:
        """Return a file's bytes; raises PackageRefused where there are more than `most`."""
        name = f"{self.name}/{path}"
        with self.open(path) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise PackageRefused(
                name,
                f"must have at most {most:,} bytes: split the course",
                chinese=f"超过 {most:,} 字节：请拆分课程",
            )
        return content

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """Give a file as a stream; raises PackageRefused where it turns out to be damaged."""
        try:
            with self._stream(path) as stream:
                yield stream
        # What zipfile raises for content that is not what the list says of it.
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise _damaged(f"{self.name}/{path}") from error

    def _stream(self, path: str) -> IO[bytes]:
        try:
            return self._zip.open(self._files[path])
        except UnicodeDecodeError as error:  # the name before the content, which is not the list's
            raise _damaged(f"{self.name}/{path}") from error

    def _check(self) -> None:
        entries = self._zip.infolist()
        if len(entries) > MOST_FILES:
            self._refuse(
                f"must hold at most {MOST_FILES:,} files, holds {len(entries):,}",
                f"文件数 {len(entries):,}，超过 {MOST_FILES:,}：请拆分",
            )
        total = sum(entry.file_size for entry in entries)
        if total > MOST_BYTES:
            self._refuse(
                f"must be at most {MOST_BYTES:,} bytes unpacked, says {total:,}: "
                "leave videos on a server and link to them",
                f"解压后为 {total:,} 字节，超过 {MOST_BYTES:,}：视频请放在服务器上并使用链接",
            )
        for entry in entries:
            self._check_entry(entry)

    def _check_entry(self, entry: zipfile.ZipInfo) -> None:
        # `filename` is cut at a NUL; the name as it stands in the file is not.
        path = entry.orig_filename.replace("\\", "/")
        shown = f"{path[:200]!r}"
        if _CONTROL.search(path):
            self._refuse(
                f"holds a file with control characters in its name, {shown}",
                f"有文件名含控制字符：{shown}",
            )
        if path.startswith("/") or _DRIVE.match(path) or ".." in path.split("/"):
            self._refuse(
                f"holds {shown}, a name that leads out of the package: pack it again",
                f"文件名 {shown} 指向包外：请重新打包",
            )
        # By a directory that says it is longer than what is before it; by one of nameless files.
        if entry.header_offset < 0 or not entry.filename:
            raise _damaged(self.name)
        if entry.is_dir():
            return
        if path in self._files:
            self._refuse(f"holds {shown} twice: pack it again", f"{shown} 出现两次：请重新打包")
        if entry.flag_bits & _ENCRYPTED:
            self._refuse(
                f"holds {shown}, which is encrypted: pack it without a password",
                f"{shown} 已加密：请不设密码重新打包",
            )
        if entry.compress_type not in _METHODS:
            self._refuse(
                f"holds {shown}, packed by an unusual method: use Deflate, as ZIP does",
                f"{shown} 的压缩方式不常见：请使用 ZIP 默认的 Deflate",
            )
        if path.lower().endswith(".zip"):
            self._refuse(
                f"holds {shown}, a ZIP file inside a ZIP file: "
                "import packages one by one, and offer downloads from a server",
                f"{shown} 是 ZIP 中的 ZIP：请逐个导入，供下载的文件请放在服务器上",
            )
        if entry.file_size > max(RATIO_FROM, HIGHEST_RATIO * entry.compress_size):
            self._refuse(
                f"holds {shown}, which unpacks to more than {HIGHEST_RATIO} times its size: "
                "this is how ZIP bombs are made; leave the file out",
                f"{shown} 解压后超过其大小的 {HIGHEST_RATIO} 倍，疑似压缩炸弹：请去掉该文件",
            )
        self._files[path] = entry

    def _refuse(self, rule: str, chinese: str) -> None:
        raise PackageRefused(self.name, rule, chinese=chinese)


def _damaged(name: str) -> PackageRefused:
    return PackageRefused(
        name,
        "is damaged or not whole: pack or send it again",
        chinese="已损坏或不完整：请重新打包或发送",
    )


def _check_directory(file: BinaryIO, name: str) -> None:
    """Refuse a list of files that is too large, before `zipfile` holds it in memory.

    Looks where `zipfile` does for the end of the list: APPNOTE 4.3.14 to 4.3.16.
    """
    size = file.seek(0, 2)
    tail_at = max(0, size - _LONGEST_COMMENT - _END.size - _END_64_LOCATOR.size - _END_64.size)
    file.seek(tail_at)
    tail = file.read()
    if len(tail) < _END.size:
        raise _damaged(name)
    end = len(tail) - _END.size
    if tail[end : end + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) - end < _END.size:
        raise _damaged(name)
    directory = _END.unpack_from(tail, end)[5]
    locator = end - _END_64_LOCATOR.size
    if locator >= 0 and tail.startswith(b"PK\6\7", locator):
        end_64 = locator - _END_64.size
        if end_64 < 0 or not tail.startswith(b"PK\6\6", end_64):
            raise _damaged(name)
        directory = _END_64.unpack_from(tail, end_64)[8]
    if directory > LARGEST_DIRECTORY:
        raise PackageRefused(
            name,
            f"must hold at most {MOST_FILES:,} files: split the course",
            chinese=f"文件数超过 {MOST_FILES:,}：请拆分课程",
        )
