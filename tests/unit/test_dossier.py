"""A dossier holds by itself, and no octet of it can change."""

import io
import random
import zipfile
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.app import create_app
from lrs.dossier.container import (
    ContainerError,
    Source,
    read_archive,
    read_member,
    write_archive,
)
from lrs.dossier.contents import Contents, manifest_text
from lrs.dossier.opened import Trusted
from lrs.dossier.verify import verify_dossier
from lrs.ledger.notes import sign_note
from lrs.settings import Settings
from lrs.store.achievements import DueEvaluation, Evaluation
from lrs.xapi.signatures import Trust
from schemas.achievements import Renewal
from tests.unit.dossiers import AcceptedClaim
from tests.unit.ledgers import LedgerAtWork
from tests.unit.test_statement_rules import with_


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    app = create_app(
        Settings(data=tmp_path_factory.mktemp("lrs"), public_url="https://lrs.example")
    )
    accepted = AcceptedClaim(app, signed=True, certificate=b"%PDF-1.7 certificate")
    yield accepted
    accepted.service.close()


def told(verdict, language="en"):
    return "\n".join(verdict.texts(language))


@pytest.mark.parametrize("profile", ["full", "pseudonymous", "minimal"])
def test_a_dossier_holds(accepted, tmp_path, profile):
    path = accepted.dossier(tmp_path / "a.zip", profile)
    keys = accepted.service.ledger_keys.verifiers()
    verdict = verify_dossier(path, Trusted(keys=keys))
    assert verdict.exit_code == 0, told(verdict)
    assert "the credit stands" in told(verdict)
    assert "学分有效" in told(verdict, "zh-CN")
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert ("李娜".encode() in content) == (profile == "full")
    assert (b"li.na@example.edu.cn" in content) == (profile == "full")
    assert (b"0.85" in content) == (profile != "minimal")
    if profile == "full":
        assert "is signed: untrusted" in told(verdict)
        trusting = Trusted(signatures=Trust([accepted.signer.certificate]))
        assert verify_dossier(path, trusting).holds


def test_a_key_that_is_not_the_ledgers_is_not_enough(accepted, tmp_path):
    path = accepted.dossier(tmp_path / "a.zip")
    other = LedgerAtWork.alone(tmp_path)
    stranger = other.keys.signers()[0].verifier
    other.store.close()
    verdict = verify_dossier(path, Trusted(keys=[stranger]))
    assert verdict.exit_code == 1
    assert "none of the keys that you trust" in told(verdict)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    app = create_app(
        Settings(data=tmp_path_factory.mktemp("lrs"), public_url="https://lrs.example")
    )
    accepted = AcceptedClaim(app)
    path = accepted.dossier(tmp_path_factory.mktemp("dossier") / "small.zip", "minimal")
    yield path
    accepted.service.close()


def broken_where(content, place, bit, path):
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    path.write_bytes(changed)
    verdict = verify_dossier(path, Trusted())
    assert verdict.exit_code == 1, f"octet {place} changed and nothing was said"
    return [line for line in verdict.lines if line.ok is False]


def test_every_octet_of_a_small_dossier_counts_and_is_said_where(small, tmp_path):
    content = small.read_bytes()
    with small.open("rb") as file:
        members = read_archive(file)
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        with pytest.raises(ContainerError) as found:
            read_archive(io.BytesIO(changed))
        inside = [one.name for one in members if one.offset <= place < one.offset + one.size]
        # In a header it is its octet, or the name that stands in it now.
        assert found.value.where == inside[0] if inside else found.value.where
    for place in range(0, len(content), 41):
        assert broken_where(content, place, 0, tmp_path / "changed.zip")
    for shorter in (0, 1, len(content) // 2, len(content) - 1):
        (tmp_path / "changed.zip").write_bytes(content[:shorter])
        assert verify_dossier(tmp_path / "changed.zip", Trusted()).exit_code == 1
    (tmp_path / "changed.zip").write_bytes(content + b"\0")
    assert verify_dossier(tmp_path / "changed.zip", Trusted()).exit_code == 1


def test_every_octet_counts_with_checksums_mended(small, tmp_path):
    """Somebody who mends the archive's checksums is found by the signed manifest."""
    with small.open("rb") as file:
        members = read_archive(file)
    chance = random.Random(5)
    for one in members:
        for place in {0, one.size - 1, *(chance.randrange(one.size) for _ in range(12))}:

            def change(content, place=place):
                return content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :]

            mended = rewritten(small, {one.name: change}, tmp_path / "mended.zip")
            assert one.name in faulty_places(mended)


