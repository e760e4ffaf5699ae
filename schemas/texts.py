"""Texts that people read: in English, and known well enough to be told in another language."""

from __future__ import annotations


class Text(str):
    """A text in English, and what it was made of: `template` with `values` put in by name.

    `Text("There is no receiver %(name)s.", name="bank")` is a string that says so. The template is
    what catalogues of translations know it by; a value that is a Text is translated as well.
    """

    __slots__ = ("template", "values")

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Text:
        """Return the text; `%` in a template without values stands for itself."""
        text = super().__new__(cls, template % values if values else template)
        text.template, text.values = template, values
        return text


def text_of(error: Exception) -> str:
    """Return what an error says, as a Text where it was raised with one."""
    said = error.args[0] if error.args else None
    return said if isinstance(said, Text) else str(error)
