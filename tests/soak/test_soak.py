"""The long runs of `make soak` (half an hour and more), and short ones of the same."""

import pytest

from tests.soak import restore_drill, steady_load


def test_a_small_drill_restores_every_row(tmp_path):
    figures = restore_drill.run(tmp_path, 1000)
    assert figures["different"] == []
    assert figures["tables"] > 50
    assert "1000 statements" in figures["said"]


@pytest.mark.soak
def test_a_drill_on_a_million_statements_restores_every_row(tmp_path):
    figures = restore_drill.run(tmp_path, 1_000_000)
    assert figures["different"] == [], figures


def test_a_short_load_is_answered_and_measured(tmp_path):
    figures = steady_load.run(tmp_path, 2, print, minute=2, peak_seconds=1)
    assert figures["faults"] == []
    assert [one["minute"] for one in figures["minutes"]] == [1, 2]
    for name in ("requests", "statements", "p50", "p99", "memory", "files", "room"):
        assert all(one[name] > 0 for one in figures["minutes"]), name


@pytest.mark.soak
def test_half_an_hour_at_half_the_peak_is_flat(tmp_path):
    figures = steady_load.run(tmp_path, 30)
    assert figures["faults"] == []
    assert steady_load.not_flat(figures["minutes"]) == [], figures


def minute(**changes):
    flat = {"p50": 0.01, "p99": 0.1, "memory": 400 * 2**20, "files": 120}
    return {**flat, "grown": 10_000, "statements": 10, **changes}


@pytest.mark.parametrize(
    ("last", "wrong"),
    [
        (minute(), []),
        (minute(p50=0.03), ["p50"]),
        (minute(p99=0.2), ["p99"]),
        (minute(memory=500 * 2**20), ["memory"]),
        (minute(files=150), ["files"]),
        (minute(grown=20_000), ["room"]),
        (minute(grown=20_000, statements=20), []),
    ],
)
def test_what_is_not_flat_is_told(last, wrong):
    assert steady_load.not_flat([minute()] * 6 + [last] * 3) == wrong
