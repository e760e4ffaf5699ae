"""The terms of statements that cells are turned into."""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import quote

from adapters.spreadsheet.cells import Value, key_of
from adapters.spreadsheet.faults import Fault, shown
from adapters.spreadsheet.options import Options
from schemas.xapi.syntax import IRI, MAILTO, UUID

Found = TypeVar("Found")


def activity(iri: str, kind: str, title: str) -> dict[str, Any]:
    """Return an activity with its type and, where it has one, its title."""
    definition: dict[str, Any] = {"type": kind}
    if title:
        chinese = any("\u3400" <= char <= "\u9fff" for char in title)
        definition["name"] = {"zh-CN" if chinese else "en": title}
    return {"objectType": "Activity", "id": iri, "definition": definition}


def account(name: str, options: Options) -> dict[str, Any]:
    """Return the Agent with an id at the institution."""
    return {"objectType": "Agent", "account": {"homePage": options.home_page, "name": name}}


def course_iri(value: Value, options: Options) -> str:
    """Return the IRI of the course that a cell names. Raises Fault."""
    code = required(key_of(value))
    if "://" in code or code[:4].casefold() == "urn:":
        if not IRI.fullmatch(code):
            raise Fault("iri", value=shown(code))
        return code
    return f"{options.course_base}{slug(code)}"


def email_of(value: Value) -> str | None:
    """Return the `mailto:` IRI of a cell, None where it is empty. Raises Fault."""
    text = key_of(value)
    if not text:
        return None
    local, _, domain = text.removeprefix("mailto:").rpartition("@")
    mbox = f"mailto:{local}@{domain.casefold()}"
    if not MAILTO.fullmatch(mbox):
        raise Fault("email", value=shown(text))
    return mbox


def registration_of(value: Value) -> str | None:
    """Return the UUID of a cell, None where it is empty. Raises Fault."""
    text = key_of(value).casefold()
    if text and not UUID.fullmatch(text):
        raise Fault("uuid", value=shown(text))
    return text or None


def required(found: Found | None) -> Found:
    """Return what was found. Raises Fault where nothing was."""
    if not found:
        raise Fault("required")
    return found


def slug(text: str) -> str:
    """Return a text as one segment of an IRI: letters and digits of any script stay (RFC 3987
    ucschar), everything else is percent-encoded, so that two texts never become one.
    """
    return "".join(
        char if char.isalnum() or char in "-._~" else quote(char, safe="") for char in text
    )


def duration_of(hours: float) -> str:
    """Return hours as an ISO 8601 duration."""
    minutes, seconds = divmod(round(hours * 3600), 60)
    whole, minutes = divmod(minutes, 60)
    parts = (
        f"{whole}H" * (whole > 0) + f"{minutes}M" * (minutes > 0) + f"{seconds}S" * (seconds > 0)
    )
    return f"PT{parts or '0S'}"


def plain(number: float) -> float:
    """Return a whole number without its fraction, as people write it."""
    return int(number) if number == int(number) else number
