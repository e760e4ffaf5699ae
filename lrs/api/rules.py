"""What marshmallow says of a wrong field, as texts that can be told in Chinese."""

from __future__ import annotations

import re

from schemas.texts import Text

_TEXTS = (
    Text("Missing data for required field."),
    Text("Field may not be null."),
    Text("Unknown field."),
    Text("Invalid value."),
    Text("Invalid type."),
    Text("Invalid input type."),
    Text("Invalid input."),
    Text("Not a valid list."),
    Text("Not a valid string."),
    Text("Not a valid utf-8 string."),
    Text("Not a valid UUID."),
    Text("Not a valid number."),
    Text("Number too large."),
    Text("Not a valid integer."),
    Text("Special numeric values (nan or infinity) are not permitted."),
    Text("Not a valid boolean."),
    Text("Not a valid datetime."),
    Text("Not a valid aware datetime."),
    Text("Not a valid date."),
    Text("Not a valid mapping type."),
    Text("Not a valid URL."),
    Text("String does not match expected pattern."),
    Text("Must be one of: %(choices)s."),
    Text("Must be greater than or equal to %(min)s and less than or equal to %(max)s."),
    Text("Must be greater than or equal to %(min)s."),
    Text("Must be less than or equal to %(max)s."),
    Text("Shorter than minimum length %(min)s."),
    Text("Longer than maximum length %(max)s."),
    Text("Length must be between %(min)s and %(max)s."),
    Text("Length must be %(equal)s."),
)
_PATTERNS = [
    (re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(text)), re.DOTALL), text)
    for text in _TEXTS
    if "%(" in text
]


def rule_of(message: object) -> str:
    """Return what a validation says as a Text; what marshmallow put values into is taken apart.

    Any other text is returned as it is.
    """
    if isinstance(message, Text):
        return message
    said = str(message)
    for pattern, text in _PATTERNS:
        found = pattern.fullmatch(said)
        if found:
            return Text(text.template, **found.groupdict())
    return said
