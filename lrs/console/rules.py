"""A unit's rule in words, before anybody has met it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from flask_babel import format_decimal, format_percent

from lrs.console.language import gettext as _
from lrs.console.language import in_language
from schemas.units import Condition


@dataclass(frozen=True, kw_only=True)
class Line:
    """A condition in words, with those below it."""

    text: str
    about: str | None
    below: tuple[Line, ...] = ()


def describe(rule: Condition, definitions: Mapping[str, bytes]) -> Line:
    """Return a rule in the request's language; activities are named by their definitions."""
    return _line(msgspec.to_builtins(rule), definitions)


def _line(condition: Mapping[str, Any], definitions: Mapping[str, bytes]) -> Line:
    below = tuple(_line(one, definitions) for one in _below(condition))
    activity = condition.get("activity") or condition.get("course")
    about = _name(activity, definitions) if isinstance(activity, str) else None
    return Line(text=_text(condition), about=about, below=below)


def _below(condition: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The conditions in a condition, wherever its kind keeps them."""
    for member in condition.values():
        if isinstance(member, Mapping) and "condition" in member:
            yield member
        elif isinstance(member, list | tuple):
            yield from (one for one in member if isinstance(one, Mapping) and "condition" in one)


def _text(condition: Mapping[str, Any]) -> str:
    kind, least = condition["condition"], condition.get("at_least")
    texts: dict[str, Callable[[], str]] = {
        "all": lambda: _("All of:"),
        "any": lambda: _("One of:"),
        "count": lambda: _("At least %(number)s of:", number=least),
        "completed": lambda: _("Complete"),
        "passed": lambda: _("Pass"),
        "scored": lambda: _("Score at least %(share)s", share=format_percent(least)),
        "hours": lambda: _("Spend at least %(hours)s hours on", hours=format_decimal(least)),
        "attended": lambda: _attended(condition),
        "examined": lambda: (
            _("Pass an examination")
            if least is None
            else _("Reach %(share)s before an examiner", share=format_percent(least))
        ),
    }
    if kind in texts:
        return texts[kind]()
    details = ", ".join(
        f"{name} {value}"
        for name, value in condition.items()
        if name not in ("condition", "activity", "course") and isinstance(value, str | int | float)
    )
    return f"{kind} {details}".strip()


def _attended(condition: Mapping[str, Any]) -> str:
    if condition.get("of"):
        return _(
            "Attend %(number)s of %(of)s sessions",
            number=condition["at_least"],
            of=condition["of"],
        )
    return _("Attend at least %(number)s sessions", number=condition["at_least"])


def _name(activity: str, definitions: Mapping[str, bytes]) -> str:
    told = definitions.get(activity)
    return in_language(msgspec.json.decode(told).get("name")) or activity if told else activity
