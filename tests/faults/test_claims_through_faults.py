"""Each claim is accepted exactly once, whatever the bank and our own workers do."""

from tests.faults.claims_through_faults import SELDOMER, run

CLAIMS = 100


def test_every_claim_is_accepted_exactly_once(tmp_path):
    figures = run(tmp_path, CLAIMS, faults=SELDOMER, kill_every=2.0)
    assert figures["states"] == {"accepted": CLAIMS}, figures
    assert figures["facts"] == figures["ledger"] == [CLAIMS, CLAIMS], figures
    assert figures["outbox"] == 0
    assert figures["kills"] >= 2
    assert figures["reconciled"] == 0, figures
    assert f"{CLAIMS} claims compared, 0 differ" in figures["reconciliation"]