def test_octets_of_a_large_dossier_count_and_are_said_where(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    chance = random.Random(8)
    accepted = AcceptedClaim(app, signed=True, certificate=chance.randbytes(2_000_000))
    content = accepted.dossier(tmp_path / "large.zip").read_bytes()
    for _ in range(60):
        broken_where(
            content, chance.randrange(len(content)), chance.randrange(8), tmp_path / "b.zip"
        )
    accepted.service.close()


def faulty_places(path):
    verdict = verify_dossier(path, Trusted())
    assert verdict.exit_code == 1
    return {line.where for line in verdict.lines if line.ok is False}


def rewritten(path, changes, target):
    """The dossier with members changed, checksums and all: what somebody without keys can do."""
    with path.open("rb") as file:
        sources = [
            Source(one.name, changes.get(one.name, lambda content: content)(read_member(file, one)))
            for one in read_archive(file)
        ]
    with target.open("wb") as file:
        write_archive(file, sources)
    return target


def test_a_member_changed_with_its_checksum_is_found_by_the_manifest(accepted, tmp_path):
    path = accepted.dossier(tmp_path / "a.zip")
    with path.open("rb") as file:
        names = [one.name for one in read_archive(file)]
    for name in names:
        changed = rewritten(path, {name: lambda content: content + b" "}, tmp_path / "b.zip")
        assert name in faulty_places(changed)


def signed_again(path, changes, keys, target):
    """The dossier with members changed and signed anew: what the service itself could do."""
    with path.open("rb") as file:
        sources = [
            Source(one.name, changes.get(one.name, lambda content: content)(read_member(file, one)))
            for one in read_archive(file)[1:]
        ]
        contents = msgspec.json.decode(b"".join(sources[0].pieces()), type=Contents)
    text = manifest_text(contents, [(one.name, one.size, one.sha256) for one in sources])
    manifest = Source("manifest.txt", str(sign_note(text, keys.signers())).encode())
    with target.open("wb") as file:
        write_archive(file, [manifest, *sources])
    return target


def replacing(old, new):
    def change(content):
        assert old in content
        return content.replace(old, new)

    return change


@pytest.mark.parametrize(
    ("member", "old", "new", "where"),
    [
        ("claim.json", b'"credits":2', b'"credits":9', "claim.json"),
        ("unit.json", b'"credits":2', b'"credits":9', "unit.json"),
        ("dossier.json", b'"claim_state":"accepted"', b'"claim_state":"queued"', "dossier.json"),
        ("dossier.json", b'"unit":"OUC-1/1"', b'"unit":"OUC-1/2"', "leaves.json"),
        ("leaves.json", b"0.85", b"0.95", "leaves.json, leaf"),
        ("leaves.json", b"mailto:li.na@", b"mailto:wang@", "leaves.json, leaf"),
        ("bank-key.json", b'"x":"', b'"x":"A', "bank-key.json"),
        ("receipt.jws", b".", b".A", "receipt.jws"),
    ],
)
def test_even_the_service_cannot_tell_otherwise_than_it_logged(
    accepted, tmp_path, member, old, new, where
):
    path = accepted.dossier(tmp_path / "a.zip")
    keys = accepted.service.ledger_keys
    changed = signed_again(path, {member: replacing(old, new)}, keys, tmp_path / "b.zip")
    assert any(place.startswith(where) for place in faulty_places(changed))


def test_evidence_changed_by_the_service_is_found(accepted, tmp_path):
    keys = accepted.service.ledger_keys
    whole = f"statements/{accepted.statement}.json"
    path = accepted.dossier(tmp_path / "a.zip")
    changed = signed_again(path, {whole: replacing(b"0.85", b"0.95")}, keys, tmp_path / "b.zip")
    assert whole in {
        line.where for line in verify_dossier(changed, Trusted()).lines if line.ok is False
    }
    part = f"statements/{accepted.statement}.fields.json"
    path = accepted.dossier(tmp_path / "c.zip", "pseudonymous")
    changed = signed_again(path, {part: replacing(b"0.85", b"0.95")}, keys, tmp_path / "d.zip")
    assert part in {
        line.where for line in verify_dossier(changed, Trusted()).lines if line.ok is False
    }


def test_the_same_dossier_is_the_same_octets(accepted, tmp_path):
    with accepted.dossier(tmp_path / "a.zip").open("rb") as file:
        members = read_archive(file)
        again = io.BytesIO()
        write_archive(again, [Source(one.name, read_member(file, one)) for one in members])
        file.seek(0)
        assert again.getvalue() == file.read()


def test_an_archive_of_another_way_is_refused():
    ordinary = io.BytesIO()
    with zipfile.ZipFile(ordinary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.txt", "x" * 100)
    with pytest.raises(ContainerError):
        read_archive(ordinary)
    with pytest.raises(ContainerError):
        read_archive(io.BytesIO(b""))
    for name in ("../a", "/a", "A", "a b", ""):
        with pytest.raises(ValueError, match="not a member's name"):
            Source(name, b"")


def test_what_fell_later_is_told_and_exits_otherwise(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app)
    accepted.revoke()
    verdict = verify_dossier(accepted.dossier(tmp_path / "a.zip"), Trusted())
    assert verdict.exit_code == 3, told(verdict)
    assert "does not stand" in told(verdict)
    assert "revoked" in told(verdict)
    assert "withdrawal.jws: https://bank.example has withdrawn it" in told(verdict)
    accepted.service.close()


NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,9}(/[a-z0-9]{1,5})?", fullmatch=True)


@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=4), st.data())
def test_any_archive_is_read_as_written_and_in_no_other_way(members, data):
    file = io.BytesIO()
    write_archive(file, [Source(name, content) for name, content in members.items()])
    found = read_archive(file)
    assert {one.name: read_member(file, one) for one in found} == members
    content = bytearray(file.getvalue())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ContainerError):
        read_archive(io.BytesIO(content))


