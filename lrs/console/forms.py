"""A form that was sent: what its fields say, and what is wrong with which of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from flask import request

from lrs.console.language import gettext as _
from lrs.console.language import typed_instant

Choice = TypeVar("Choice", bound=str)


class Form:
    """Reads the fields of the request's form; `faults` says what is wrong, by field."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}

    def text(self, name: str, most: int, *, needed: bool = False) -> str:
        """Return what was typed, without space around it; at most `most` characters."""
        text = request.form.get(name, "").strip()
        if needed and not text:
            self.faults[name] = _("This is needed.")
        elif len(text) > most:
            self.faults[name] = _("At most %(count)s characters.", count=most)
        return text

    def choice(self, name: str, choices: Iterable[Choice]) -> Choice | None:
        """Return which one was chosen; None, with a fault, where it is none of them."""
        found = next((one for one in choices if one == request.form.get(name)), None)
        if found is None:
            self.faults[name] = _("Choose one.")
        return found

    def choices(self, name: str, choices: Iterable[Choice]) -> tuple[Choice, ...]:
        """Return those that were chosen, at least one."""
        chosen = request.form.getlist(name)
        found = tuple(one for one in choices if one in chosen)
        if not found:
            self.faults[name] = _("Choose at least one.")
        return found

    def instant(self, name: str) -> int | None:
        """Return the time (microseconds) that was typed, on the clocks that pages show."""
        text = self.text(name, 40, needed=True)
        if name in self.faults:
            return None
        try:
            return typed_instant(text)
        except ValueError:
            self.faults[name] = _("Say the time as 2026-03-02 09:00.")
            return None

    def lines(self, name: str) -> tuple[str, ...]:
        """Return the lines of a field, without empty ones."""
        lines = (line.strip() for line in request.form.get(name, "").splitlines())
        return tuple(line for line in lines if line)
