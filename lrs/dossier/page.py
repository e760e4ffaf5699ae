"""The page inside a dossier, for reading: one file without scripts, in both languages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, Template

from lrs.dossier.contents import Contents, Explanation, ProvedLeaf
from lrs.ledger.leaves import Leaf
from schemas.claims import Receipt
from schemas.times import format_instant
from schemas.units import Unit


@dataclass(frozen=True, kw_only=True)
class Reader:
    """What the page tells."""

    contents: Contents
    unit: Unit | None
    leaves: Sequence[ProvedLeaf]
    explanation: Explanation | None
    receipt: Receipt | None
    checkpoint_size: int


def page_of(reader: Reader) -> str:
    """Return the page as HTML."""
    shown: dict[str, Any] = {}
    rows = []
    for one in reader.leaves:
        leaf = Leaf.decode(bytes.fromhex(one.entry))
        rows.append((one.index, one.about, leaf.kind, format_instant(leaf.at), one.shown is None))
        if one.shown is not None:
            shown |= {
                field.name: _text(field.text)
                for field in one.shown.fields
                if not field.name.startswith("statement.")
            }
    return _template().render(
        contents=reader.contents,
        unit=reader.unit,
        rows=rows,
        shown=shown,
        explanation=reader.explanation,
        receipt=reader.receipt,
        size=reader.checkpoint_size,
    )


def _text(text: str) -> Any:
    value = json.loads(text)
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("lrs.dossier"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("dossier.html")
