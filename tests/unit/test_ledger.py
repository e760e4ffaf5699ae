"""Facts become leaves and signed checkpoints; what was signed cannot be signed otherwise."""

import base64
import threading
import time

import pytest

from lrs.app import create_app
from lrs.ledger.appender import LedgerDamaged
from lrs.ledger.checkpoints import Checkpoint, parse_proof
from lrs.ledger.keys import trusted_keys
from lrs.ledger.leaves import Disclosure, Leaf, LeafError, commit, disclose
from lrs.ledger.merkle import Frontier, ProofError, leaf_hash, verify_consistency, verify_inclusion
from lrs.ledger.notes import NoteError, VerifierKey, open_note
from lrs.ledger.proofs import Proofs
from lrs.ledger.tiles import parse_bundle
from lrs.settings import Settings
from schemas.facts import FACT_KINDS
from tests.unit.ledgers import LedgerAtWork
from tests.unit.test_statement_resource import signed_in


@pytest.fixture
def work(tmp_path):
    work = LedgerAtWork.alone(tmp_path)
    yield work
    work.store.close()


def test_a_leaf_is_what_the_documentation_says():
    leaf = Leaf("verified", 0x0102030405060708, b"c" * 32)
    assert leaf.encode() == b"\x01\x08verified\x01\x02\x03\x04\x05\x06\x07\x08" + b"c" * 32
    assert Leaf.decode(leaf.encode()) == leaf
    for kind in FACT_KINDS:
        assert Leaf.decode(Leaf(kind, 1, bytes(32)).encode()).kind == kind


@pytest.mark.parametrize(
    "entry", [b"", b"\x01", b"\x02\x01a" + bytes(40), b"\x01\x02a" + bytes(40),
              b"\x01\x01A" + bytes(40), b"\x01\x00" + bytes(40), b"\x01\x01a" + bytes(41)],
)  # fmt: skip
def test_octets_that_are_no_leaf(entry):
    with pytest.raises(LeafError):
        Leaf.decode(entry)


def test_shown_fields_are_those_committed_to_and_no_others():
    secret, document = b"s" * 32, {"a": "1", "b": '"x"', "c": "null"}
    whole = commit(secret, document)
    for names in ((), ("a",), ("a", "b", "c")):
        shown = disclose(secret, document, names)
        assert shown.commitment() == whole
        assert shown.texts() == {name: document[name] for name in names}
    shown = disclose(secret, document, ("a",))
    forged = Disclosure((type(shown.fields[0])("a", shown.fields[0].salt, "2"),), shown.hidden)
    assert forged.commitment() != whole
    assert commit(b"t" * 32, document) != whole


def test_facts_become_leaves_under_a_signed_root(work):
    work.grow(3, 300, 1)
    signed = work.store.ledger.checkpoint()
    entries = work.store.ledger.entries(0, 1000)
    frontier = Frontier()
    for entry in entries:
        frontier.append(leaf_hash(entry))
    note, signed_by = open_note(signed.note, work.keys.verifiers())
    assert Checkpoint.parse(note.text) == Checkpoint("lrs.example/ledger", 304, frontier.root())
    assert len(signed_by) == 1
    assert all(Leaf.decode(entry).kind == "published" for entry in entries)
    assert work.store.ledger.place() == (304, 304)


def test_every_leaf_and_every_earlier_tree_is_proved(work):
    work.grow(*[1] * 7, 260, 5)
    proofs = Proofs(work.store.ledger)
    entries = work.store.ledger.entries(0, 1000)
    size = len(entries)
    root = proofs.root(size)
    for index in range(0, size, 9):
        verify_inclusion(
            index, size, leaf_hash(entries[index]), proofs.inclusion(index, size), root
        )
    for earlier in (1, 2, 7, 255, 256, 257, 267, size):
        verify_consistency(
            earlier, proofs.root(earlier), size, root, proofs.consistency(0, earlier, size)
        )
    for wrong in ((0, size + 1), (size, size), (-1, size)):
        with pytest.raises(ProofError):
            proofs.inclusion(*wrong)


def test_of_several_that_append_one_wins(work):
    work.note(500)
    appenders = [work.another_appender() for _ in range(4)]

    def run(appender):
        deadline = time.monotonic() + 30
        while work.store.ledger.place()[0] < 500 and time.monotonic() < deadline:
            appender.step()

    threads = [threading.Thread(target=run, args=(one,)) for one in appenders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert work.store.ledger.place() == (500, 500)
    assert Proofs(work.store.ledger).root(500) == work.store.ledger.checkpoint().root


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE ledger_tile SET hashes = zeroblob(length(hashes)) WHERE level = 0",
        "DELETE FROM ledger_tile WHERE level = 0",
        "UPDATE ledger_checkpoint SET root = zeroblob(32)",
        "DELETE FROM ledger_checkpoint",
        "DELETE FROM ledger_leaf WHERE leaf = 9",
    ],
)
def test_nothing_is_signed_over_another_history(work, damage):
    work.grow(10)
    work.store.database.write(lambda tx: tx.execute(damage))
    work.note(1)
    with pytest.raises(LedgerDamaged):
        work.appender.step()


