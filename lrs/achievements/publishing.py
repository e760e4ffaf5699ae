"""What must hold between units before any of them is published: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lrs.achievements.catalogue import cycle
from lrs.achievements.evaluate import units_of
from schemas.equivalences import Equivalence
from schemas.texts import Text
from schemas.units import Unit

Path = tuple[str | int, ...]


def between(
    units: Sequence[Unit], equivalences: Sequence[Equivalence], published: Iterable[Unit]
) -> Iterator[tuple[Path, str]]:
    """Yield what is wrong between what is to be published and what is: paths and rules.

    What a rule or an equivalence names must be a unit, and no unit may need itself.
    """
    everything = [*published, *units]
    codes = {unit.code for unit in everything}
    for index, unit in enumerate(units):
        for code in sorted(units_of(unit) - codes):
            yield ("units", index, "rule"), _unknown(code)
    for index, equivalence in enumerate(equivalences):
        for code in sorted({*equivalence.sources, equivalence.target} - codes):
            key = "to" if code == equivalence.target else "from"
            yield ("equivalences", index, key), _unknown(code)
    circle = cycle(everything)
    if circle is not None:
        for index, unit in enumerate(units):
            if unit.code in circle:
                yield (
                    ("units", index, "rule"),
                    Text("must not need itself: %(circle)s", circle=" -> ".join(circle)),
                )


def _unknown(code: str) -> str:
    return Text(
        "names the unit %(code)r, which is not published: publish it before, or with this one",
        code=code,
    )
