"""Course packages of cmi5 and SCORM, read as course structure; nothing is unpacked or launched."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import BinaryIO

from lxml import etree

from adapters.course_package import cmi5, scorm
from adapters.course_package.archive import Archive
from adapters.course_package.document import LARGEST, Document
from adapters.course_package.refusal import PackageRefused
from schemas.courses import CourseStructure

__all__ = ["PackageRefused", "read_course_package"]


def read_course_package(file: BinaryIO, name: str) -> CourseStructure:
    """Return the course structure of a package.

    `file` can be sought in and holds a ZIP file with cmi5.xml or imsmanifest.xml at its top, the
    former where there are both, or one of these alone; `name` is what people call it. Raises
    PackageRefused, naming file and line, for what is not safe or not what the standard says.
    """
    file.seek(0)
    if not file.read(4).startswith(b"PK"):
        file.seek(0)
        return _structure(Document(file.read(LARGEST + 1), name), None)
    archive = Archive(file, name)
    for path in (cmi5.FILE, scorm.FILE):
        if path in archive:
            document = Document(archive.read(path, LARGEST), f"{name}/{path}")
            return _structure(document, archive)
    deeper = sorted(
        path for path in archive.paths() if PurePosixPath(path).name in (cmi5.FILE, scorm.FILE)
    )
    if deeper:
        folder = PurePosixPath(deeper[0]).parent
        raise PackageRefused(
            name,
            f"has {deeper[0]!r}: pack what is in {str(folder)!r}, not the folder itself",
            chinese=f"{deeper[0]!r} 在文件夹中：请打包 {str(folder)!r} 里的内容，而不是文件夹",
        )
    raise PackageRefused(
        name,
        f"must hold {cmi5.FILE} or {scorm.FILE} at its top: export it as cmi5 or SCORM",
        chinese=f"顶层应有 {cmi5.FILE} 或 {scorm.FILE}：请导出为 cmi5 或 SCORM",
    )


def _structure(document: Document, packaged: Archive | None) -> CourseStructure:
    root = etree.QName(document.root)
    if root.localname == "courseStructure" and root.namespace == cmi5.NAMESPACE:
        return cmi5.read_structure(document, packaged)
    if root.localname == "manifest":
        return scorm.read_manifest(document)
    raise document.refusal(
        document.root,
        f"must be <courseStructure> of {cmi5.NAMESPACE} or the <manifest> of SCORM",
        f"应为 {cmi5.NAMESPACE} 的 <courseStructure> 或 SCORM 的 <manifest>",
    )
