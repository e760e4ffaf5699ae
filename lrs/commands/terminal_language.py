"""The language of the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.spreadsheet import Language


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language of the terminal (POSIX: LC_ALL before LC_MESSAGES before LANG)."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    chosen = next((environment[name] for name in names if environment.get(name)), "")
    return "zh-CN" if chosen.casefold().startswith("zh") else "en"
