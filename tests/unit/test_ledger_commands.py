"""The commands of the ledger, dossiers and erasure, as they are typed."""

import pytest
from click.testing import CliRunner

from lrs.app import create_app
from lrs.cli import lrs
from lrs.settings import Settings
from tests.unit.dossiers import AcceptedClaim


@pytest.fixture
def accepted(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="http://127.0.0.1:8080"))
    accepted = AcceptedClaim(app)
    yield accepted
    accepted.service.close()


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("LRS_DATA", str(tmp_path / "lrs"))
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)

    def run(*arguments, code=0):
        result = CliRunner().invoke(lrs, list(map(str, arguments)))
        assert result.exit_code == code, result.output
        return result.output

    return run


def test_from_a_claim_to_a_verdict_and_an_erasure(accepted, run, tmp_path):
    file = tmp_path / "claim.zip"
    assert "check it with" in run("dossier", accepted.claim, "-o", file, "--purpose", "audit")
    told = run("verify", file)
    assert told.splitlines()[-1] == "Everything holds, and the credit stands."
    assert "全部核验通过，学分有效。" in run("verify", file, "--language", "zh-CN")
    key = accepted.service.ledger_keys.verifiers()[0]
    assert "signed by a key that you trust" in run("verify", file, "--key", key)
    assert "leaves   4, signed" in run("ledger", "status")
    run("ledger", "key", "rotate", "--reason", "yearly")
    event = accepted.store.audit.page(None, 1)[0]
    assert (event.act.action, event.act.reason) == ("ledger.key.rotate", "yearly")
    content = file.read_bytes()
    file.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    assert "manifest.txt: " in run("verify", file, code=1)
    persona = accepted.achievement.persona
    assert "Aborted" in run("erase", persona, "--reason", "asked to", code=1)
    assert "1 statements" in run("erase", persona, "--reason", "asked to", "--yes")
    accepted.work()
    run("dossier", accepted.claim, "-o", file, "--purpose", "audit")
    assert "erased on" in run("verify", file, code=3)


def test_what_is_typed_wrongly_is_said(accepted, run, tmp_path):
    assert "there is no claim nothing" in run(
        "dossier", "nothing", "-o", tmp_path / "a.zip", "--purpose", "x", code=1
    )
    assert not (tmp_path / "a.zip").exists()
    assert "either a dossier's FILE or --monitor" in run("verify", code=2)
    (tmp_path / "a.zip").write_bytes(b"x")
    assert "cannot be read" in run("verify", tmp_path / "a.zip", "--key", "nonsense", code=2)
    assert "do not rely" in run("verify", tmp_path / "a.zip", code=1)
    assert "there is no persona" in run("erase", "nobody", "--reason", "x", "--yes", code=1)
