"""A short run of what `make soak` does for long."""

import pytest

from tests.faults.kills_under_load import run

WRONG = (
    "refused",
    "lost",
    "doubled",
    "not_sent",
    "records_wrong",
    "claims_open",
    "claims_doubled",
    "claims_not_at_bank",
    "facts_without_leaf",
)


def require_nothing_wrong(figures):
    assert {name: figures[name] for name in WRONG if figures[name]} == {}, figures
    assert figures["integrity"] == "ok", figures
    for some in ("acknowledged", "imported", "records", "claims", "checkpoints_held", "backups"):
        assert figures[some] > 0, figures


def test_a_few_kills_lose_nothing(tmp_path):
    figures = run(tmp_path, 8, clients=2, every=1.0, within=15.0)
    assert figures["kills"] >= 4, figures
    require_nothing_wrong(figures)


@pytest.mark.soak
def test_hundreds_of_kills_lose_nothing(tmp_path):
    figures = run(tmp_path, 500)
    assert figures["kills"] == 500, figures
    require_nothing_wrong(figures)
