import io
import struct
import warnings
import zipfile

import pytest

from adapters.course_package import PackageRefused, archive, read_course_package
from tests.unit.test_course_package_cmi5 import (
    NAMESPACE,
    au,
    course,
    told_in_both_languages,
)

CMI5 = course(au(url="<url>au/index.html?lang=en#top</url>")).encode()
PAGE = ("au/index.html", b"<html></html>")
DIRECTORY_ENTRY = b"PK\1\2"
END = b"PK\5\6"


def packed(*files, method=zipfile.ZIP_DEFLATED, comment=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, content in files:
            file.writestr(name, content)
        file.comment = comment
    return buffer.getvalue()


def patched(content, after, offset, fmt, value):
    """Return the bytes with a field overwritten in each record that begins with `after`."""
    out = bytearray(content)
    at = out.find(after)
    while at >= 0:
        struct.pack_into(fmt, out, at + offset, value)
        at = out.find(after, at + 4)
    return bytes(out)


def read(content, name="geology.zip"):
    return read_course_package(io.BytesIO(content), name)


def refused(content):
    with pytest.raises(PackageRefused) as caught:
        read(content)
    return told_in_both_languages(caught.value)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("comment", [b"", b"made by a tool\0\0"])
def test_a_package_is_read(method, comment):
    structure = read(packed(("cmi5.xml", CMI5), PAGE, method=method, comment=comment))
    assert structure.standard == "cmi5"
    assert [unit.url for unit in structure.units()] == ["au/index.html?lang=en#top"]


def test_a_package_in_64_bit_format_is_read(monkeypatch):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 0)
    content = packed(("cmi5.xml", CMI5), PAGE)
    assert b"PK\6\6" in content
    assert len(list(read(content).units())) == 1


def test_the_address_of_a_unit_is_in_the_package_or_full():
    error = refused(packed(("cmi5.xml", CMI5)))
    assert (error.file, error.line) == ("geology.zip/cmi5.xml", 5)
    assert "'au/index.html' is none" in error.rule
    chinese = course(au(url="<url>%E8%AF%BE/index.html</url>")).encode()
    assert len(list(read(packed(("cmi5.xml", chinese))).units())) == 1


@pytest.mark.parametrize(
    "name",
    ["../evil.html", "a/../../evil", "/etc/cron.d/x", "..\\evil.html", "\\evil", "C:\\evil", "c:x"],
)
def test_a_name_that_leads_out_of_the_package_is_refused(name):
    error = refused(packed(("cmi5.xml", CMI5), PAGE, (name, b"x")))
    assert "leads out of the package" in error.rule
    assert error.file == "geology.zip"


def test_names_that_only_look_like_it_are_taken():
    names = ("a..b/c", "...", "课程/第一课.html", "full　width.html", "a\\b.html")
    assert read(packed(("cmi5.xml", CMI5), PAGE, *((name, b"x") for name in names)))


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (packed(("cmi5.xml", CMI5), ("cmi5.xml", CMI5)), "'cmi5.xml' twice"),
        (packed(("a/b", b"1"), ("a\\b", b"2")), "'a/b' twice"),
        (packed(("cmi5.xml", CMI5), ("in.ZIP", packed())), "'in.ZIP', a ZIP file inside"),
        (packed(("cmi5.xml", CMI5), PAGE, method=zipfile.ZIP_BZIP2), "unusual method"),
        (packed(("cmi5.xml", CMI5), PAGE, method=zipfile.ZIP_LZMA), "unusual method"),
        (packed(("cmi5.xml", CMI5), ("a\nb", b"")), "control characters"),
        (packed(("readme.txt", b"")), "must hold cmi5.xml or imsmanifest.xml at its top"),
        (packed(("geo/cmi5.xml", CMI5)), "pack what is in 'geo', not the folder itself"),
        (packed(), "must hold cmi5.xml"),
        (patched(packed(("cmi5.xml", CMI5)), DIRECTORY_ENTRY, 8, "<H", 1), "encrypted"),
        (packed(("cmi5.xml", CMI5), ("zeros", bytes(3_000_000))), "how ZIP bombs are made"),
        (
            patched(packed(("cmi5.xml", CMI5), PAGE), DIRECTORY_ENTRY, 24, "<L", 0xFFFFFFF0),
            "at most 4,294,967,296 bytes unpacked, says 8,589,934,560",
        ),
        (patched(packed(("cmi5.xml", CMI5)), END, 12, "<L", 17 * 1024**2), "split the course"),
        (packed(("cmi5.xml", CMI5))[:-30], "damaged or not whole"),
        (packed(("cmi5.xml", CMI5))[30:], "is not XML that can be read"),
        (b"PK\3\4", "damaged or not whole"),
        (b"PK\5\6" + bytes(17), "damaged or not whole"),
    ],
)
def test_what_is_not_safe_is_refused(content, rule):
    error = refused(content)
    assert rule in error.rule
    assert error.file == "geology.zip"


