"""Files that are broken or mean harm: each has its message, and none takes the reader along."""

import re
import struct
import tracemalloc
import zipfile

import openpyxl
import pytest
from defusedxml.common import EntitiesForbidden
from openpyxl import Workbook

from adapters.spreadsheet import LANGUAGES, SheetError, limits, open_sheet
from adapters.spreadsheet.faults import _TEXTS
from tests.unit.spreadsheets import OPTIONS, read, write_csv, write_xlsx

HEADER = ["学号", "课程", "日期", "成绩"]
GOOD = ["1", "A", "2026-03-02", 80]
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
)  # fmt: skip


def refusal(path):
    with pytest.raises(SheetError) as error:
        read(path)
    for language in LANGUAGES:
        assert error.value.text(language)
    return error.value


def rewritten(path, changes, name="hostile.xlsx"):
    """Write the workbook again with parts changed: by a function, or for new content."""
    found = path.parent / name
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            change = changes.get(part, lambda content: content)
            new.writestr(part, change(old.read(part)) if callable(change) else change)
        for part in changes.keys() - set(old.namelist()):
            new.writestr(part, changes[part])
    return found


def cells(xml):
    """Return a change that puts rows in place of those of the worksheet."""

    def change(content):
        head, _, rest = content.partition(b"<sheetData>")
        return head + b"<sheetData>" + xml + b"</sheetData>" + rest.partition(b"</sheetData>")[2]

    return change


def with_shared_strings(path):
    """Keep the texts of the workbook where Excel keeps them, in a part of their own."""
    texts = []

    def share(match):
        texts.append(match[2])
        return b'<c%s t="s"><v>%d</v></c>' % (match[1], len(texts) - 1)

    inline = rb'<c( r="\w+") t="inlineStr"><is><t>([^<]*)</t></is></c>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    with zipfile.ZipFile(path) as package:
        sheet = re.sub(inline, share, package.read(SHEET))
    strings = b"".join(b"<si><t>%s</t></si>" % text for text in texts)
    changes = {
        SHEET: sheet,
        "[Content_Types].xml": lambda old: old.replace(b"</Types>", override.encode()),
        "xl/sharedStrings.xml": b'<sst xmlns="%s">%s</sst>' % (MAIN, strings),
    }
    return rewritten(path, changes, "shared.xlsx")


@pytest.fixture
def good(tmp_path):
    return write_xlsx(tmp_path, [HEADER, GOOD])


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.xlsx", b"", "empty"),
        ("a.csv", b"", "empty"),
        ("a.xlsx", b"\xe5\xad\xa6\xe5\x8f\xb7,x\n", "not_xlsx"),
        ("a.xlsx", b"PK\x03\x04 and no more", "damaged"),
        ("a.csv", b"PK\x03\x04 and no more", "not_csv"),
        ("a.xls", b"anything", "old_format"),
        ("a.ods", b"anything", "open_document"),
        ("a.xlsm", b"anything", "suffix"),
        ("a.txt", b"anything", "suffix"),
        ("a", b"anything", "suffix"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_format"),
        ("a.csv", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old_format"),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + bytes(600)
            + "EncryptedPackage".encode("utf-16-le"),
            "encrypted",
        ),
        ("a.csv", b"a,b\n\x00,c\n", "encoding"),
        ("a.csv", "学号,课程".encode("utf-16"), "encoding"),
        ("a.csv", b"\xe9t\xe9,\xff\xff\n", "encoding"),
        ("a.csv", b'a,"b"c,d\n', "bad_csv"),
        ("a.csv", b'a,"never closed\n', "bad_csv"),
        ("a.csv", b"," * 300_000, "bad_csv"),
        ("a.csv", b'"' + b"x" * 200_000 + b'"\n', "bad_csv"),
        ("a.csv", b"\n\n\n", "no_header"),
        ("a.csv", b"one,two\n1,2\n", "no_header"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path, name, content, key):
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path).key == key


