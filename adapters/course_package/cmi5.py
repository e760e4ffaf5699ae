"""The course structure of cmi5 (13.0): https://w3id.org/xapi/profiles/cmi5/v1."""

from __future__ import annotations

import re
from collections.abc import Container
from decimal import Decimal
from typing import Final, cast
from urllib.parse import unquote, urlsplit

from lxml import etree

from adapters.course_package.document import DEEPEST, Document, Slot, line_of, text_of
from schemas.courses import (
    LAUNCH_METHODS,
    MOVE_ON,
    AssignableUnit,
    Block,
    CourseStructure,
    LaunchMethod,
    MoveOn,
    Objective,
    Titles,
)

FILE: Final = "cmi5.xml"
NAMESPACE: Final = "https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd"

_TITLE: Final = Slot(("title",))
_DESCRIPTION: Final = Slot(("description",))
_OBJECTIVES: Final = Slot(("objectives",), least=0)
_NODES: Final = Slot(("au", "block"), most=None)
_STRUCTURE: Final = (Slot(("course",)), _OBJECTIVES, _NODES)
_COURSE: Final = (_TITLE, _DESCRIPTION)
_BLOCK: Final = (_TITLE, _DESCRIPTION, _OBJECTIVES, _NODES)
_AU: Final = (
    _TITLE,
    _DESCRIPTION,
    _OBJECTIVES,
    Slot(("url",)),
    Slot(("launchParameters",), least=0),
    Slot(("entitlementKey",), least=0),
)
_AU_ATTRIBUTES: Final = (
    "id",
    "moveOn",
    "masteryScore",
    "launchMethod",
    "activityType",
)
_OBJECTIVE: Final = Slot(("objective",), most=None)
_LANGSTRING: Final = Slot(("langstring",), most=None)

