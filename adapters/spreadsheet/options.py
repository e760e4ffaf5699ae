"""What a sheet does not say itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from adapters.spreadsheet.columns import Reading, SheetKind
from adapters.spreadsheet.faults import Fault, shown
from schemas.xapi.syntax import IRI


@dataclass(frozen=True, kw_only=True)
class Options:
    """`home_page` is the account home page of learners' and trainers' ids, `course_base` the
    IRI to which a course's code is appended, `time_zone` the IANA name of the sheet's times,
    `kind` what the sheet holds, `columns` what headers mean that are not known by themselves.

    Raises Fault where one of them cannot be used.
    """

    home_page: str
    course_base: str
    time_zone: str = "Asia/Shanghai"
    kind: SheetKind = "attendance"
    columns: Mapping[str, str] = field(default_factory=dict)
    reading: Reading = field(init=False, repr=False)
    zone: ZoneInfo = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not IRI.fullmatch(self.home_page):
            raise Fault("home_page", value=shown(self.home_page))
        if not IRI.fullmatch(self.course_base) or self.course_base[-1] not in "/#=:":
            raise Fault("course_base", value=shown(self.course_base))
        object.__setattr__(self, "reading", Reading.of(self.kind, self.columns))
        try:
            object.__setattr__(self, "zone", ZoneInfo(self.time_zone))
        except (OSError, ValueError, LookupError):
            raise Fault("time_zone", value=shown(self.time_zone)) from None
