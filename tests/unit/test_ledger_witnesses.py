"""Witnesses sign what they have seen grow; a time-stamp authority says when it was."""

import base64
import shutil
import struct
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.outbound_http import OutboundHttp
from lrs.dossier.fault import Fault
from lrs.dossier.stamps import check_timestamp
from lrs.ledger.checkpoints import Checkpoint
from lrs.ledger.merkle import ProofError, verify_consistency
from lrs.ledger.notes import (
    COSIGNATURE,
    NoteError,
    Signature,
    Signer,
    VerifierKey,
    Witness,
    open_note,
    parse_note,
)
from lrs.ledger.proofs import full_note
from lrs.ledger.timestamps import Timestamping
from lrs.ledger.witnesses import Witnessing
from lrs.settings import Settings, SettingsError
from tests.unit.ledgers import LedgerAtWork


@pytest.fixture
def work(tmp_path):
    work = LedgerAtWork.alone(tmp_path)
    yield work
    work.store.close()


class Serving:
    """An HTTP server on this machine that answers posts by a function of path and body."""

    def __init__(self, answer):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, content = answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                """Say nothing on stderr, where every request would have its line."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class StandInWitness:
    """A witness as C2SP tlog-witness describes it, with a memory of one log."""

    def __init__(self, log_keys, size=0, root=b""):
        self.private = Ed25519PrivateKey.generate()
        public = Signer("witness.example/w1", self.private).verifier.public
        self.key = VerifierKey(name="witness.example/w1", type=COSIGNATURE, public=public)
        self.log_keys, self.size, self.root = log_keys, size, root
        self.asked = 0

    def answer(self, path, body):
        self.asked += 1
        assert path == "/prefix/add-checkpoint"
        head, _, signed = body.decode().partition("\n\n")
        old, *proof = head.split("\n")
        note, _ = open_note(signed, self.log_keys)
        checkpoint = Checkpoint.parse(note.text)
        if old != f"old {self.size}":
            return 409, f"{self.size}\n".encode()
        try:
            if self.size:
                verify_consistency(
                    self.size, self.root, checkpoint.size, checkpoint.root,
                    [base64.b64decode(one) for one in proof],
                )  # fmt: skip
        except ProofError:
            return 422, b""
        self.size, self.root = checkpoint.size, checkpoint.root
        at = 1679315147
        value = self.private.sign(f"cosignature/v1\ntime {at}\n{note.text}".encode())
        line = Signature(self.key.name, self.key.id, struct.pack(">Q", at) + value)
        return 200, str(line).encode()


def test_a_witness_signs_each_checkpoint_it_has_seen_grow(work):
    work.grow(5)
    witness = StandInWitness(work.keys.verifiers())
    serving = Serving(witness.answer)
    known = Witness.parse(f"{serving.url}/prefix/ {witness.key}")
    for size in (5, 12, 300):
        work.grow(size - work.store.ledger.place()[0])
        # A new object is a process that was started again: it learns how far the witness is.
        asking = Witnessing(work.store.ledger, [known], OutboundHttp())
        assert asking.step() is True
        assert asking.step() is False
        signed = work.store.ledger.checkpoint()
        _, by = open_note(full_note(signed), [*work.keys.verifiers(), witness.key])
        assert by == [*work.keys.verifiers(), witness.key]
        assert witness.size == size
    serving.close()


def test_a_witness_that_signs_something_else_or_fails_is_not_believed(work):
    work.grow(3)
    witness = StandInWitness(work.keys.verifiers())
    answers = [
        lambda path, body: (200, b"\xe2\x80\x94 witness.example/w1 AAAAAAAA\n"),
        lambda path, body: (500, b""),
        lambda path, body: (200, b"nonsense"),
        lambda path, body: (409, b"99\n"),
        lambda path, body: (422, b""),
    ]
    for answer in answers:
        serving = Serving(answer)
        known = Witness.parse(f"{serving.url} {witness.key}")
        asking = Witnessing(work.store.ledger, [known], OutboundHttp())
        asking.step()
        assert work.store.ledger.checkpoint().cosignatures == ""
        assert asking.step() is False  # not again at once
        serving.close()


def test_witnesses_are_configured_by_address_and_key():
    key = StandInWitness([]).key
    text = f"https://w.example/a {key}, https://w.example/b {key}"
    settings = Settings.from_environment({"LRS_LEDGER_WITNESSES": text})
    assert [one.url for one in settings.ledger_witnesses] == [
        "https://w.example/a",
        "https://w.example/b",
    ]
    for wrong in ("https://w.example", f"{key}", "https://w.example x+y+z"):
        with pytest.raises(SettingsError, match="LRS_LEDGER_WITNESSES"):
            Settings.from_environment({"LRS_LEDGER_WITNESSES": wrong})
    with pytest.raises(NoteError):
        Witness.parse(f"https://w.example {Signer('a', Ed25519PrivateKey.generate()).verifier}")


AUTHORITY = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A time-stamp authority made with openssl, answering over HTTP."""
    folder = tmp_path_factory.mktemp("tsa")
    if shutil.which("openssl") is None:
        # Only the tests of time-stamps need it; with CI=true a skip is a failure.
        pytest.skip("no openssl on this machine to make a time-stamp authority with")

    def openssl(*rest):
        subprocess.run(["openssl", *rest], check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
            "-subj", "/CN=Test root",
            "-keyout", f"{folder}/root.key", "-out", f"{folder}/root.pem",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test TSA",
            "-keyout", f"{folder}/tsa.key", "-out", f"{folder}/tsa.csr")  # fmt: skip
    (folder / "extensions").write_text(
        "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
    )
    openssl("x509", "-req", "-in", f"{folder}/tsa.csr", "-CA", f"{folder}/root.pem",
            "-CAkey", f"{folder}/root.key", "-CAcreateserial", "-days", "30",
            "-extfile", f"{folder}/extensions", "-out", f"{folder}/tsa.pem")  # fmt: skip
    (folder / "serial").write_text("01\n")
    (folder / "openssl.cnf").write_text(AUTHORITY.format(folder=folder))

    def answer(path, body):
        (folder / "query").write_bytes(body)
        openssl("ts", "-reply", "-queryfile", f"{folder}/query", "-signer", f"{folder}/tsa.pem",
                "-inkey", f"{folder}/tsa.key",
                "-config", f"{folder}/openssl.cnf", "-out", f"{folder}/reply")  # fmt: skip
        return 200, (folder / "reply").read_bytes()

    serving = Serving(answer)
    serving.root = (folder / "root.pem").read_bytes()
    yield serving
    serving.close()


