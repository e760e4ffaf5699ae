"""An XML file of unknown origin, read so that what is wrong can be told by its line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from lxml import etree

from adapters.course_package.refusal import PackageRefused

LARGEST: Final = 20 * 1024**2
"""Bytes; a structure of a thousand units takes one or two million."""

DEEPEST: Final = 64
"""Blocks within blocks; also keeps what walks over a structure within Python's recursion."""


class Slot(NamedTuple):
    """A place in the order of an element's children: any of these tags, `least` to `most` times."""

    tags: Collection[str]
    least: int = 1
    most: int | None = 1


class Document:
    """A parsed XML file without document type, entities, comments and processing instructions.

    Raises PackageRefused where it is not XML, too large, or has a document type: that is where
    entities are declared, be they bombs or the names of other files.
    """

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        if len(content) > LARGEST:
            raise PackageRefused(
                name,
                f"must have at most {LARGEST:,} bytes: split the course",
                chinese=f"超过 {LARGEST:,} 字节：请拆分课程",
            )
        parser = etree.XMLParser(
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        doctype = content.find(b"<!DOCTYPE")
        line = content.count(b"\n", 0, max(doctype, 0)) + 1
        try:
            self.root = etree.fromstring(content, parser)
        except etree.XMLSyntaxError as error:
            if doctype >= 0:
                # Not what the parser stumbled over: bombs make it speak of entities.
                raise PackageRefused(name, _DOCTYPE, line, chinese=_DOCTYPE_CHINESE) from error
            rule = f"is not XML that can be read ({error.msg!s}): export the course again as UTF-8"
            at: Any = error.lineno
            raise PackageRefused(name, rule, at, chinese=_NO_XML_CHINESE) from error
        except ValueError as error:
            rule = f"is not XML that can be read: {error}"
            raise PackageRefused(name, rule, chinese=_NO_XML_CHINESE) from error
        docinfo: Any = self.root.getroottree().docinfo
        if docinfo.doctype:
            raise PackageRefused(name, _DOCTYPE, line, chinese=_DOCTYPE_CHINESE)

    def refusal(self, element: etree._Element, rule: str, chinese: str) -> PackageRefused:
        """Return the refusal to raise for an element, with its line; both texts follow its tag."""
        tag = etree.QName(element).localname
        return PackageRefused(
            self.name, f"<{tag}> {rule}", line_of(element), chinese=f"<{tag}> {chinese}"
        )

    def attribute(self, element: etree._Element, name: str) -> str:
        """Return an attribute that must be there, without spaces around."""
        value = element.get(name, "").strip()
        if not value:
            raise self.refusal(
                element, f"must have the attribute {name}: add it", f"缺少属性 {name}：请补上"
            )
        return value

    def choice(self, element: etree._Element, name: str, known: Sequence[str], default: str) -> str:
        """Return an attribute that is one of the known values, the default where it is absent."""
        value = element.get(name, default)
        if value not in known:
            raise self.refusal(
                element,
                f"must have {name} as one of {', '.join(known)}, has {value!r}",
                f"的 {name} 应为 {'、'.join(known)} 之一，现为 {value!r}",
            )
        return value

    def attributes(self, element: etree._Element, known: Collection[str]) -> None:
        """Refuse an attribute that is neither known nor of another namespace."""
        for name in map(str, element.attrib):
            if not name.startswith("{") and name not in known:
                raise self.refusal(
                    element,
                    f"must not have the attribute {name}: remove it",
                    f"不能有属性 {name}：请去掉",
                )

    def children(
        self, element: etree._Element, order: Sequence[Slot]
    ) -> Iterator[tuple[str, etree._Element]]:
        """Yield the children by their local names, refusing those that break the order.

        Elements of other namespaces may follow all others, and are passed over.
        """
        space = etree.QName(element).namespace
        if text_of(element):
            raise self.refusal(
                element, "must hold elements only, holds text", "只能包含元素，现含有文字"
            )
        at = count = 0
        foreign = None
        for child in element:
            if str(child.tail or "").strip():
                raise self.refusal(child, "must not be followed by text", "之后不能有文字")
            name = etree.QName(child)
            if name.namespace not in (space, None):
                foreign = child
                continue
            known = any(name.localname in slot.tags for slot in order[at:])
            if not known or name.namespace != space or foreign is not None:
                raise self._misplaced(child, "here", "此处", element, order)
            while name.localname not in order[at].tags:
                self._filled(element, order[at], count)
                at, count = at + 1, 0
            count += 1
            most = order[at].most
            if most is not None and count > most:
                raise self._misplaced(child, "here again", "此处再次", element, order)
            yield name.localname, child
        for slot in order[at:]:
            self._filled(element, slot, count)
            count = 0

    def _filled(self, element: etree._Element, slot: Slot, count: int) -> None:
        if count < slot.least:
            raise self.refusal(
                element,
                f"must hold {_either(slot, ' or ')} here",
                f"此处应有 {_either(slot, '或')}",
            )

    def _misplaced(
        self,
        child: etree._Element,
        where: str,
        chinese: str,
        element: etree._Element,
        order: Sequence[Slot],
    ) -> PackageRefused:
        tag = etree.QName(element).localname
        slots = ", ".join(_either(slot, " or ") for slot in order)
        in_chinese = "、".join(_either(slot, "或") for slot in order)
        return self.refusal(
            child,
            f"must not stand {where}: <{tag}> holds {slots}, in this order",
            f"不能{chinese}出现：<{tag}> 依次包含 {in_chinese}",
        )


def line_of(element: etree._Element) -> int:
    """Return the line that an element begins on, from 1."""
    line: Any = element.sourceline
    return int(line)


def text_of(element: etree._Element) -> str:
    """Return the text before the first child, with single spaces and none around."""
    return " ".join(str(element.text or "").split())


_DOCTYPE: Final = "must not have a document type (<!DOCTYPE …>): remove it"
_DOCTYPE_CHINESE: Final = "不能有文档类型声明（<!DOCTYPE …>）：请去掉"
_NO_XML_CHINESE: Final = "不是可读的 XML：请以 UTF-8 重新导出课程"


def _either(slot: Slot, between: str) -> str:
    return between.join(f"<{tag}>" for tag in slot.tags)
