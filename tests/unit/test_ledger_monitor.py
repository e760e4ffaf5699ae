"""A monitor finds whatever is done to a log behind its back."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lrs.app import create_app
from lrs.ledger.checkpoints import Checkpoint
from lrs.ledger.leaves import Leaf
from lrs.ledger.merkle import leaf_hash, range_hash
from lrs.ledger.monitor import Tampered, decode_seen, encode_seen, watch
from lrs.ledger.notes import Signer, VerifierKey, sign_note
from lrs.ledger.tiles import TiledTree, grown_tiles
from lrs.settings import Settings
from tests.unit.ledgers import LedgerAtWork

SIZE = 270


@pytest.fixture
def log(tmp_path):
    app = create_app(Settings(data=tmp_path, public_url="https://lrs.example"))
    work = LedgerAtWork.of(app.extensions["lrs"])
    work.grow(SIZE)
    client = app.test_client()

    def fetch(path):
        answer = client.get(f"/ledger/{path}")
        if answer.status_code != 200:
            raise Tampered(f"{path} is not served")
        return answer.data

    work.fetch = fetch
    yield work
    work.store.close()


def test_a_log_that_grows_is_followed(log):
    seen = watch(log.fetch, None)
    assert (seen.origin, seen.size) == ("lrs.example/ledger", SIZE)
    for number in (0, 1, 300):
        log.grow(number)
        seen = watch(log.fetch, decode_seen(encode_seen(seen)))
    assert seen.size == SIZE + 301


def test_keys_are_followed_through_rotations_and_strangers_are_not(log):
    seen = watch(log.fetch, None)
    log.keys.rotate(overlap=0)
    log.grow(1)
    log.keys.rotate(overlap=0)
    log.grow(1)
    assert watch(log.fetch, seen).size == SIZE + 2
    stranger = Signer("lrs.example/ledger", Ed25519PrivateKey.generate()).verifier
    with pytest.raises(Tampered, match="cannot be trusted"):
        watch(log.fetch, None, [stranger])


def rebuild(log, entries):
    """What somebody with the database and the keys can do at most: a whole new history."""
    tiles = grown_tiles(0, [leaf_hash(entry) for entry in entries], lambda *_: None)
    root = range_hash(0, len(entries), TiledTree(lambda *at: tiles.get(at)).hash_of)
    text = str(Checkpoint("lrs.example/ledger", len(entries), root))
    note = str(sign_note(text, log.keys.signers()))

    def work(tx):
        for table in ("ledger_leaf", "ledger_tile", "ledger_checkpoint"):
            tx.execute(f"DELETE FROM {table}")
        tx.executemany(
            "INSERT INTO ledger_leaf (leaf, fact, entry) VALUES (?, ?, ?)",
            [(index, index + 1, entry) for index, entry in enumerate(entries)],
        )
        tx.executemany(
            "INSERT INTO ledger_tile (level, number, hashes) VALUES (?, ?, ?)",
            [(*at, hashes) for at, hashes in tiles.items()],
        )
        tx.execute(
            "INSERT INTO ledger_checkpoint (size, root, at, note) VALUES (?, ?, 1, ?)",
            (len(entries), root, note),
        )

    log.store.database.write(work)


def changed(entries, index):
    leaf = Leaf.decode(entries[index])
    return [*entries[:index], Leaf("revoked", leaf.at, leaf.commitment).encode(),
            *entries[index + 1 :]]  # fmt: skip


REWRITES = {
    "a leaf changed": lambda entries: changed(entries, 7),
    "a leaf changed and the log grown": lambda entries: changed(entries, 7) + entries[:5],
    "truncated": lambda entries: entries[:-1],
    "truncated and regrown": lambda entries: [*entries[:-1], *entries[:9]],
    "reordered": lambda entries: [*entries[1:], entries[0]],
    "a leaf put in": lambda entries: [*entries[:100], entries[0], *entries[100:]],
    "emptied and begun again": lambda entries: entries[:1],
}


@pytest.mark.parametrize("rewrite", REWRITES)
def test_a_rewritten_and_signed_history_is_found(log, rewrite):
    seen = watch(log.fetch, None)
    rebuild(log, REWRITES[rewrite](log.store.ledger.entries(0, SIZE)))
    with pytest.raises(Tampered) as found:
        watch(log.fetch, seen)
    # Both signatures are shown: proof against the log that signed them.
    assert len(found.value.notes) == 2
    assert watch(log.fetch, None)  # who looks for the first time cannot know


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        ("UPDATE ledger_leaf SET entry = (SELECT entry FROM ledger_leaf WHERE leaf = 5) "
         "WHERE leaf = 261", "tile 0/001.p/14 does not fit leaf 261"),
        ("UPDATE ledger_leaf SET entry = x'00' WHERE leaf = 3", "leaf 3 is none"),
        ("DELETE FROM ledger_leaf WHERE leaf = 269", "entries/001.p/14 is not served"),
        ("UPDATE ledger_tile SET hashes = zeroblob(8192) WHERE level = 0 AND number = 0",
         "tile 0/000 does not fit leaf 0"),
        ("UPDATE ledger_tile SET hashes = zeroblob(32) WHERE level = 1", "tile 1/000.p/1"),
        ("DELETE FROM ledger_tile WHERE level = 1", "1/000.p/1 is not served"),
        ("UPDATE ledger_checkpoint SET note = replace(note, '270', '269')", "cannot be trusted"),
    ],
)  # fmt: skip
def test_damage_is_found_and_said_where(log, damage, where):
    watch(log.fetch, None)
    log.store.database.write(lambda tx: tx.execute(damage))
    with pytest.raises(Tampered, match=where):
        watch(log.fetch, None)


def test_a_pinned_key_is_needed_once_given(log):
    pinned = VerifierKey.parse(log.store.ledger.known_keys()[0].key)
    assert watch(log.fetch, None, [pinned]).size == SIZE
