"""Credentials baked into badge images, PNG and SVG (Open Badges 3.0, 5.3)."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORD: Final = b"openbadgecredential\0"
_UNCOMPRESSED: Final = b"\0\0"
_NAMESPACE: Final = "https://purl.imsglobal.org/ob/v3p0"
_TAG: Final = f"{{{_NAMESPACE}}}credential"
_SVG: Final = "{http://www.w3.org/2000/svg}svg"
_JWS: Final = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII)


class BakingError(ValueError):
    """An image that cannot carry a credential, or carries none; the message tells why."""


def bake(image: bytes, credential: str) -> bytes:
    """Return the PNG or SVG image with the credential in it, instead of any that was there.

    `credential` is a compact JWS or JSON with an embedded proof. Raises BakingError.
    """
    if image.startswith(_PNG):
        return _bake_png(image, credential)
    return _bake_svg(image, credential)


def extract(image: bytes) -> str:
    """Return the credential baked into a PNG or SVG image, not verified. Raises BakingError."""
    if image.startswith(_PNG):
        return _extract_png(image)
    return _extract_svg(image)


def _bake_png(image: bytes, credential: str) -> bytes:
    content = _KEYWORD + _UNCOMPRESSED + b"\0\0" + credential.encode()
    parts = [_PNG]
    for kind, data in _chunks(image):
        if kind == b"iTXt" and data.startswith(_KEYWORD):
            continue
        parts.append(_chunk(kind, data))
        if kind == b"IHDR":
            parts.append(_chunk(b"iTXt", content))
    return b"".join(parts)


def _extract_png(image: bytes) -> str:
    for kind, data in _chunks(image):
        if kind != b"iTXt" or not data.startswith(_KEYWORD):
            continue
        rest = data.removeprefix(_KEYWORD)
        if rest[:2] != _UNCOMPRESSED:
            raise BakingError("the credential in the image is compressed, which is not allowed")
        fields = rest[2:].split(b"\0", 2)
        if len(fields) != 3:
            raise BakingError("the credential in the image is cut off")
        try:
            return fields[2].decode()
        except UnicodeDecodeError as error:
            raise BakingError("the credential in the image is not UTF-8") from error
    raise BakingError("there is no credential in this PNG image")


def _chunks(image: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and data of each chunk (PNG, section 5), IHDR first and IEND last."""
    place = len(_PNG)
    expected: bytes | None = b"IHDR"
    while True:
        head = image[place : place + 8]
        if len(head) < 8:
            raise BakingError("the PNG image is cut off")
        length, kind = struct.unpack(">I4s", head)
        data = image[place + 8 : place + 8 + length]
        checksum = image[place + 8 + length : place + 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(kind + data)):
            raise BakingError(f"the PNG image is damaged or cut off at byte {place}")
        if expected is not None and kind != expected:
            raise BakingError("the PNG image does not begin with its header")
        expected = None
        yield kind, data
        place += 12 + length
        if kind == b"IEND":
            return


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _bake_svg(image: bytes, credential: str) -> bytes:
    old = _svg(image)
    if old.nsmap.get("openbadges", _NAMESPACE) != _NAMESPACE:
        raise BakingError("the SVG image holds a badge of an older version: take one without")
    for baked in list(old.iter(_TAG)):
        _remove(baked)
    names: Any = {**old.nsmap, "openbadges": _NAMESPACE}
    root: Any = etree.Element(old.tag, dict(old.attrib), nsmap=names)
    element = etree.SubElement(root, _TAG)
    try:
        if _JWS.fullmatch(credential):
            element.set("verify", credential)
        else:
            # Within JSON this stands in a string only, where an escape is the same text.
            element.text = etree.CDATA(credential.replace("]]>", "]]\\u003e"))
    except ValueError as error:
        raise BakingError(f"the credential cannot stand in XML: {error}") from error
    element.tail = old.text
    root.extend(list(old))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _remove(element: Any) -> None:
    """Take an element out and leave the text that follows it."""
    parent, before = element.getparent(), element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + (element.tail or "")
    else:
        before.tail = (before.tail or "") + (element.tail or "")
    parent.remove(element)


def _extract_svg(image: bytes) -> str:
    element = next(_svg(image).iter(_TAG), None)
    if element is None:
        raise BakingError("there is no credential in this SVG image")
    return element.get("verify") or (element.text or "").strip()


def _svg(image: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    try:
        root: Any = etree.fromstring(image, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BakingError("the image must be PNG or SVG, it is neither") from error
    if root.tag != _SVG:
        raise BakingError("the image must be PNG or SVG, it is neither")
    if root.getroottree().docinfo.internalDTD is not None and _has_entities(root):
        raise BakingError("the SVG image declares entities, which are not read: take one without")
    return root


def _has_entities(root: Any) -> bool:
    return any(True for _ in root.getroottree().docinfo.internalDTD.iterentities())
