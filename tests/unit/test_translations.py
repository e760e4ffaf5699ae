"""Every text that people read is there in both languages, and compiled."""

from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import lrs

ROOT = Path(lrs.__file__).parent
CATALOGUE = ROOT / "translations/zh_Hans_CN/LC_MESSAGES/messages.po"
METHODS = [
    ("**/templates/**.html", "jinja2"),
    ("**.py", "python"),
    ("**/static/**.js", "javascript"),
]


def used():
    found = extract_from_dir(
        ROOT, METHODS, keywords={"_": None, "gettext": None, "ngettext": (1, 2)}
    )
    return {message for _, _, message, _, _ in found}


def test_no_text_is_without_its_translation():
    with CATALOGUE.open("rb") as file:
        translated = {message.id for message in read_po(file) if message.id and message.string}
    assert used() <= translated
    assert len(used()) > 30


def test_the_compiled_catalogue_is_the_written_one():
    compiled = BytesIO()
    with CATALOGUE.open("rb") as written:
        write_mo(compiled, read_po(written))
    assert compiled.getvalue() == CATALOGUE.with_suffix(".mo").read_bytes()
