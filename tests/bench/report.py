"""What a benchmark run found: figures, each against a floor that was measured in the same run."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "bench" / "results.json"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


@dataclass(frozen=True)
class Figure:
    """One figure. `floor` is what the bare engine did in the same run, in the same unit;
    `target` is what the ratio to it, or the figure where there is no floor, is held against:
    at least so much, or at most where it begins with `<`.
    """

    group: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    target: str | None = None

    @property
    def ratio(self) -> float | None:
        """The figure as a share of its floor."""
        return self.value / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        measured = self.ratio if self.ratio is not None else self.value
        if self.target.startswith("<"):
            return measured <= float(self.target[1:])
        return measured >= float(self.target)


@dataclass
class Report:
    """Collects figures and prints each as it comes."""

    figures: list[Figure] = field(default_factory=list)

    def add(
        self,
        group: str,
        name: str,
        value: float,
        unit: str,
        *,
        floor: float | None = None,
        target: str | None = None,
    ) -> None:
        """Add one figure and print it."""
        figure = Figure(group, name, value, unit, floor, target)
        self.figures.append(figure)
        sys.stdout.write(" ".join(_cells(figure)) + "\n")
        sys.stdout.flush()

    def write(self) -> None:
        """Write `bench/results.json` and the table in `docs/performance.md`."""
        RESULTS.parent.mkdir(exist_ok=True)
        machine = {"cores": os.cpu_count(), "python": platform.python_version()}
        figures: list[dict[str, Any]] = [
            {**asdict(one), "ratio": one.ratio, "met": one.met} for one in self.figures
        ]
        RESULTS.write_text(
            json.dumps({"machine": machine, "figures": figures}, indent=1, ensure_ascii=False)
            + "\n"
        )
        rows = [
            "| what | figure | floor | ratio | target | met |",
            "|---|---|---|---|---|---|",
            *("| " + " | ".join(_cells(figure)) + " |" for figure in self.figures),
        ]
        text = PAGE.read_text("utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        PAGE.write_text(f"{before}{BEGIN}\n" + "\n".join(rows) + f"\n{END}{after}", "utf-8")


def _cells(figure: Figure) -> list[str]:
    met = {True: "yes", False: "no", None: "–"}[figure.met]
    return [
        f"{figure.group}: {figure.name}",
        f"{_number(figure.value)} {figure.unit}",
        f"{_number(figure.floor)} {figure.unit}" if figure.floor else "–",
        f"{figure.ratio:.2f}" if figure.ratio is not None else "–",
        figure.target or "–",
        met,
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
