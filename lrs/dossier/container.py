"""The file of a dossier: a ZIP archive that can be written in one way only (docs/dossier.md).

Members are stored, not compressed, without times, comments or extra fields, and nothing stands
between them. So there is no octet that could change without being noticed.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_VERSION, _DATE = 20, 0x0021
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*(?:/[a-z0-9][a-z0-9.-]*)*")
_PIECE = 1024 * 1024
MOST_MEMBERS = 10_000
MOST_OCTETS = 0xFFFF_FFFF


class ContainerError(Exception):
    """A file that is not a dossier's; `where` is the member, or the octet, at which it is not."""

    def __init__(self, where: str, rule: str) -> None:
        super().__init__(f"{where}: {rule}")
        self.where = where
        self.rule = rule


@dataclass(frozen=True)
class Member:
    """A member of an archive: where its content is in the file, and the content's SHA-256."""

    name: str
    offset: int
    size: int
    crc: int
    sha256: str


class Source:
    """What goes into a member: octets, or a file that is read piece by piece."""

    def __init__(self, name: str, content: bytes | Path) -> None:
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a member's name: {name!r}")
        self.name = name
        self._content = content
        self.size, self.crc, digest = 0, 0, hashlib.sha256()
        for piece in self.pieces():
            self.size += len(piece)
            self.crc = zlib.crc32(piece, self.crc)
            digest.update(piece)
        self.sha256 = digest.hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Give the content."""
        if isinstance(self._content, bytes):
            yield self._content
            return
        with self._content.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece


def write_archive(file: BinaryIO, sources: Sequence[Source]) -> None:
    """Write the archive. Raises ValueError where it would be beyond what ZIP holds (4 GiB)."""
    names = [source.name for source in sources]
    total = sum(len(name) * 2 + 76 for name in names) + sum(one.size for one in sources) + 22
    if len(set(names)) != len(names) or len(names) > MOST_MEMBERS or total > MOST_OCTETS:
        raise ValueError("too much for one dossier")
    members, offset = [], 0
    for source in sources:
        header = _local_header(source.name, source.crc, source.size)
        file.write(header)
        for piece in source.pieces():
            file.write(piece)
        offset += len(header)
        members.append(Member(source.name, offset, source.size, source.crc, source.sha256))
        offset += source.size
    file.write(_directory(members, offset))


def read_archive(file: BinaryIO) -> list[Member]:
    """Return the members of an archive, in order, once it is sure that it is written in the one
    way there is. Raises ContainerError.
    """
    file.seek(0, 2)
    end = file.tell()
    members: list[Member] = []
    offset = 0
    while len(members) <= MOST_MEMBERS:
        file.seek(offset)
        head = file.read(_LOCAL.size)
        if not head.startswith(b"PK\x03\x04") or len(head) < _LOCAL.size:
            break
        fields = _LOCAL.unpack(head)
        crc, size, length = fields[6], fields[8], fields[9]
        name = file.read(length).decode("ascii", "replace")
        if not _NAME.fullmatch(name) or any(name == one.name for one in members):
            raise ContainerError(_at(offset + _LOCAL.size, members), "not a name of a member")
        if head + name.encode() != _local_header(name, crc, size):
            raise ContainerError(_at(offset, members), f"the header of {name} is not as it must be")
        offset += len(head) + length
        if offset + size > end:
            raise ContainerError(name, "the file ends within it")
        members.append(_checked(file, name, offset, size, crc))
        offset += size
    _require_rest(file, offset, members)
    return members


def read_member(file: BinaryIO, member: Member) -> bytes:
    """Return the content of a member."""
    file.seek(member.offset)
    return file.read(member.size)


def _checked(file: BinaryIO, name: str, offset: int, size: int, crc: int) -> Member:
    digest, found, rest = hashlib.sha256(), 0, size
    while rest:
        piece = file.read(min(rest, _PIECE))
        found = zlib.crc32(piece, found)
        digest.update(piece)
        rest -= len(piece)
    if found != crc:
        raise ContainerError(name, "its content or its checksum was changed")
    return Member(name, offset, size, crc, digest.hexdigest())


def _require_rest(file: BinaryIO, offset: int, members: Sequence[Member]) -> None:
    wanted = _directory(members, offset)
    file.seek(offset)
    found = file.read(len(wanted) + 1)
    if found != wanted:
        same = 0
        while same < min(len(found), len(wanted)) and found[same] == wanted[same]:
            same += 1
        raise ContainerError(_at(offset + same, members), "the archive's directory was changed")


def _at(offset: int, members: Sequence[Member]) -> str:
    after = f", after {members[-1].name}" if members else ""
    return f"octet {offset}{after}"


def _local_header(name: str, crc: int, size: int) -> bytes:
    head = (b"PK\x03\x04", _VERSION, 0, 0, 0, _DATE, crc, size, size, len(name), 0)
    return _LOCAL.pack(*head) + name.encode()


def _directory(members: Sequence[Member], offset: int) -> bytes:
    entries = b""
    for one in members:
        start = one.offset - _LOCAL.size - len(one.name)
        head = (b"PK\x01\x02", _VERSION, _VERSION, 0, 0, 0, _DATE, one.crc, one.size, one.size)
        entries += _CENTRAL.pack(*head, len(one.name), 0, 0, 0, 0, 0, start) + one.name.encode()
    count = len(members)
    return entries + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(entries), offset, 0)
