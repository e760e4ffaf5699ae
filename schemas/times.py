"""Time: microseconds since the epoch in the store, RFC 3339 text outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_instant(instant: int) -> str:
    """Return microseconds since the epoch as RFC 3339 in UTC, `2026-03-02T08:00:00.000001Z`."""
    return moment_of(instant).isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def instant_of(moment: datetime) -> int:
    """Return an aware datetime as microseconds since the epoch."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def moment_of(instant: int) -> datetime:
    """Return microseconds since the epoch as an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=instant)


def parse_timestamp(text: str) -> datetime:
    """Return RFC 3339 or ISO 8601 text as an aware UTC datetime.

    Digits beyond microseconds are dropped; text without a zone is UTC. Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)