def test_a_checkpoint_is_stamped_and_the_stamp_is_checked(work, authority):
    work.grow(4)
    stamping = Timestamping(work.store.ledger, authority.url, OutboundHttp())
    assert stamping.step() is True
    assert stamping.step() is False
    signed = work.store.ledger.checkpoint()
    text = parse_note(signed.note).text
    (line,) = check_timestamp(signed.timestamp, text, authority.root)
    assert line.ok is True, line
    assert str(time.gmtime().tm_year) in line.values["at"]
    (line,) = check_timestamp(signed.timestamp, text, None)
    assert line.ok is None
    with pytest.raises(Fault, match="not of this checkpoint"):
        list(check_timestamp(signed.timestamp, f"{text} ", authority.root))
    with pytest.raises(Fault, match="not a time-stamp"):
        list(check_timestamp(b"x", text, authority.root))


def test_an_authority_that_nobody_trusts_is_said(work, authority, tmp_path):
    work.grow(1)
    Timestamping(work.store.ledger, authority.url, OutboundHttp()).step()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=x",
         "-keyout", f"{tmp_path}/k", "-out", f"{tmp_path}/other.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    signed = work.store.ledger.checkpoint()
    other = (tmp_path / "other.pem").read_bytes()
    with pytest.raises(Fault, match="no trusted authority"):
        list(check_timestamp(signed.timestamp, parse_note(signed.note).text, other))


def test_an_authority_that_fails_leaves_the_checkpoint_as_it_is(work):
    work.grow(1)
    serving = Serving(lambda path, body: (500, b""))
    assert Timestamping(work.store.ledger, serving.url, OutboundHttp()).step() is True
    assert work.store.ledger.checkpoint().timestamp is None
    serving.close()