def test_a_file_that_is_too_large_is_not_opened(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(limits.CSV_LIMIT + 1)
    assert refusal(path).key == "too_large"


def test_an_open_document_by_another_name_is_told(tmp_path):
    path = tmp_path / "sheet.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("content.xml", "<office/>")
    assert refusal(path).key == "open_document"


def test_any_other_zip_is_told(tmp_path):
    path = tmp_path / "sheet.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("hello.txt", "hello")
    assert refusal(path).key == "not_xlsx"


def test_an_encrypted_zip_is_told(good):
    content = bytearray(good.read_bytes())
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<H", content, place + 8, 1)
        place = content.find(b"PK\x01\x02", place + 4)
    good.write_bytes(content)
    assert refusal(good).key == "encrypted"


@pytest.mark.parametrize("part", [SHEET, "xl/theme/theme1.xml", "xl/media/picture.png"])
def test_a_zip_bomb_is_told_by_its_directory(good, part):
    bomb = rewritten(good, {part: b" " * (60 * 1024 * 1024)})
    assert bomb.stat().st_size < 100_000
    tracemalloc.start()
    assert refusal(bomb).key == "bomb"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_a_zip_bomb_in_many_parts_is_told(good):
    many = {f"xl/{number}.xml": b"<a/>" for number in range(limits.PARTS_LIMIT + 1)}
    assert refusal(rewritten(good, many)).key == "bomb"
    part = b"<a>" + bytes(range(32, 60)) * 18_000 * 16
    large = {f"xl/{number}.xml": part for number in range(17)}
    assert refusal(rewritten(good, large)).key == "bomb"


def test_a_directory_that_lies_of_a_size_is_told(good):
    packed = rewritten(good, {SHEET: cells(b"<row/>" * 300_000)})
    content = bytearray(packed.read_bytes())
    place = content.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<I", content, place + 24, 100)
        place = content.find(b"PK\x01\x02", place + 4)
    packed.write_bytes(content)
    assert refusal(packed).key == "damaged"


PARTS = [
    SHEET,
    "xl/workbook.xml",
    "xl/styles.xml",
    "xl/theme/theme1.xml",
    "[Content_Types].xml",
    "_rels/.rels",
    "xl/_rels/workbook.xml.rels",
    "docProps/core.xml",
    "xl/sharedStrings.xml",
]


@pytest.mark.parametrize("declaration", [BILLION_LAUGHS, EXTERNAL, b"<!DOCTYPE r>"])
@pytest.mark.parametrize("part", PARTS)
def test_no_part_may_declare_entities(good, part, declaration):
    good = with_shared_strings(good)

    def change(content):
        return (
            declaration + content.partition(b"?>")[2]
            if b"<?xml" in content
            else declaration + content
        )

    assert refusal(rewritten(good, {part: change})).key == "entities"


def test_entities_in_another_encoding_are_told(good):
    def change(content):
        text = content.decode().partition("?>")[2] or content.decode()
        return f'<?xml version="1.0" encoding="utf-16"?><!DOCTYPE r>{text}'.encode("utf-16")

    assert refusal(rewritten(good, {SHEET: change})).key == "entities"


def test_texts_are_read_where_excel_keeps_them(good):
    shared = with_shared_strings(good)
    with zipfile.ZipFile(shared) as package:
        assert "学号".encode() not in package.read(SHEET)
    assert read(shared) == read(good)


def test_openpyxl_itself_reads_without_entities(good):
    """The second line of defence: what is read as a stream is read by defusedxml."""
    hostile = rewritten(good, {SHEET: lambda content: BILLION_LAUGHS + content})
    assert openpyxl.DEFUSEDXML
    with pytest.raises(ValueError) as error:
        openpyxl.load_workbook(hostile, read_only=True)
    assert isinstance(error.value.__cause__, EntitiesForbidden)


@pytest.mark.parametrize(
    ("xml", "key"),
    [
        (b"<row>" + b"<c/>" * 16_385 + b"</row>", "bomb"),
        (b"<x>" * 100 + b"</x>" * 100, "bomb"),
        (b"<row/>" * 2_100_000, "bomb"),
        (
            b'<row><c t="inlineStr"><is><t>' + b"x" * 32_768 + b"</t></is></c></row>",
            "cell_too_long",
        ),
        (b'<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "damaged"),
        (b'<row r="1"><c r="A1" t="s"><v>x</v></c></row>', "damaged"),
        (b'<row r="1"><c r="A1" s="9999" t="n"><v>1e</v></c></row>', "damaged"),
        (b'<row r="one"/>', "damaged"),
        (b'<row r="1"><c r="ZZZZZ1"><v>1</v></c></row>', "damaged"),
        (b'<row r="1"><c r="A1"><v>1</v>', "damaged"),
        (b"\x00", "damaged"),
        (b"", "no_header"),
        (b'<row r="4000000000"><c r="A4000000000"><v>1</v></c></row>', "no_header"),
    ],
)
def test_a_worksheet_that_is_out_of_bounds_is_refused(good, xml, key):
    assert refusal(rewritten(good, {SHEET: cells(xml)})).key == key


def test_damage_further_down_is_told_with_its_row(good):
    def change(content):
        last = b'<row r="9"><c r="A9" t="s"><v>x</v></c></row></sheetData>'
        return content.replace(b"</sheetData>", last)

    error = refusal(rewritten(good, {SHEET: change}))
    assert error.key == "damaged"
    assert "after row 2" in str(error)
    assert "第 2 行之后" in error.text("zh-CN")


def test_parts_that_are_missing_are_told(good):
    assert refusal(rewritten(good, {"[Content_Types].xml": b"<Types/>"})).key == "damaged"
    assert refusal(rewritten(good, {"xl/workbook.xml": b"not XML"})).key == "damaged"


def test_what_the_size_of_a_sheet_claims_is_not_believed(good):
    def change(content):
        start = content.index(b"<dimension")
        end = content.index(b">", start) + 1
        return content[:start] + b'<dimension ref="A1:XFD1048576"/>' + content[end:]

    (row,) = read(rewritten(good, {SHEET: change}))
    assert row.number == 2


@pytest.mark.parametrize(
    ("value", "key"), [("=1+79", "formula"), ("#N/A", "error_value"), ("#DIV/0!", "error_value")]
)
@pytest.mark.parametrize("place", range(4))
def test_formulas_and_errors_are_refused_in_every_column(tmp_path, value, key, place):
    row = list(GOOD)
    row[place] = value
    (found,) = read(write_xlsx(tmp_path, [HEADER, row]))
    assert (HEADER[place], key) in [(one.column, one.fault.key) for one in found.problems]
    assert not found.statements


def test_a_formula_in_csv_is_refused(tmp_path):
    (row,) = read(write_csv(tmp_path, [HEADER, ['=HYPERLINK("x")', *GOOD[1:]]]))
    assert row.problems[0].fault.key == "formula"


@pytest.mark.parametrize("cells", ["A2:A3", "D1:E1", "B2:D2", "C3:C9"])
def test_merged_cells_in_the_table_are_named(tmp_path, cells):
    book = Workbook()
    for row in (HEADER, GOOD, GOOD):
        book.active.append(row)
    book.active.merge_cells(cells)
    path = tmp_path / "merged.xlsx"
    book.save(path)
    error = refusal(path)
    assert error.key == "merged"
    assert cells in str(error)


def test_merged_cells_beside_the_table_do_no_harm(tmp_path):
    book = Workbook()
    for row in (["三月考勤表"], HEADER, GOOD):
        book.active.append(row)
    book.active.merge_cells("A1:D1")
    book.active.merge_cells("F2:G9")
    path = tmp_path / "merged.xlsx"
    book.save(path)
    assert read(path)[0].statements


def test_columns_without_meaning_are_passed_over(tmp_path):
    wide = [f"column {number}" for number in range(200)]
    for write in (write_xlsx, write_csv):
        (row,) = read(write(tmp_path, [[*wide, *HEADER], ["=1+1"] * 200 + GOOD]))
        assert row.statements


def test_two_columns_of_one_meaning_are_refused(tmp_path):
    for second in ("学号", "Learner ID"):
        error = refusal(write_csv(tmp_path, [["学号", second, *HEADER[1:]], GOOD]))
        assert error.key == "duplicate_header"
        assert "学号" in error.text("zh-CN")


def test_a_header_that_lacks_columns_says_which_and_what_was_seen(tmp_path):
    error = refusal(write_csv(tmp_path, [["标题"], ["姓名", "课程", "手机"], ["李娜", "A", "1"]]))
    assert error.key == "missing_columns"
    assert "learner id or e-mail, date, attendance or score" in error.text("en")
    assert "学号或邮箱、日期、出勤或成绩" in error.text("zh-CN")
    assert "'手机'" in error.text("en")


def test_a_header_below_the_tenth_row_is_not_found(tmp_path):
    filler = [["x"]] * limits.HEADER_WITHIN
    error = refusal(write_xlsx(tmp_path, [*filler, HEADER, GOOD]))
    assert error.key == "no_header"
    assert read(write_xlsx(tmp_path, [*filler[1:], HEADER, GOOD]))[0].statements


def test_rows_over_the_limit_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("adapters.spreadsheet.sheet.ROW_LIMIT", 3)
    rows = [[str(number), *GOOD[1:]] for number in range(4)]
    for write in (write_xlsx, write_csv):
        assert len(read(write(tmp_path, [HEADER, *rows[:3], [], [""]]))) == 3
        assert refusal(write(tmp_path, [HEADER, *rows])).key == "too_many_rows"


def test_messages_cannot_play_with_the_terminal(tmp_path):
    (row,) = read(write_csv(tmp_path, [["\x1b学号", *HEADER[1:]], ["1", "A", "\x1b[2J", "\x9b1m"]]))
    for problem in row.problems:
        for language in LANGUAGES:
            assert problem.text(language).isprintable()


def test_reading_takes_little_memory(tmp_path):
    rows = ([str(number), "A", "2026-03-02", 80] for number in range(5_000))
    path = write_csv(tmp_path, [HEADER, *rows])
    tracemalloc.start()
    assert sum(len(row.statements) for row in open_sheet(path, OPTIONS)) == 5_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_every_text_is_there_in_both_languages():
    for rule_and_remedy in _TEXTS.values():
        english, chinese = rule_and_remedy
        assert all(any("\u4e00" <= char <= "\u9fff" for char in text) for text in chinese)
        assert not any("\u4e00" <= char <= "\u9fff" for text in english for char in _plain(text))


def _plain(text):
    return text.replace("2026年3月2日", "")