@pytest.mark.parametrize("profile", ["full", "minimal"])
def test_a_renewal_changes_nothing_of_what_was_claimed(tmp_path, profile):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app)
    renewal = Renewal(
        achieved_at=datetime(2027, 3, 2, tzinfo=UTC),
        score=0.625,
        evidence={"00000000-0000-4000-8000-000000000001": "a" * 64},
        evidence_hash="b" * 64,
    )
    ((_, held),) = accepted.store.achievements.page(None, 2)
    renewed = msgspec.structs.replace(held, renewals=(renewal,))
    due = DueEvaluation(held.persona, held.unit, 0)
    accepted.store.achievements.settle([Evaluation(due=due, achievement=renewed)])
    accepted.work()
    path = accepted.dossier(tmp_path / "a.zip", profile)
    verdict = verify_dossier(path, Trusted(keys=accepted.service.ledger_keys.verifiers()))
    accepted.service.close()
    assert verdict.exit_code == 0, told(verdict)
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert (b"0.625" in content) == (profile == "full")


def test_a_claim_is_put_again_with_the_evidence_that_took_the_place_of_the_first(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app)
    first = accepted.claim
    passed = with_("verb.id", "http://adlnet.gov/expapi/verbs/passed")
    later = {"success": True, "score": {"scaled": 0.9}}
    accepted.client.post_statements(
        [{**passed, "result": later, "timestamp": "2026-03-03T08:00:00.000Z"}]
    )
    accepted.work()
    accepted.revoke()
    claims = {one.id: one for one in accepted.store.exchange.claims(None, 3)}
    assert {one.state for one in claims.values()} == {"withdrawn", "queued"}
    (accepted.claim,) = claims.keys() - {first}
    accepted.answer()
    path = accepted.dossier(tmp_path / "a.zip")
    verdict = verify_dossier(path, Trusted(keys=accepted.service.ledger_keys.verifiers()))
    accepted.service.close()
    assert verdict.exit_code == 0, told(verdict)
    assert "the credit stands" in told(verdict)
