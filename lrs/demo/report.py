"""The report of the demonstration, read over HTTP as any other client would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

WIDTH = 132
"""Columns where the output is no terminal."""


def print_report(service: str, bank: str, key: str, secret: str) -> None:
    """Print learners, records, achievements, receipts and the addresses to open."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    session = requests.Session()
    session.auth = (key, secret)
    personas = {one["id"]: one for one in _items(session, service, "personas")}
    claims = {one["achievement"]: one for one in _items(session, service, "claims")}
    console.print(_records(personas, _items(session, service, "records")))
    console.print(_achievements(personas, _items(session, service, "achievements"), claims))
    for name, value in (
        ("Overview and learners", f"{service}/"),
        ("  sign in with", f"key {key}  secret {secret}"),
        ("xAPI endpoint", f"{service}/xapi"),
        ("What the bank holds", f"{bank}/"),
    ):
        console.print(f"{name:<24}{value}", highlight=False, soft_wrap=True)


def _items(session: requests.Session, service: str, resource: str) -> Iterator[dict[str, Any]]:
    url = f"{service}/api/v1/{resource}"
    while url:
        answer = session.get(url, timeout=30)
        answer.raise_for_status()
        body = answer.json()
        yield from body["items"]
        url = service + body["next"] if "next" in body else ""


def _records(personas: dict[str, Any], records: Iterator[dict[str, Any]]) -> Table:
    table = Table(
        "learner",
        "activity",
        "completed",
        "passed",
        "best score",
        "attended",
        title="Learner records",
    )
    rows = [
        (
            _learner(personas[record["persona"]]),
            _text(record["name"]) or record["activity"],
            _mark(record["completion"]),
            _mark(record["success"]),
            _score(record["best_score"]),
            _attended(record["sessions"]),
        )
        for record in records
    ]
    for row in sorted(rows):
        table.add_row(*row)
    return table


def _achievements(
    personas: dict[str, Any],
    achievements: Iterator[dict[str, Any]],
    claims: dict[str, Any],
) -> Table:
    table = Table(
        "learner",
        "unit",
        "achievement",
        "score",
        "claim",
        "bank's receipt",
        title="Achievements, claims and receipts",
    )
    rows = []
    for one in achievements:
        claim = claims.get(one["id"], {})
        receipt = claim.get("receipt") or {}
        rows.append(
            (
                _learner(personas[one["persona"]]),
                f"{one['unit']} v{one['version']}",
                one["state"],
                f"{one['score']:.0%}" if one["score"] is not None else "–",
                claim.get("state", "–"),
                receipt.get("bank_id", "–"),
            )
        )
    for row in sorted(rows):
        table.add_row(*row)
    return table


def _learner(persona: dict[str, Any]) -> str:
    return f"{persona['name']} {persona['identifiers'][0].rpartition('|')[2]}"


def _text(texts: dict[str, str] | None) -> str | None:
    return (texts.get("en") or next(iter(texts.values()))) if texts else None


def _mark(value: bool | None) -> str:
    return {True: "yes", False: "no", None: "–"}[value]


def _score(score: dict[str, Any] | None) -> str:
    if not score:
        return "–"
    if score["scaled"] is not None:
        return f"{score['scaled']:.0%}"
    return f"{score['raw']:g}"


def _attended(sessions: dict[str, str]) -> str:
    if not sessions:
        return "–"
    here = sum(attendance in ("present", "late") for attendance in sessions.values())
    return f"{here} of {len(sessions)}"
