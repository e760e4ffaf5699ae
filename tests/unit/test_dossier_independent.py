"""The second verifier, written from the documents, comes to the same as ours."""

import importlib.util
from pathlib import Path

import pytest

from lrs.app import create_app
from lrs.dossier.container import read_archive
from lrs.dossier.opened import Trusted
from lrs.dossier.verify import verify_dossier
from lrs.settings import Settings
from tests.unit.dossiers import AcceptedClaim

PATH = Path(__file__).parents[2] / "docs/verify/verify_dossier.py"


@pytest.fixture(scope="module")
def independent():
    specification = importlib.util.spec_from_file_location("verify_dossier", PATH)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lrs")
    app = create_app(Settings(data=folder, public_url="https://lrs.example"))
    accepted = AcceptedClaim(app, signed=True, certificate=b"%PDF-1.7")
    yield accepted
    accepted.service.close()


def test_it_needs_nothing_but_cryptography():
    imports = [
        line.split()[1]
        for line in PATH.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert not [name for name in imports if name.split(".")[0] in ("lrs", "schemas", "adapters")]


@pytest.mark.parametrize("profile", ["full", "pseudonymous", "minimal"])
def test_both_take_the_same_dossiers(independent, accepted, tmp_path, profile):
    path = accepted.dossier(tmp_path / "a.zip", profile)
    key = str(accepted.service.ledger_keys.verifiers()[0])
    assert independent.main(path, key) == 0
    assert verify_dossier(path, Trusted()).exit_code == 0
    stranger = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    assert independent.main(path, stranger) == 1


def test_both_refuse_what_was_changed(independent, accepted, tmp_path):
    path = accepted.dossier(tmp_path / "a.zip", "minimal")
    content = path.read_bytes()
    changed = tmp_path / "b.zip"
    for place in range(0, len(content), 17):
        changed.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        assert independent.main(changed) == 1
        assert verify_dossier(changed, Trusted()).exit_code == 1


def test_it_says_where(independent, accepted, tmp_path, capsys):
    path = accepted.dossier(tmp_path / "a.zip")
    with path.open("rb") as file:
        members = read_archive(file)
    content = path.read_bytes()
    for one in members:
        place = one.offset + one.size // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert independent.main(path) == 1
        assert f"WRONG {one.name}:" in capsys.readouterr().out
