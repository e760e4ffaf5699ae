"""Notes, checkpoints and tiles against the examples in C2SP's own documents."""

import base64
import struct

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lrs.ledger.checkpoints import Checkpoint, parse_proof, proof_text
from lrs.ledger.merkle import leaf_hash, node_hash, range_hash
from lrs.ledger.notes import (
    COSIGNATURE,
    NoteError,
    Signature,
    Signer,
    VerifierKey,
    open_note,
    parse_note,
    sign_note,
    verify,
)
from lrs.ledger.tiles import (
    MissingTile,
    TiledTree,
    TileId,
    entry_bundle,
    grown_tiles,
    parse_bundle,
    parse_tile_path,
    tile_path,
    tiles_of,
)

VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mF"
    "XmRKuwHjG1Yu72IneyaQM=\n"
)
CHECKPOINT = (
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcy"
    "v2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2o"
    "yin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)


def test_the_example_of_a_signed_note_is_verified():
    note, signed_by = open_note(NOTE, [VerifierKey.parse(VKEY)])
    assert note.text == "This is an example message.\n"
    assert [str(key) for key in signed_by] == [VKEY]
    assert str(note) == NOTE


def test_no_octet_of_a_note_can_change():
    content = NOTE.encode()
    for place in range(len(content)):
        changed = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        with pytest.raises((NoteError, UnicodeDecodeError)):
            open_note(changed.decode(), [VerifierKey.parse(VKEY)])


@pytest.mark.parametrize(
    "key",
    [
        VKEY.replace("530d903a", "530d903b"),
        VKEY[:-1],
        "example.com/foo",
        VKEY.replace("example.com/foo", "a b"),
        VKEY.replace("+AekyeR", "+CekyeR"),
    ],
)
def test_keys_that_are_none(key):
    with pytest.raises(NoteError):
        VerifierKey.parse(key)


def test_a_line_of_a_known_key_that_is_not_its_signature_spoils_the_note():
    signers = [Signer("a.example", Ed25519PrivateKey.generate()) for _ in range(2)]
    keys = [signer.verifier for signer in signers]
    note = sign_note("text\n", signers)
    assert open_note(str(note), keys)[1] == keys
    wrong = Signature("a.example", keys[0].id, signers[1].sign("text\n").value)
    with pytest.raises(NoteError):
        open_note(str(note) + str(wrong), keys)
    stranger = Signature("a.example", b"\0\0\0\0", bytes(64))
    assert open_note(str(note) + str(stranger), keys)[1] == keys


def test_the_example_of_a_checkpoint_is_read_and_written():
    note = parse_note(CHECKPOINT)
    checkpoint = Checkpoint.parse(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(checkpoint) == note.text
    assert str(note) == CHECKPOINT


def test_the_example_of_a_cosignature_has_its_time():
    """The documents do not publish the witness's key, so its message is checked by its time."""
    line = parse_note(CHECKPOINT).signatures[1]
    assert line.name == "witness.example.com/w1"
    assert struct.unpack(">Q", line.value[:8]) == (1679315147,)
    assert len(line.value) == 72


def test_a_cosignature_is_of_the_text_at_its_time():
    private = Ed25519PrivateKey.generate()
    public = Signer("witness.example/w1", private).verifier.public
    key = VerifierKey(name="witness.example/w1", type=COSIGNATURE, public=public)
    text = "example.com/log\n1\n" + base64.b64encode(bytes(32)).decode() + "\n"
    value = private.sign(f"cosignature/v1\ntime 1679315147\n{text}".encode())
    line = Signature(key.name, key.id, struct.pack(">Q", 1679315147) + value)
    assert verify(text, line, key) == 1679315147
    later = Signature(key.name, key.id, struct.pack(">Q", 1679315148) + value)
    with pytest.raises(NoteError):
        verify(text, later, key)


@pytest.mark.parametrize(
    "text",
    ["a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "\n1\nx\n", "a\n1\n\n", ""],
)
def test_texts_that_are_no_checkpoints(text):
    with pytest.raises(NoteError):
        Checkpoint.parse(text)


def test_a_proof_is_written_and_read():
    text = proof_text(7, [bytes(32), b"\1" * 32], CHECKPOINT)
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 7\nAAAA")
    assert parse_proof(text) == (7, [bytes(32), b"\1" * 32], CHECKPOINT)


def test_the_example_of_an_index_as_a_path():
    tile = TileId(0, 1234067, 256)
    assert tile_path(tile) == "0/x001/x234/067"
    assert parse_tile_path("0/x001/x234/067") == tile
    assert tile_path(TileId(-1, 5, 3)) == "entries/005.p/3"
    assert parse_tile_path("entries/005.p/3") == TileId(-1, 5, 3)


@pytest.mark.parametrize(
    "path",
    ["00/000", "0/0", "0/x000/001", "0/000.p/0", "0/000.p/256", "0/000.p/01", "64/000", "x/000",
     "0/001/001", "0/x001", "0/000/", "data/000"],
)  # fmt: skip
def test_paths_that_are_no_tiles(path):
    assert parse_tile_path(path) is None


def test_the_example_of_the_tiles_of_a_tree():
    found = list(tiles_of(70_000))
    widths = {level: [tile.width for tile in found if tile.level == level] for level in range(3)}
    assert widths == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    assert list(tiles_of(256)) == [TileId(0, 0, 256), TileId(1, 0, 1)]


@pytest.mark.parametrize("steps", [[1] * 600, [255, 1, 1, 255, 700], [70_000]])
def test_tiles_grow_to_the_tree(steps):
    tiles, size, leaves = {}, 0, []
    for step in steps:
        fresh = [leaf_hash(b"%d" % number) for number in range(size, size + step)]
        tiles.update(grown_tiles(size, fresh, lambda *at: tiles.get(at)))
        leaves += fresh
        size += step
    assert {(tile.level, tile.index): tile.width * 32 for tile in tiles_of(size)} == {
        at: len(tile) for at, tile in tiles.items()
    }

    def plain(level, index):
        if level == 0:
            return leaves[index]
        return node_hash(plain(level - 1, 2 * index), plain(level - 1, 2 * index + 1))

    tree = TiledTree(lambda *at: tiles.get(at))
    assert range_hash(0, size, tree.hash_of) == range_hash(0, size, plain)
    with pytest.raises(MissingTile):
        tree.hash_of(0, size)
    with pytest.raises(MissingTile):
        grown_tiles(size + 1, [bytes(32)], lambda *at: tiles.get(at))


def test_a_bundle_holds_entries_behind_their_lengths():
    bundle = entry_bundle([b"", b"abc"])
    assert bundle == b"\0\0\0\3abc"
    assert parse_bundle(bundle) == [b"", b"abc"]
    for broken in (b"\0", b"\0\4abc", b"\0\0\0"):
        with pytest.raises(ValueError, match="within an entry"):
            parse_bundle(broken)