def test_keys_are_rotated_with_an_overlap_and_introduced_by_those_before(work):
    work.grow(2)
    first = work.keys.verifiers()[0]
    second = work.keys.rotate(overlap=3600)
    _, signed_by = open_note(work.store.ledger.checkpoint().note, [first, second])
    assert signed_by == [first, second]
    third = work.keys.rotate(overlap=0)
    work.grow(1)
    _, signed_by = open_note(work.store.ledger.checkpoint().note, [first, second, third])
    assert signed_by == [first, third]  # the second had no overlap; the first still has
    published = work.keys.published()
    assert trusted_keys(published, [first]) == [first, second, third]
    published["keys"][1]["introduction"] = published["keys"][2]["introduction"]
    assert second not in trusted_keys(published, [first])
    with pytest.raises(NoteError):
        trusted_keys({"keys": [{}]}, [first])


def test_private_keys_are_sealed_and_destroyed_when_their_time_is_over(work):
    work.grow(1)
    signer = work.keys.signers()[0]
    raw = signer.key.private_bytes_raw()
    (kept,) = work.store.ledger.known_keys()
    assert raw not in kept.sealed
    work.keys.rotate(overlap=0)
    work.keys.signers()
    assert [key.sealed is None for key in work.store.ledger.known_keys()] == [True, False]


@pytest.fixture
def app(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="https://lrs.example"))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    service.close()


def test_the_log_is_served_to_everybody_as_static_resources(app):
    anyone = app.test_client()
    assert anyone.get("/ledger/checkpoint").status_code == 404
    work = LedgerAtWork.of(app.extensions["lrs"])
    work.grow(300)
    checkpoint = anyone.get("/ledger/checkpoint")
    assert checkpoint.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "public, max-age=2"
    (key,) = anyone.get("/ledger/keys").json["keys"]
    note, _ = open_note(checkpoint.text, [VerifierKey.parse(key["key"])])
    head = Checkpoint.parse(note.text)
    assert head.size == 300
    full = anyone.get("/ledger/tile/0/000")
    assert full.content_type == "application/octet-stream"
    assert "immutable" in full.headers["Cache-Control"]
    rest = anyone.get("/ledger/tile/0/001.p/44")
    bundles = anyone.get("/ledger/tile/entries/000").data
    bundles += anyone.get("/ledger/tile/entries/001.p/44").data
    frontier = Frontier()
    for entry, at in zip(parse_bundle(bundles), range(0, 9600, 32), strict=True):
        assert leaf_hash(entry) == (full.data + rest.data)[at : at + 32]
        frontier.append(leaf_hash(entry))
    assert frontier.root() == head.root
    assert anyone.get("/ledger/tile/1/000.p/1").status_code == 200
    for missing in ("0/001", "0/002.p/1", "1/000", "2/000.p/1", "entries/001", "x", "0/000.p/256"):
        assert anyone.get(f"/ledger/tile/{missing}").status_code == 404, missing
    again = anyone.get("/ledger/tile/0/000", headers={"If-None-Match": full.headers["ETag"]})
    assert again.status_code == 304
    index, proof, signed = parse_proof(anyone.get("/ledger/proof/299").text)
    assert signed == checkpoint.text
    verify_inclusion(index, 300, leaf_hash(parse_bundle(bundles)[299]), proof, head.root)
    assert anyone.get("/ledger/proof/300").status_code == 404


def test_proofs_by_the_api_hold(app):
    client = signed_in(app, "admin", "s3cret")
    work = LedgerAtWork.of(app.extensions["lrs"])
    assert client.get("/api/v1/ledger/checkpoint").status_code == 404
    work.grow(20)
    checkpoint = client.get("/api/v1/ledger/checkpoint").json
    found = client.get("/api/v1/ledger/inclusion?index=7").json
    decode = base64.b64decode
    proof = [decode(one) for one in found["proof"]]
    verify_inclusion(7, 20, leaf_hash(decode(found["entry"])), proof, decode(checkpoint["root"]))
    found = client.get("/api/v1/ledger/consistency?end=9&size=20").json
    earlier = client.get("/api/v1/ledger/consistency?end=9&size=9").json
    verify_consistency(
        9, decode(earlier["root"]), 20, decode(found["root"]), [decode(o) for o in found["proof"]]
    )
    for wrong in ("inclusion?index=20", "inclusion?index=1&size=21", "consistency?start=3&end=9"):
        assert client.get(f"/api/v1/ledger/{wrong}").status_code == 404
    assert client.get("/api/v1/ledger/inclusion").status_code == 400
    assert app.test_client().get("/api/v1/ledger/checkpoint").status_code == 401
