"""What may stand in a log: texts without what people and secrets could be told by. Pure.

Logs go to more hands than the store does. Texts of errors are ours and others', and may quote
what was sent; so everything that a value could hide in is blotted out.
"""

from __future__ import annotations

import re

BLOT = "…"

_TELLING = re.compile(
    r"""
      (?:[a-z][a-z0-9+.-]*:)?[^\s"'<>()\[\],;:]+@[^\s"'<>()\[\],;]+   # mailboxes, accounts
    | (?i:\b(?:basic|bearer|dpop)\s+\S+)                              # credentials of a header
    | (?i:\b[\w-]*(?:secret|password|token|key)[\w-]*["']?\s*[=:]\s*\S+)
    | (?<=\?)[^\s"'<>]+                                               # queries of addresses
    | "[^"]*" | '[^']*' | `[^`]*`                                     # quoted values
    | [^\x00-\x7f]+                                                   # names, in any script
    | \b[A-Za-z0-9_+/=-]{32,}                                         # keys, hashes, tokens
    | \d{6,}                                                          # numbers of people
    """,
    re.VERBOSE,
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_LONGEST = 2000


def without_values(text: str) -> str:
    """Return the text in one line, of at most 2,000 characters, with its values blotted out."""
    return _TELLING.sub(BLOT, _CONTROLS.sub(" ", text[:_LONGEST]))
