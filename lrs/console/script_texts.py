"""The texts of scripts in the request's language: scripts say `_("text")`, pages hand them over."""

from __future__ import annotations

import functools
from importlib.resources import files

from babel.messages.extract import extract

from lrs.console.language import gettext


@functools.cache
def texts_of(folder: str) -> tuple[str, ...]:
    """Return the texts that the scripts in a folder of `static` show, each once, in order."""
    scripts = files("lrs.console").joinpath("static", folder).iterdir()
    found = {
        text
        for script in scripts
        if script.name.endswith(".js")
        for _line, text, _comments, _context in extract(
            "javascript", script.open("rb"), keywords={"_": None}
        )
        if isinstance(text, str)
    }
    return tuple(sorted(found))


def script_texts(folder: str) -> dict[str, str]:
    """Return each of the texts with what it is in the request's language."""
    return {text: gettext(text) for text in texts_of(folder)}
