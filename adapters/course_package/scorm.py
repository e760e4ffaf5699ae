"""The manifest of SCORM 1.2 and 2004: organization, items and the resources they launch."""

from __future__ import annotations

import math
from typing import Final
from urllib.parse import urljoin

from lxml import etree

from adapters.course_package.document import DEEPEST, Document, line_of, text_of
from schemas.courses import AssignableUnit, Block, CourseStructure, MoveOn, Standard, Titles

FILE: Final = "imsmanifest.xml"

_NAMESPACES: Final[dict[str | None, Standard]] = {
    "http://www.imsproject.org/xsd/imscp_rootv1p1p2": "SCORM 1.2",
    "http://www.imsglobal.org/xsd/imscp_v1p1": "SCORM 2004",
}
_ADLCP: Final = {
    "SCORM 1.2": "http://www.adlnet.org/xsd/adlcp_rootv1p2",
    "SCORM 2004": "http://www.adlnet.org/xsd/adlcp_v1p3",
}
_SEQUENCING: Final = "{http://www.imsglobal.org/xsd/imsss}"
_BASE: Final = "{http://www.w3.org/XML/1998/namespace}base"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"


def read_manifest(document: Document) -> CourseStructure:
    """Return the default organization of an imsmanifest.xml.

    An item with others below it is a block, one that launches a resource a unit. SCORM has no
    moveOn: a SCO with a mastery score is to be passed, any other completed or passed; an asset
    tells nothing and is not waited for. Raises PackageRefused, naming the line.
    """
    return _Reader(document).structure()


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._standard = self._standard_of(document.root)
        self._resources = self._resources_of(document.root)
        self._sequencings = {
            one.get("ID"): one
            for one in document.root.iterfind(f"{_SEQUENCING}sequencingCollection/*")
        }
        self._lines: dict[str, int] = {}

    def structure(self) -> CourseStructure:
        root = self._document.root
        organization = self._organization(root)
        return CourseStructure(
            standard=self._standard,
            id=self._identity(root),
            titles=_titles(organization),
            nodes=tuple(self._item(item, 1) for item in _named(organization, "item")),
        )

    def _standard_of(self, root: etree._Element) -> Standard:
        """Return the standard by `schemaversion`, else by the namespace."""
        versions = [
            one for meta in _named(root, "metadata") for one in _named(meta, "schemaversion")
        ]
        version = text_of(versions[0]).casefold() if versions else ""
        if version.startswith("1.2"):
            return "SCORM 1.2"
        if version.startswith(("2004", "cam 1.3")):
            return "SCORM 2004"
        standard = _NAMESPACES.get(etree.QName(root).namespace)
        if version or standard is None:
            raise self._document.refusal(
                root,
                f"must be of SCORM 1.2 or 2004, says {version!r}: export the course as either",
                f"应为 SCORM 1.2 或 2004，现为 {version!r}：请按其中之一导出课程",
            )
        return standard

    def _organization(self, root: etree._Element) -> etree._Element:
        """Return the default organization, the first where none is named."""
        above = next(iter(_named(root, "organizations")), root)
        organizations = _named(above, "organization")
        if not organizations:
            raise self._document.refusal(
                above,
                "must hold an <organization>: without one it is no course",
                "应有 <organization>：没有它就不是课程",
            )
        default = above.get("default", "").strip()
        for organization in organizations:
            if not default or organization.get("identifier", "").strip() == default:
                return organization
        raise self._document.refusal(
            above,
            f"must name an organization as default, {default!r} is none",
            f"的 default 应为其中一个 organization，{default!r} 不是",
        )

    def _item(self, item: etree._Element, depth: int) -> Block | AssignableUnit:
        if depth > DEEPEST:
            raise self._document.refusal(
                item,
                f"must be at most {DEEPEST} items deep: flatten them",
                f"嵌套超过 {DEEPEST} 层：请减少层次",
            )
        identity = self._identity(item)
        below = _named(item, "item")
        reference = item.get("identifierref", "").strip()
        if below and reference:
            raise self._document.refusal(
                item,
                "must either hold items or launch a resource: move the resource to an item",
                "只能包含 item 或启动资源：请把资源移到单独的 item",
            )
        if not reference:
            return Block(
                id=identity,
                titles=_titles(item),
                nodes=tuple(self._item(one, depth + 1) for one in below),
            )
        resource = self._resources.get(reference)
        if resource is None:
            raise self._document.refusal(
                item,
                f"must launch a resource that is there, {reference!r} is not",
                f"应启动已有的资源，其中没有 {reference!r}",
            )
        url, is_sco = self._launch(resource)
        mastery = self._mastery_score(item) if is_sco else None
        wanted: MoveOn = "CompletedOrPassed" if mastery is None else "Passed"
        return AssignableUnit(
            id=identity,
            titles=_titles(item),
            url=url,
            move_on=wanted if is_sco else "NotApplicable",
            mastery_score=mastery,
        )

    def _identity(self, element: etree._Element) -> str:
        """Return the identifier, which neither another item nor the manifest may have."""
        identity = self._document.attribute(element, "identifier")
        if identity in self._lines:
            raise self._document.refusal(
                element,
                f"must have an identifier of its own, {identity!r} is on line "
                f"{self._lines[identity]} too",
                f"的 identifier 应是唯一的，{identity!r} 已用于第 {self._lines[identity]} 行",
            )
        self._lines[identity] = line_of(element)
        return identity

    def _resources_of(self, root: etree._Element) -> dict[str, etree._Element]:
        resources: dict[str, etree._Element] = {}
        for resource in (
            one for above in _named(root, "resources") for one in _named(above, "resource")
        ):
            identity = self._document.attribute(resource, "identifier")
            if identity in resources:
                raise self._document.refusal(
                    resource,
                    f"must have an identifier of its own, {identity!r} is not",
                    f"的 identifier 应是唯一的，{identity!r} 重复",
                )
            resources[identity] = resource
        return resources

    def _launch(self, resource: etree._Element) -> tuple[str, bool]:
        """Return a resource's address within the package, and whether it is a SCO."""
        href = self._document.attribute(resource, "href")
        told = next(
            (
                str(value).strip().casefold()
                for name, value in resource.attrib.items()
                if str(name).casefold() == f"{{{_ADLCP[self._standard]}}}scormtype"
            ),
            None,
        )
        if told not in ("sco", "asset"):
            raise self._document.refusal(
                resource,
                "must say with adlcp:scormType whether it is sco or asset",
                "应以 adlcp:scormType 说明是 sco 还是 asset",
            )
        for element in (resource, *resource.iterancestors()):
            href = urljoin(element.get(_BASE, ""), href)
        return href, told == "sco"

    def _mastery_score(self, item: etree._Element) -> float | None:
        """Return the scaled score that passes.

        SCORM 1.2 tells it of 100, SCORM 2004 as the measure by which the primary objective is
        satisfied (Sequencing and Navigation, 3.10), 1 where none is told.
        """
        if self._standard == "SCORM 1.2":
            told = item.find(f"{{{_ADLCP[self._standard]}}}masteryscore")
            if told is None or not text_of(told):
                return None
            return self._figure(told, 0, 100) / 100
        objective = self._primary_objective(item)
        if objective is None or objective.get("satisfiedByMeasure", "").strip() not in (
            "true",
            "1",
        ):
            return None
        measure = objective.find(f"{_SEQUENCING}minNormalizedMeasure")
        return 1.0 if measure is None else self._figure(measure, -1, 1)

    def _primary_objective(self, item: etree._Element) -> etree._Element | None:
        """Return the primary objective of an item's own sequencing, else of that it refers to."""
        own = item.find(f"{_SEQUENCING}sequencing")
        if own is None:
            return None
        shared = self._sequencings.get(own.get("IDRef"))
        for sequencing in (own, shared):
            if sequencing is not None:
                found = sequencing.find(f"{_SEQUENCING}objectives/{_SEQUENCING}primaryObjective")
                if found is not None:
                    return found
        return None

    def _figure(self, element: etree._Element, low: int, high: int) -> float:
        try:
            figure = float(text_of(element))
        except ValueError:
            figure = math.nan
        if not low <= figure <= high:
            raise self._document.refusal(
                element,
                f"must hold a number from {low} to {high}",
                f"应为 {low} 到 {high} 之间的数",
            )
        return figure


def _named(element: etree._Element, tag: str) -> list[etree._Element]:
    """Return the children of a tag in the element's namespace; others extend SCORM."""
    return element.findall(etree.QName(etree.QName(element).namespace, tag).text)


def _titles(element: etree._Element) -> Titles:
    for title in _named(element, "title"):
        text = text_of(title)
        if text:
            return {title.get(_LANGUAGE, "und"): text}
    return {}
