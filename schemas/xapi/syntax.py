"""The syntaxes that strings of a statement must have, each told in linear time."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I | re.A)
"""RFC 4122, in any variant and version (1.0.3 part two 2.4.1)."""

# RFC 3987 with a scheme: what may not stand in an IRI at all, and percent signs that encode.
IRI = re.compile(
    r"[a-z][a-z0-9+.\-]*:(?:[^\s\x00-\x20<>\"{}|\\^`%\x7f]|%[0-9a-f]{2})+", re.I | re.A
)

VERSION = re.compile(r"[12]\.0(?:\.\d{1,4})?", re.A)
MAILTO = re.compile(r"mailto:[^\s@<>\"]{1,200}@[^\s@<>\"]{1,255}", re.A)
SHA1 = re.compile(r"[0-9a-f]{40}", re.I | re.A)
SHA2 = re.compile(r"[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}", re.I | re.A)

# RFC 6838 4.2 names with parameters of RFC 2045 5.1.
MEDIA_TYPE = re.compile(
    r"[a-z0-9][\w!#$&^.+\-]{0,126}/[a-z0-9][\w!#$&^.+\-]{0,126}"
    r"(?:\s*;\s*[\w!#$&^.+\-]+=(?:[\w!#$&^.+\-/:]+|\"[^\"\r\n]*\"))*",
    re.I | re.A,
)

# RFC 5646 2.1: well-formed tags, private use and the irregular ones included.
LANGUAGE_TAG = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*"
    r"(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
    r"|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|en-gb-oed|sgn-(?:be-fr|be-nl|ch-de)|art-lojban|cel-gaulish"
    r"|no-(?:bok|nyn)|zh-(?:guoyu|hakka|min|min-nan|xiang)",
    re.I | re.A,
)

# ISO 8601 4.4.3.2 with a fraction in the last part only; weeks stand alone.
DURATION = re.compile(
    r"P(?=\d|T\d)(?:\d+(?:\.\d+)?W|"
    r"(?:\d+(?:\.\d+(?=Y\Z))?Y)?(?:\d+(?:\.\d+(?=M\Z))?M)?(?:\d+(?:\.\d+(?=D\Z))?D)?"
    r"(?:T(?=\d)(?:\d+(?:\.\d+(?=H\Z))?H)?(?:\d+(?:\.\d+(?=M\Z))?M)?(?:\d+(?:\.\d+)?S)?)?)",
    re.A,
)

_TIMESTAMP = re.compile(
    r"(\d{4}-?\d{2}-?\d{2})[T ](\d{2}:?\d{2}:?\d{2})(?:[.,](\d+))?"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?",
    re.I | re.A,
)


SHORT = 256
"""Characters; the verdict on strings up to this length is remembered, so that memory is bounded."""


def is_iri(text: str) -> bool:
    """Tell whether the text is an absolute IRI. The same few come again and again."""
    return _is_iri(text) if len(text) <= SHORT else IRI.fullmatch(text) is not None


@lru_cache(maxsize=16_384)
def _is_iri(text: str) -> bool:
    return IRI.fullmatch(text) is not None


def is_language_tag(text: str) -> bool:
    """Tell whether the text is a well-formed language tag."""
    return _is_tag(text) if len(text) <= SHORT else LANGUAGE_TAG.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _is_tag(text: str) -> bool:
    return LANGUAGE_TAG.fullmatch(text) is not None


def parse_timestamp(text: str) -> datetime | None:
    """Return RFC 3339 / ISO 8601 text with date and time as a datetime, None where it is none.

    Digits beyond microseconds are dropped. The datetime is aware where the text has a zone.
    An offset of minus zero is refused (RFC 3339 4.3: "unknown local offset"; 1.0.3 part two 4.5).
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    date, time, fraction, zone = match.groups()
    if zone in ("-00:00", "-0000", "-00"):
        return None
    zone = "+00:00" if zone in ("Z", "z") else zone or ""
    micro = f".{fraction[:6]:0<6}" if fraction else ""
    try:
        return datetime.fromisoformat(f"{date}T{time}{micro}{zone}")
    except ValueError:
        return None


def in_utc(text: str) -> str:
    """Return a timestamp that `parse_timestamp` takes as the same instant in UTC, its fraction as
    it was written; one without a zone is taken to be UTC (2.0.0 4.2.7).

    One that would leave the years 1 to 9999 stays as it is.
    """
    match, moment = _TIMESTAMP.fullmatch(text), parse_timestamp(text)
    if match is None or moment is None or match[4] == "Z":
        return text
    try:
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
    except OverflowError:
        return text
    fraction = f".{match[3]}" if match[3] else ""
    return f"{moment.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"
