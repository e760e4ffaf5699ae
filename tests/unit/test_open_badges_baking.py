"""Credentials in images."""

import contextlib
import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.open_badges import BakingError, add_proof, bake, canonical, extract, sign_jwt
from tests.unit.test_open_badges import EDDSA, ES256, NOW, credential, verify

NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
JWT = sign_jwt(credential(), ES256)
EMBEDDED = canonical(add_proof(credential(language="zh-CN"), EDDSA, NOW)).decode()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*more):
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x7f")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), *more, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )


SVG = b"""<?xml version="1.0"?>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9">
  <title>\xe5\xbe\xbd\xe7\xab\xa0</title><g fill="red"><use xlink:href="#a"/>text</g>
</svg>"""


@pytest.mark.parametrize("image", [png(), SVG], ids=["png", "svg"])
@pytest.mark.parametrize("text", [JWT, EMBEDDED], ids=["jwt", "di"])
def test_what_is_baked_is_extracted_and_verifies(image, text):
    baked = bake(image, text)
    assert verify(extract(baked))["id"] == credential()["id"]
    assert extract(baked) == text
    with pytest.raises(BakingError, match="no credential"):
        extract(image)


@pytest.mark.parametrize("image", [png(), SVG], ids=["png", "svg"])
def test_baking_again_replaces(image):
    twice = bake(bake(image, JWT), EMBEDDED)
    assert extract(twice) == EMBEDDED
    assert twice == bake(image, EMBEDDED)
    assert twice.count(b"openbadgecredential\0") + twice.count(b"<openbadges:credential") == 1


def test_the_chunk_is_as_specified_and_the_image_is_as_before():
    baked = bake(png(chunk(b"tEXt", b"Title\0a")), JWT)
    content = b"openbadgecredential\0\0\0\0\0" + JWT.encode()
    assert chunk(b"iTXt", content) in baked
    assert baked.replace(chunk(b"iTXt", content), b"") == png(chunk(b"tEXt", b"Title\0a"))
    assert baked.index(b"IHDR") < baked.index(b"iTXt") < baked.index(b"IDAT")


def test_the_element_is_as_specified_and_the_image_is_as_before():
    for text in (JWT, EMBEDDED):
        baked = bake(SVG, text)
        root = etree.fromstring(baked)
        assert root.nsmap["openbadges"] == NAMESPACE
        first = root[0]
        assert (first.tag, first.prefix) == (f"{{{NAMESPACE}}}credential", "openbadges")
        assert first.get("verify") == (JWT if text is JWT else None)
        assert (b"<![CDATA[" in baked) == (text is EMBEDDED)
        root.remove(first)
        assert [etree.tostring(e, method="c14n", exclusive=True) for e in root] == [
            etree.tostring(e, method="c14n", exclusive=True) for e in etree.fromstring(SVG)
        ]
        assert dict(root.attrib) == {"width": "9"}


def test_baking_again_keeps_the_text_around():
    image = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:b="%s">'
        b"one<g/>two<b:credential verify='a.b.c'/>three<g/>four</svg>" % NAMESPACE.encode()
    )
    root = etree.fromstring(bake(image, JWT))
    assert "".join(root.itertext()) == "onetwothreefour"
    assert len(root) == 3


def test_the_end_of_a_cdata_section_within_the_credential():
    text = json.dumps({"name": "a ]]> b ]]]]>>"})
    assert json.loads(extract(bake(SVG, text))) == json.loads(text)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(), st.text(), max_size=3), st.sampled_from([png(), SVG]))
def test_any_json_comes_back(content, image):
    text = json.dumps(content)
    assert json.loads(extract(bake(image, text))) == content


@given(st.data())
def test_a_damaged_png_gives_what_was_baked_or_nothing(data):
    baked = bake(png(), JWT)
    place = data.draw(st.integers(0, len(baked) - 1))
    damaged = baked[:place] + bytes([data.draw(st.integers(0, 255))]) + baked[place + 1 :]
    for image in (damaged, baked[:place]):
        with contextlib.suppress(BakingError):
            assert extract(image) == JWT


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"", "neither"),
        (b"GIF89a", "neither"),
        (b"<html/>", "neither"),
        (b'<svg xmlns="http://other.example/"/>', "neither"),
        (png()[:-3], "damaged or cut off"),
        (png()[:20], "damaged or cut off"),
        (png()[:33], "cut off"),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""), "does not begin with its header"),
        (b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 2**31, b"IHDR"), "damaged or cut off"),
        (
            b'<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
            "entities",
        ),
        (
            b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="http://openbadges.org"/>',
            "older version",
        ),
    ],
)
def test_an_image_that_cannot_be_baked_is_refused(image, message):
    with pytest.raises(BakingError, match=message):
        bake(image, JWT)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"openbadgecredential\0\1\0\0\0" + zlib.compress(b"a.b.c"), "compressed"),
        (b"openbadgecredential\0\0\0\0", "cut off"),
        (b"openbadgecredential\0\0\0\0\0\xff", "UTF-8"),
    ],
)
def test_a_chunk_that_is_not_as_specified_is_refused(content, message):
    with pytest.raises(BakingError, match=message):
        extract(png(chunk(b"iTXt", content)))


def test_a_bomb_of_entities_is_not_unfolded():
    bomb = b'<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">%s]><svg xmlns="http://www.w3.org/2000/svg">&z;</svg>'
    levels = b"".join(
        b'<!ENTITY %c "%s">' % (96 + n, b"&%c;" % (95 + n) * 20) for n in range(2, 27)
    )
    with pytest.raises(BakingError):
        extract(bomb % levels)


def test_what_xml_cannot_hold_is_refused():
    with pytest.raises(BakingError, match="cannot stand in XML"):
        bake(SVG, '{"name":"\ufffe\x01"}')
