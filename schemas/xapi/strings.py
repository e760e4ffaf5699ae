"""Checks on single strings of a statement; each raises RuleBroken at the path it was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET, UnsetType

from schemas.xapi import syntax
from schemas.xapi.errors import RuleBroken, shown


def check_iri(text: str, path: str) -> None:
    """An absolute IRI with a scheme (RFC 3987), 1.0.3 part two 4.1."""
    if not syntax.is_iri(text):
        raise RuleBroken(path, f"must be an absolute IRI with a scheme, is {shown(text)}")


def check_uuid(text: str, path: str) -> None:
    """A UUID in its text form (RFC 4122), 1.0.3 part two 2.4.1."""
    if not syntax.UUID.fullmatch(text):
        raise RuleBroken(path, f"must be a UUID such as xxxxxxxx-xxxx-…, is {shown(text)}")


def check_timestamp(text: str, path: str) -> None:
    """A date and time of ISO 8601 / RFC 3339, 1.0.3 part two 4.5."""
    if syntax.parse_timestamp(text) is None:
        raise RuleBroken(
            path, f"must be a timestamp such as 2026-03-02T08:00:00Z (RFC 3339), is {shown(text)}"
        )


def check_duration(text: str, path: str) -> None:
    """A duration of ISO 8601, 1.0.3 part two 4.6."""
    if not syntax.DURATION.fullmatch(text):
        raise RuleBroken(path, f"must be an ISO 8601 duration such as PT1H30M, is {shown(text)}")


def check_language_tag(text: str, path: str) -> None:
    """A well-formed language tag (RFC 5646)."""
    if not syntax.is_language_tag(text):
        raise RuleBroken(path, f"must be a language tag such as zh-CN (RFC 5646), is {shown(text)}")


def check_language_map(tags: Iterable[str] | UnsetType, path: str) -> None:
    """The keys of a language map, 1.0.3 part two 4.2."""
    if tags is UNSET:
        return
    for tag in tags:
        if not syntax.is_language_tag(tag):
            raise RuleBroken(
                path,
                f"every key must be a language tag such as zh-CN (RFC 5646), {shown(tag)} is none",
            )


def check_extensions(extensions: dict[str, Any] | UnsetType, path: str) -> None:
    """The keys of extensions are IRIs, 1.0.3 part two 4.3."""
    if extensions is UNSET:
        return
    for key in extensions:
        if not syntax.is_iri(key):
            raise RuleBroken(path, f"every key must be an absolute IRI, {shown(key)} is none")


def check_media_type(text: str, path: str) -> None:
    """An Internet media type (RFC 2045), 1.0.3 part two 2.4.11."""
    if not syntax.MEDIA_TYPE.fullmatch(text):
        raise RuleBroken(path, f"must be a media type such as application/pdf, is {shown(text)}")
