import hashlib
import io
import json
import uuid
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.course_package import PackageRefused
from adapters.statement_file import open_statement_file, split
from adapters.statement_file.split import array_elements
from schemas.imports import FileRefused
from tests.unit.test_imports_api import Api
from tests.unit.test_statement_rules import GOOD
from tests.unit.xapi_service import attachment, service_client

PDF = b"%PDF-1.7 a certificate"


def a_statement(number, **more):
    return {**GOOD, "id": str(uuid.UUID(int=number)), **more}


def write(folder, content, name="statements.json"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def write_zip(folder, files, name="statements.zip", method=zipfile.ZIP_DEFLATED):
    path = folder / name
    with zipfile.ZipFile(path, "w", method) as file:
        for inner, content in files.items():
            file.writestr(inner, content if isinstance(content, bytes) else json.dumps(content))
    return path


def contents(path):
    return [row.content for row in open_statement_file(path, path.name).following(0)]


def refusal(path):
    with pytest.raises((FileRefused, PackageRefused)) as caught:
        open_statement_file(path, path.name).count()
    if isinstance(caught.value, FileRefused):
        texts = caught.value.reason
    else:
        texts = {"en": str(caught.value), "zh-CN": caught.value.chinese}
    assert any("\u4e00" <= char <= "\u9fff" for char in texts["zh-CN"]), texts
    return texts["en"]


@pytest.fixture
def api(tmp_path):
    with service_client(tmp_path / "data") as client:
        yield Api(client)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANY_JSON, max_size=8), st.integers(1, 40), st.sampled_from([None, 1]))
def test_an_array_is_split_as_json_reads_it_whatever_the_pieces(elements, piece, indent):
    text = json.dumps(elements, ensure_ascii=False, indent=indent).encode()
    whole = split._PIECE
    split._PIECE = piece
    try:
        found = [json.loads(one) for one in array_elements(io.BytesIO(text))]
    finally:
        split._PIECE = whole
    assert found == elements


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b'\xef\xbb\xbf [{"a":1},{"a":2}] '),
        ("a.json", b'{"statements":[{"a":1},{"a":2}],"more":""}'),
        ("a.ndjson", b'{"a":1}\n\n{"a":2}'),
        ("a.jsonl", b'\xef\xbb\xbf{"a":1}\r\n{"a":2}\r\n'),
    ],
)
def test_arrays_pages_and_lines_are_read(tmp_path, name, content):
    assert [json.loads(one) for one in contents(write(tmp_path, content, name))] == [
        {"a": 1},
        {"a": 2},
    ]


def test_one_statement_alone_is_read(tmp_path):
    assert len(contents(write(tmp_path, GOOD))) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"[]", "no statement"),
        (b"hello", "is not JSON"),
        (b'[{"a":1}', "no end"),
        (b'[{"a":"1]', "no end"),
        (b'[{"a":1}] x', "more after the end"),
        ('[{"a":1}]'.encode("utf-16"), "UTF-8"),
        (b'[{"a":"' + b"x" * (split.STATEMENT_LIMIT + 1) + b'"}]', "larger than 4 MiB"),
        (b'[{"a":1},' + b"[" * (split.STATEMENT_LIMIT + 1), "larger than 4 MiB"),
    ],
)
def test_a_file_that_is_not_statements_is_refused_in_both_languages(tmp_path, content, said):
    assert said in refusal(write(tmp_path, content))


def test_an_endless_line_is_refused(tmp_path):
    path = write(tmp_path, b'{"a":"' + b"x" * (split.STATEMENT_LIMIT + 10), "a.ndjson")
    assert "larger than 4 MiB" in refusal(path)


def test_a_zip_bomb_is_refused_unpacked_by_nobody(tmp_path):
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file,
        file.open("statements.json", "w") as stream,
    ):
        for _ in range(64):
            stream.write(b" " * 1024 * 1024)
    assert "this is how ZIP bombs are made" in refusal(path)
    nested = write_zip(tmp_path, {"inner.zip": b"PK"}, "nested.zip")
    assert "ZIP file inside a ZIP file" in refusal(nested)


def test_what_a_zip_says_of_ten_gigabytes_is_refused(tmp_path):
    path = write_zip(tmp_path, {"statements.json": [GOOD]})
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\1\2")
    content[at + 24 : at + 28] = (0xFFFFFFFE).to_bytes(4, "little")
    path.write_bytes(content)
    assert "this is how ZIP bombs are made" in refusal(path)


@pytest.mark.parametrize(
    "inner", ["../evil.json", "/etc/evil.json", "C:\\evil.json", "a/../b.json"]
)
def test_a_path_that_leads_out_is_refused(tmp_path, inner):
    assert "leads out of the package" in refusal(write_zip(tmp_path, {inner: [GOOD]}))


def test_a_file_that_is_neither_statements_nor_attachment_is_refused(tmp_path):
    path = write_zip(tmp_path, {"statements.json": [GOOD], "run.exe": b"MZ"})
    assert "'run.exe'" in refusal(path)
    assert "damaged" in refusal(write(tmp_path, b"PK\3\4 no", "broken.zip"))
    assert "no statement" in refusal(write_zip(tmp_path, {}))


