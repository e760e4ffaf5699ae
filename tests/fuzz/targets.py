"""The parsers, each as a function of octets that returns whatever they are: what is not well-formed
is refused by the parser's own error, and anything else that is raised is a fault.
"""

import io
import json
import tempfile
import warnings
import zipfile
from pathlib import Path

from adapters.course_package import PackageRefused, read_course_package
from lrs.api.cursors import read_cursor
from lrs.dossier.container import ContainerError, read_archive
from lrs.imports.files import kind_of, open_rows
from lrs.ledger.checkpoints import Checkpoint, parse_proof
from lrs.ledger.leaves import Leaf, LeafError
from lrs.ledger.notes import NoteError, VerifierKey, open_note, parse_note
from lrs.ledger.tiles import parse_bundle, parse_tile_path
from lrs.problems import Problem
from lrs.xapi.multipart import read_parts
from lrs.xapi.signatures import SignatureFault, Trust, check_signature
from schemas.imports import FileRefused, ImportOptions
from schemas.xapi import StatementError, decode_actor, decode_statement, decode_statements
from tests.fuzz.requests import examples, requests
from tests.unit.test_statement_rules import GOOD
from tests.unit.xapi_service import multipart

MOST_ROWS = 50
OPTIONS = ImportOptions(home_page="https://lms.example.cn", course_base="https://lms.example.cn/")
TRUST = Trust.load(None)
PLACE = Path(tempfile.gettempdir())


def statements(octets):
    for version in ("1.0.3", "2.0.0"):
        for decode in (decode_statements, decode_statement):
            try:
                decode(octets, version)
            except StatementError as error:
                str(error)


def actor(octets):
    try:
        decode_actor(octets)
    except StatementError as error:
        str(error)


def parts(octets):
    try:
        for number, part in enumerate(read_parts(io.BytesIO(octets), "b0undary")):
            if number % 2 == 0:
                for _ in part.pieces:
                    pass
    except Problem as problem:
        problem.response()


def signature(octets):
    try:
        check_signature(octets, dict(GOOD), "1.0.3", TRUST)
    except SignatureFault as fault:
        str(fault)


def cursor(octets):
    for kind in (int, str, tuple[int, int, int], tuple[str, str]):
        try:
            read_cursor(octets.decode("latin-1"), kind)
        except Problem as problem:
            problem.response()


def notes(octets):
    text = octets.decode("utf-8", "replace")
    for parse in (parse_note, Checkpoint.parse, parse_proof, VerifierKey.parse):
        try:
            parse(text)
        except NoteError as error:
            str(error)
    try:
        open_note(text, [])
    except NoteError as error:
        str(error)
    parse_tile_path(text)


def leaves(octets):
    try:
        Leaf.decode(octets)
    except LeafError as error:
        str(error)
    try:
        parse_bundle(octets)
    except ValueError as error:
        str(error)


def dossier(octets):
    try:
        read_archive(io.BytesIO(octets))
    except ContainerError as error:
        str(error)


def course(octets):
    try:
        read_course_package(io.BytesIO(octets), "course.zip")
    except PackageRefused as error:
        str(error)


def sheet(suffix):
    def read(octets):
        with tempfile.NamedTemporaryFile(suffix=suffix) as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file.write(octets)
            file.flush()
            path = Path(file.name)
            try:
                rows = open_rows(path, path.name, kind_of(path, path.name), OPTIONS)
                for number, _ in enumerate(rows.following(0)):
                    if number == MOST_ROWS:
                        break
            except FileRefused as refusal:
                str(refusal)

    return read


TARGETS = {
    "requests": requests,
    "statements": statements,
    "actor": actor,
    "multipart": parts,
    "jws": signature,
    "cursor": cursor,
    "notes": notes,
    "leaves": leaves,
    "dossier": dossier,
    "course": course,
    "csv": sheet(".csv"),
    "xlsx": sheet(".xlsx"),
    "ndjson": sheet(".ndjson"),
    "json": sheet(".json"),
    "zip": sheet(".zip"),
}

CMI5 = (
    '<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">'
    '<course id="https://c.example/1"><title><langstring lang="en">C</langstring></title>'
    '<description><langstring lang="en">D</langstring></description></course>'
    '<au id="https://c.example/1/a" moveOn="Passed" masteryScore="0.8">'
    '<title><langstring lang="en">A</langstring></title>'
    '<description><langstring lang="en">D</langstring></description>'
    "<url>https://c.example/a.html</url></au></courseStructure>"
)


def zipped(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return file.getvalue()


def seeds(name):
    """Well-formed octets to begin with."""
    good = json.dumps(GOOD).encode()
    note = "origin\n3\n" + "A" * 43 + "=\n\n— origin AAAAAAAA\n"
    table = "学号,姓名,课程,场次,状态\n1,李娜,C1,1,出席\n".encode()
    return {
        "requests": examples(good, multipart(GOOD, [b"a report"])),
        "statements": [good, b"[" + good + b"]"],
        "actor": [json.dumps(GOOD["actor"]).encode()],
        "multipart": [multipart(GOOD, [b"a report", b"another"])[0]],
        "jws": [b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln", b"eyJhbGciOiJub25lIn0.e30."],
        "cursor": [b"kwECAw", b"oWE"],
        "notes": [note.encode(), b"c2sp.org/tlog-proof@v1\nindex 1\n\n" + note.encode()],
        "leaves": [b"\0\3abc", bytes(80)],
        "dossier": [zipped(dossier__json=b"{}")],
        "course": [CMI5.encode(), zipped(cmi5__xml=CMI5)],
        "csv": [table],
        "xlsx": [workbook()],
        "ndjson": [good + b"\n" + good + b"\n"],
        "json": [b"[" + good + b"," + good + b"]", b'{"statements": [' + good + b"]}"],
        "zip": [zipped(statements__json=b"[" + good + b"]")],
    }[name]


def workbook():
    from openpyxl import Workbook

    book, file = Workbook(), io.BytesIO()
    for row in (("学号", "姓名", "课程"), ("1", "李娜", "C1")):
        book.active.append(row)
    book.save(file)
    return file.getvalue()