def test_too_many_files_are_refused(monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    content = packed(*((f"{n}.html", b"") for n in range(4)))
    assert refused(content).rule == "must hold at most 3 files, holds 4"


CHECKSUM, SIZE = 16, 24


@pytest.mark.parametrize("field", [CHECKSUM, SIZE])
def test_a_file_that_is_not_what_the_list_says_is_damaged(field):
    content = patched(packed(("cmi5.xml", CMI5)), DIRECTORY_ENTRY, field, "<L", 9)
    error = refused(content)
    assert (error.file, error.rule[:10]) == ("geology.zip/cmi5.xml", "is damaged")


def test_a_structure_that_is_too_large_is_not_read_whole():
    large = CMI5 + b" " * (21 * 1024**2)
    assert "at most 20,971,520 bytes" in refused(large).rule
    stored = packed(("cmi5.xml", large), method=zipfile.ZIP_STORED)
    error = refused(stored)
    assert (error.file, error.rule[:12]) == ("geology.zip/cmi5.xml", "must have at")


def laughs(root):
    entities = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "lol"}">\n' for n in range(10)
    )
    return f"<?xml version='1.0'?>\n<!DOCTYPE courseStructure [\n{entities}]>\n{root}"


STRUCTURE = course("&l9;" + au(url="<url>https://x.example</url>")).partition("\n")[2]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (laughs(STRUCTURE), 2),
        (laughs(f"<courseStructure xmlns='{NAMESPACE}' a='&l9;'/>"), 2),
        (
            '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
            + STRUCTURE.replace("&l9;", "&x;"),
            1,
        ),
        ('<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd">\n' + STRUCTURE.replace("&l9;", ""), 1),
        (
            '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/p"> %p;]>\n'
            + STRUCTURE.replace("&l9;", ""),
            1,
        ),
        ("<!DOCTYPE courseStructure>\n" + STRUCTURE.replace("&l9;", ""), 1),
    ],
)
def test_a_document_type_is_refused(text, line):
    error = refused(text.encode())
    assert error.rule == "must not have a document type (<!DOCTYPE …>): remove it"
    assert (error.file, error.line) == ("geology.zip", line)


def test_a_document_type_hidden_by_an_encoding_is_refused():
    text = laughs(STRUCTURE).replace("version='1.0'", "version='1.0' encoding='utf-16'")
    assert refused(text.encode("utf-16"))
    plain = "<?xml version='1.0' encoding='utf-16'?><!DOCTYPE courseStructure>" + STRUCTURE.replace(
        "&l9;", ""
    )
    assert "document type" in refused(plain.encode("utf-16")).rule


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (CMI5.decode().encode("gb18030"), 3),
        (CMI5.replace(b"</au>", b""), 6),
        (CMI5.replace(b"au/index", b"&nbsp;"), 5),
        (CMI5.replace(b"utf-8", b"utf-99"), 1),
        (b"", 1),
        (b"\x89PNG\r\n\x1a\n", 1),
        (b"<a>" * 10_000, 1),
    ],
)
def test_what_is_not_xml_is_refused_with_its_line(content, line):
    error = refused(content)
    assert "is not XML that can be read" in error.rule
    assert error.line == line


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "gbk"])
def test_declared_encodings_are_read(encoding):
    text = course(au()).replace("utf-8", encoding.removesuffix("-sig"))
    assert read(text.encode(encoding)).titles == {"zh-CN": "标题"}