_DECIMAL: Final = re.compile(r"\s*[+-]?(\d+(\.\d*)?|\.\d+)\s*", re.ASCII)
_LANGUAGE: Final = re.compile("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


def read_structure(document: Document, packaged: Container[str] | None) -> CourseStructure:
    """Return the structure in a cmi5.xml; `packaged` are the files beside it, None without a ZIP.

    Raises PackageRefused, naming the line, for what the schema or section 13.1 forbids.
    """
    return _Reader(document, packaged).structure()


class _Reader:
    def __init__(self, document: Document, packaged: Container[str] | None) -> None:
        self._document = document
        self._packaged = packaged
        self._lines: dict[str, int] = {}
        self._objectives: dict[str, Objective] = {}

    def structure(self) -> CourseStructure:
        document, root = self._document, self._document.root
        document.attributes(root, ())
        (_, course), *parts = document.children(root, _STRUCTURE)
        document.attributes(course, ("id",))
        identity = self._identity(course)
        titles, descriptions = self._titles(dict(document.children(course, _COURSE)))
        nodes: list[Block | AssignableUnit] = []
        for tag, element in parts:
            if tag == "objectives":
                self._define(element)
            else:
                nodes.append(self._node(tag, element, 1))
        return CourseStructure(
            standard="cmi5",
            id=identity,
            titles=titles,
            descriptions=descriptions,
            objectives=tuple(self._objectives.values()),
            nodes=tuple(nodes),
        )

    def _node(self, tag: str, element: etree._Element, depth: int) -> Block | AssignableUnit:
        if depth > DEEPEST:
            raise self._document.refusal(
                element,
                f"must be at most {DEEPEST} blocks deep: flatten them",
                f"嵌套超过 {DEEPEST} 层：请减少层次",
            )
        return self._unit(element) if tag == "au" else self._block(element, depth)

    def _block(self, element: etree._Element, depth: int) -> Block:
        document = self._document
        document.attributes(element, ("id",))
        identity = self._identity(element)
        parts: dict[str, etree._Element] = {}
        nodes: list[Block | AssignableUnit] = []
        for tag, child in document.children(element, _BLOCK):
            if tag in _NODES.tags:
                nodes.append(self._node(tag, child, depth + 1))
            else:
                parts[tag] = child
        titles, descriptions = self._titles(parts)
        return Block(
            id=identity,
            titles=titles,
            descriptions=descriptions,
            objectives=self._references(parts.get("objectives")),
            nodes=tuple(nodes),
        )

    def _unit(self, element: etree._Element) -> AssignableUnit:
        document = self._document
        document.attributes(element, _AU_ATTRIBUTES)
        identity = self._identity(element)
        parts = dict(document.children(element, _AU))
        titles, descriptions = self._titles(parts)
        move_on = document.choice(element, "moveOn", MOVE_ON, "NotApplicable")
        launch_method = document.choice(element, "launchMethod", LAUNCH_METHODS, "AnyWindow")
        return AssignableUnit(
            id=identity,
            titles=titles,
            descriptions=descriptions,
            url=self._url(parts["url"]),
            move_on=cast(MoveOn, move_on),
            mastery_score=self._mastery_score(element),
            launch_method=cast(LaunchMethod, launch_method),
            activity_type=element.get("activityType", "").strip() or None,
            objectives=self._references(parts.get("objectives")),
        )

    def _identity(self, element: etree._Element) -> str:
        """Return the id, which no other course, block or unit of the structure may have."""
        identity = self._document.attribute(element, "id")
        if identity in self._lines:
            raise self._document.refusal(
                element,
                f"must have an id of its own, {identity!r} is on line {self._lines[identity]} too",
                f"的 id 应是唯一的，{identity!r} 已用于第 {self._lines[identity]} 行",
            )
        self._lines[identity] = line_of(element)
        return identity

    def _url(self, element: etree._Element) -> str:
        """Return the address, which may be relative only to a file of the same ZIP (14.1, 14.2)."""
        self._document.attributes(element, ())
        url = text_of(element)
        if len(element) or not url:
            raise self._document.refusal(
                element, "must hold the address that launches the unit", "应为启动该单元的地址"
            )
        try:
            parts = urlsplit(url)
        except ValueError:
            rule, chinese = f"must hold an address, {url!r} is none", f"应为地址，{url!r} 不是"
            raise self._document.refusal(element, rule, chinese) from None
        if parts.scheme:
            return url
        if self._packaged is None:
            raise self._document.refusal(
                element,
                f"must hold a full address where there is no ZIP file, has {url!r}",
                f"不在 ZIP 文件中时应为完整地址，现为 {url!r}",
            )
        path = unquote(parts.path)
        # Names that are not ASCII stand in ZIP files in many encodings, so they are not compared.
        if path.isascii() and path not in self._packaged:
            raise self._document.refusal(
                element,
                f"must name a file of the ZIP file, {path!r} is none",
                f"应指向 ZIP 文件中的文件，其中没有 {path!r}",
            )
        return url

    def _mastery_score(self, element: etree._Element) -> float | None:
        told = element.get("masteryScore")
        if told is None:
            return None
        if not _DECIMAL.fullmatch(told) or not 0 <= Decimal(told.strip()) <= 1:
            raise self._document.refusal(
                element,
                f"must have masteryScore from 0 to 1, has {told!r}",
                f"的 masteryScore 应在 0 到 1 之间，现为 {told!r}",
            )
        return float(told)

    def _titles(self, parts: dict[str, etree._Element]) -> tuple[Titles, Titles]:
        return self._text(parts["title"]), self._text(parts["description"])

    def _text(self, element: etree._Element) -> Titles:
        """Return text by language; of two in one language the first."""
        self._document.attributes(element, ())
        texts: Titles = {}
        for _, child in self._document.children(element, (_LANGSTRING,)):
            self._document.attributes(child, ("lang",))
            language = child.get("lang")
            if language is not None and not _LANGUAGE.fullmatch(language.strip()):
                raise self._document.refusal(
                    child,
                    f"must have a language as lang, has {language!r}",
                    f"的 lang 应为语言代码，如 zh-CN，现为 {language!r}",
                )
            if len(child):
                raise self._document.refusal(child, "must hold text only", "只能包含文字")
            texts.setdefault((language or "und").strip(), text_of(child))
        return texts

    def _define(self, element: etree._Element) -> None:
        self._document.attributes(element, ())
        for _, child in self._document.children(element, (_OBJECTIVE,)):
            self._document.attributes(child, ("id",))
            identity = self._document.attribute(child, "id")
            if identity in self._objectives:
                raise self._document.refusal(
                    child,
                    f"must have an id of its own, {identity!r} is not",
                    f"的 id 应是唯一的，{identity!r} 重复",
                )
            # The schema allows the two in any order here.
            swapped = len(child) and etree.QName(child[0]).localname == "description"
            order = (_DESCRIPTION, _TITLE) if swapped else (_TITLE, _DESCRIPTION)
            titles, descriptions = self._titles(dict(self._document.children(child, order)))
            self._objectives[identity] = Objective(
                id=identity, titles=titles, descriptions=descriptions
            )

    def _references(self, element: etree._Element | None) -> tuple[str, ...]:
        """Return the ids of the objectives referred to, which the structure must define."""
        if element is None:
            return ()
        self._document.attributes(element, ())
        found: dict[str, None] = {}
        for _, child in self._document.children(element, (_OBJECTIVE,)):
            self._document.attributes(child, ("idref",))
            if len(child) or text_of(child):
                raise self._document.refusal(child, "must be empty here", "在此处应为空")
            reference = self._document.attribute(child, "idref")
            if reference not in self._objectives:
                raise self._document.refusal(
                    child,
                    f"must refer to an objective of the structure, {reference!r} is none",
                    f"应引用本结构中的目标，其中没有 {reference!r}",
                )
            found[reference] = None
        return tuple(found)