def test_statements_are_stored_once_whichever_file_brings_them(api, tmp_path):
    statements = [a_statement(number) for number in range(5)]
    first = api.bring(write(tmp_path, statements[:4]))
    assert first["kind"] == "statements"
    assert first["counts"]["stored"] == 4
    lines = b"\n".join(json.dumps(one).encode() for one in statements[2:])
    second = api.bring(write(tmp_path, lines, "more.ndjson"))
    assert (second["counts"]["stored"], second["counts"]["known"]) == (1, 2)
    assert {one["id"] for one in api.stored()} == {one["id"] for one in statements}
    assert {one["authority"]["account"]["name"] for one in api.stored()} == {"import"}


def test_a_statement_without_an_id_gets_one_made_from_it(api, tmp_path):
    told = {name: value for name, value in GOOD.items() if name != "id"}
    at_two = {**told, "timestamp": "2026-03-02T08:00:00Z"}
    api.bring(write(tmp_path, [told, at_two]))
    again = api.bring(write(tmp_path, [at_two, told], "again.json"))
    assert again["counts"]["known"] == 2
    ids = {uuid.UUID(one["id"]).version for one in api.stored()}
    assert (len(api.stored()), ids) == (2, {5})


def test_a_statement_that_breaks_a_rule_waits_and_the_others_go_in(api, tmp_path):
    wrong = a_statement(2, verb={"id": "no iri"})
    lines = b"\n".join(
        [json.dumps(a_statement(1)).encode(), b"{no json", json.dumps(wrong).encode()]
    )
    done = api.bring(write(tmp_path, lines, "a.ndjson"))
    assert (done["state"], done["counts"]["stored"], done["counts"]["refused"]) == ("done", 1, 2)
    first, second = api.rows(done["id"], state="quarantined")
    assert first["cells"] == {"statement": "{no json"}
    assert "must be JSON" in first["faults"][0]["rule"]["en"]
    assert second["faults"][0]["path"] == "$.verb.id"
    text = json.dumps({**wrong, "verb": GOOD["verb"]})
    place = f"quarantine/{done['id']}/3/release"
    assert api("POST", place, json={"cells": {"statement": text}}).status_code == 200
    assert len(api.stored()) == 2


def test_two_statements_of_one_id_in_a_file_are_not_both_stored(api, tmp_path):
    other = a_statement(1, verb={"id": "http://adlnet.gov/expapi/verbs/passed"})
    done = api.bring(write(tmp_path, [a_statement(1), other, a_statement(1), a_statement(2)]))
    assert done["counts"] == {"rows": 4, "stored": 2, "known": 1, "duplicates": 0, "refused": 1}
    (row,) = api.rows(done["id"], state="quarantined")
    assert row["number"] == 2
    assert "earlier row" in row["faults"][0]["rule"]["en"]


def test_statements_of_version_1_keep_their_rules(api, tmp_path):
    old = a_statement(1, version="1.0.3")
    api.bring(write(tmp_path, [old, a_statement(2)]))
    assert [one["version"] for one in api.stored()] == ["1.0.3", "2.0.0"]


def test_attachments_come_with_a_zip_file(api, tmp_path):
    sha2 = hashlib.sha256(PDF).hexdigest()
    statement = a_statement(1, attachments=[attachment(PDF)])
    files = {"statements.json": [statement], f"attachments/{sha2}.pdf": PDF}
    done = api.bring(write_zip(tmp_path, files))
    assert done["counts"]["stored"] == 1
    assert api.service.store.attachments.path(sha2).read_bytes() == PDF


def test_an_attachment_that_lacks_or_is_another_keeps_its_statement_out(api, tmp_path):
    sha2 = hashlib.sha256(PDF).hexdigest()
    statements = [a_statement(1, attachments=[attachment(PDF)]), a_statement(2)]
    for number, files in enumerate(({}, {f"{sha2}.pdf": b"something else"})):
        path = write_zip(tmp_path, {"a.json": statements, **files}, f"{number}.zip")
        done = api.bring(path)
        (row,) = api.rows(done["id"], state="quarantined")
        assert row["faults"][0]["path"] == "$.attachments"
        assert sha2 in row["faults"][0]["rule"]["en"]
        assert row["file"] == "a.json"
    assert [one["id"] for one in api.stored()] == [a_statement(2)["id"]]
    assert not api.service.store.attachments.has(sha2)


def test_a_file_that_is_refused_imports_nothing(api, tmp_path):
    done = api.bring(write(tmp_path, json.dumps([a_statement(1)]).encode()[:-1]))
    assert done["state"] == "failed"
    assert "no end" in done["reason"]["en"]
    assert "结尾" in done["reason"]["zh-CN"]
    assert api.stored() == []
    assert not list(Path(api.service.settings.data / "imports").glob("*.json"))
