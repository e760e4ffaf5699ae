#!/usr/bin/env python3
"""Check a dossier without the learning record store: one file, and only `cryptography`.

    python verify_dossier.py FILE [TRUSTED-LEDGER-KEY ...]

Written from docs/ledger.md and docs/dossier.md alone; it shares no code with the service. Prints
what holds and what does not, and exits with 0 only where everything holds and the credit stands,
with 3 where everything holds and the credit does not stand, with 1 where something does not hold.
"""

import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256


class Wrong(Exception):
    pass


def need(holds, where, rule):
    if not holds:
        raise Wrong(f"{where}: {rule}")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def b64(text, where):
    content = base64.b64decode(text, validate=True)
    need(base64.b64encode(content).decode() == text, where, "base64 is not canonical")
    return content


# --- The container: a ZIP that can be written in one way only -------------------------------


def members_of(data):
    found, at, directory = {}, 0, b""
    while data[at : at + 4] == b"PK\x03\x04":
        crc, size = struct.unpack_from("<II", data, at + 14)
        (length,) = struct.unpack_from("<H", data, at + 26)
        name = data[at + 30 : at + 30 + length]
        where = f"octet {at}"
        need(re.fullmatch(rb"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*", name), where, "bad name")
        need(name.decode() not in found, where, "a name stands twice")
        common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, size, size, length, 0)
        header = b"PK\x03\x04" + common + name
        need(data[at : at + len(header)] == header, where, "the header is not as it must be")
        start = at + len(header)
        content = data[start : start + size]
        need(len(content) == size and zlib.crc32(content) == crc, name.decode(), "was changed")
        directory += b"PK\x01\x02\x14\x00" + common + struct.pack("<HHHII", 0, 0, 0, 0, at) + name
        found[name.decode()] = content
        at = start + size
    count = len(found)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), at, 0)
    need(data[at:] == directory + b"PK\x05\x06" + end, f"octet {at} or later", "bad directory")
    return found


# --- Signed notes ---------------------------------------------------------------------------


def key_of(line):
    name, key_id, material = line.split("+", 2)
    content = b64(material, "keys.txt")
    need(len(content) == 33 and content[0] == 1, "keys.txt", "not an Ed25519 key")
    need(sha256(name.encode(), b"\n", content)[:4].hex() == key_id, "keys.txt", "bad key id")
    return (name, bytes.fromhex(key_id)), Ed25519PublicKey.from_public_bytes(content[1:])


def open_note(text, keys, where, strict):
    body, gap, lines = text.rpartition("\n\n")
    need(gap and lines.endswith("\n"), where, "not a signed note")
    body += "\n"
    signed_by = set()
    for line in lines[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^\\s+]+) (\\S+)", line)
        need(match, where, "not a signature line")
        content = b64(match[2], where)
        known = (match[1], content[:4])
        need(known in keys or not strict, where, "a signature is of an unknown key")
        if known in keys:
            try:
                keys[known].verify(content[4:], body.encode())
            except InvalidSignature:
                raise Wrong(f"{where}: the signature does not belong to the text") from None
            signed_by.add(known)
    need(signed_by, where, "signed by none of the ledger's keys")
    return body, signed_by


# --- The Merkle tree and what its leaves commit to --------------------------------------------


def root_of(index, size, leaf, proof, where):
    need(0 <= index < size, where, "no such leaf in the tree")
    node, last, root = index, size - 1, leaf
    for sibling in proof:
        need(len(sibling) == 32 and last > 0, where, "the proof is not one of this tree")
        if node % 2 or node == last:
            root = sha256(b"\x01", sibling, root)
            while node % 2 == 0 and node:
                node, last = node // 2, last // 2
        else:
            root = sha256(b"\x01", root, sibling)
        node, last = node // 2, last // 2
    need(last == 0, where, "the proof is too short")
    return root


def commitment_of(shown):
    digests = [bytes.fromhex(one) for one in shown["hidden"]]
    for field in shown["fields"]:
        text = f"{field['name']}\0{field['text']}".encode()
        digests.append(hmac.digest(bytes.fromhex(field["salt"]), text, "sha256"))
    return sha256(b"lrs-fields/1\n", *sorted(digests))


def leaf_of(entry, where):
    need(len(entry) > 42 and entry[0] == 1 and len(entry) == 42 + entry[1], where, "not a leaf")
    kind = entry[2 : 2 + entry[1]].decode("ascii")
    (at,) = struct.unpack(">Q", entry[-40:-32])
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
    return kind, moment.isoformat(), entry[-32:]


# --- The dossier ------------------------------------------------------------------------------


class Dossier:
    def __init__(self, data, trusted):
        self.members = members_of(data)
        self.trusted = trusted
        self.head = json.loads(self.member("dossier.json"))
        self.keys = dict(map(key_of, self.text("keys.txt").splitlines()))
        self.leaves = json.loads(self.member("leaves.json"))
        self.fields = {}
        self.kinds = {}

    def member(self, name):
        need(name in self.members, name, "is missing")
        return self.members[name]

    def text(self, name):
        return self.member(name).decode()

    def check(self):
        yield self.manifest()
        head = self.checkpoint()
        yield f"checkpoint of {head[0]} leaves"
        yield from self.check_leaves(*head)
        yield self.status()
        if self.head.get("erased"):
            need(("persona", "erased") in self.fields, "leaves.json", "no leaf of the erasure")
            yield f"erased on {self.head['erased']}"
            return
        yield self.claim()
        yield self.unit()
        yield from self.evidence()
        yield self.receipt()

    def manifest(self):
        need(next(iter(self.members)) == "manifest.txt", "manifest.txt", "must come first")
        text, signed_by = open_note(self.text("manifest.txt"), self.keys, "manifest.txt", True)
        head = self.head
        lines = text.splitlines()
        wanted = ["lrs-dossier/1", head["origin"], head["claim"], head["issued"], head["profile"]]
        need(lines[:5] == wanted, "manifest.txt", "is of another dossier")
        others = [(name, one) for name, one in self.members.items() if name != "manifest.txt"]
        need(len(lines) == 5 + len(others), "manifest.txt", "names other members")
        for line, (name, content) in zip(lines[5:], others, strict=True):
            found = f"{hashlib.sha256(content).hexdigest()} {len(content)} {name}"
            need(line == found, name, "is not what was signed")
        self.require_trusted(signed_by, "manifest.txt")
        return f"{len(others)} members as signed by {head['origin']} on {head['issued']}"

    def require_trusted(self, signed_by, where):
        if self.trusted:
            need(signed_by & self.trusted, where, "signed by none of the keys that you trust")

    def checkpoint(self):
        text, signed_by = open_note(self.text("checkpoint.txt"), self.keys, "checkpoint.txt", False)
        self.require_trusted(signed_by, "checkpoint.txt")
        origin, size, root = text.splitlines()[:3]
        need(origin == self.head["origin"], "checkpoint.txt", "is of another log")
        return int(size), b64(root, "checkpoint.txt")

    def check_leaves(self, size, root):
        last = -1
        for one in self.leaves:
            where = f"leaves.json, leaf {one['index']}"
            entry = bytes.fromhex(one["entry"])
            kind, at, commitment = leaf_of(entry, where)
            proof = list(map(bytes.fromhex, one["proof"]))
            need(one["index"] > last, where, "is out of order")
            last = one["index"]
            found = root_of(last, size, sha256(b"\x00", entry), proof, where)
            need(found == root, where, "is not in the log")
            self.kinds[one["about"]] = kind
            if one["shown"] is None:
                need(self.head.get("erased"), where, "shows nothing, and nothing was erased")
                yield f"leaf {last}: {kind} ({one['about']}) on {at}; its content was erased"
                continue
            need(commitment_of(one["shown"]) == commitment, where, "shows other fields than logged")
            fields = {field["name"]: json.loads(field["text"]) for field in one["shown"]["fields"]}
            self.fields[one["about"], kind] = (where, fields)
            yield f"leaf {last}: {kind} ({one['about']}) on {at}"

    def logged(self, about, kind):
        need((about, kind) in self.fields, "leaves.json", f"no leaf tells that it was {kind}")
        return self.fields[about, kind]

    def claim(self):
        where, claimed = self.logged("claim", "claimed")
        need(claimed["subject"] == self.head["claim"], where, "is of another claim")
        need(claimed["body.achievement"] == self.head["achievement"], where, "other achievement")
        unit = claimed["claim.unit"]
        need(f"{unit['code']}/{unit['version']}" == self.head["unit"], where, "another unit")
        if "claim.json" in self.members:
            digest = hashlib.sha256(self.member("claim.json")).hexdigest()
            need(digest == claimed["body.claim_hash"], "claim.json", "is not what was claimed")
            content = json.loads(self.member("claim.json"))
            content |= {f"learner.{k}": v for k, v in content.pop("learner").items()}
            for name, value in content.items():
                need(
                    claimed.get(f"claim.{name}") == value, "claim.json", f"{name} is not as logged"
                )
        where, verified = self.logged("achievement", "verified")
        need(verified["subject"] == self.head["achievement"], where, "is of another achievement")
        unit, _, version = self.head["unit"].rpartition("/")
        need(verified["body.unit"] == unit, where, "is of another unit")
        need(str(verified["body.version"]) == version, where, "is of another version")
        bound = claimed["claim.evidence_hash"] == verified["body.evidence_hash"]
        need(bound, where, "the claim is bound to other evidence")
        return f"claim {self.head['claim']} for {self.head['unit']} as logged"

    def unit(self):
        where, published = self.logged("unit", "published")
        need(published["subject"] == self.head["unit"], where, "is of another unit")
        digest = hashlib.sha256(self.member("unit.json")).hexdigest()
        need(digest == published["body.hash"], "unit.json", "is not the rule that was published")
        return f"the rule {self.head['unit']} as published"

    def evidence(self):
        _, verified = self.logged("achievement", "verified")
        logged = verified["body.evidence"]
        for one in self.head["statements"]:
            name = f"statements/{one['id']}.json"
            need(logged.get(one["id"]) == one["sha256"], name, "is not of the evidence")
            if one["shown"] == "whole":
                digest = hashlib.sha256(self.member(name)).hexdigest()
                need(digest == one["sha256"], name, "is not the statement that was logged")
                for attachment in one["attachments"]:
                    if attachment["included"] and len(attachment["sha2"]) == 64:
                        path = f"attachments/{attachment['sha2']}"
                        digest = hashlib.sha256(self.member(path)).hexdigest()
                        need(digest == attachment["sha2"], path, "is another attachment")
            elif one["shown"] == "members":
                name = f"statements/{one['id']}.fields.json"
                found = commitment_of(json.loads(self.member(name))).hex()
                wanted = verified.get(f"statement.{one['id']}")
                need(found == wanted, name, "shows other members than were logged")
            yield f"statement {one['id']} ({one['shown']})"

    def receipt(self):
        answer = self.fields.get(("claim", "accepted")) or self.fields.get(("claim", "rejected"))
        if "receipt.jws" not in self.members:
            need(answer is None, "receipt.jws", "is missing")
            return "the bank has not answered yet"
        head, payload, signature = self.text("receipt.jws").split(".")
        header, content = (json.loads(url64(part)) for part in (head, payload))
        typed = header.get("alg") == "ES256" and header.get("typ") == "receipt+jwt"
        need(typed, "receipt.jws", "is not a receipt")
        jwk = json.loads(self.member("bank-key.json"))
        point = [int.from_bytes(url64(jwk[name]), "big") for name in ("x", "y")]
        raw = url64(signature)
        need(len(raw) == 64, "receipt.jws", "is not signed")
        numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        try:
            key = ec.EllipticCurvePublicNumbers(*point, ec.SECP256R1()).public_key()
            der = utils.encode_dss_signature(*numbers)
            key.verify(der, f"{head}.{payload}".encode(), ec.ECDSA(SHA256()))
        except (InvalidSignature, ValueError):
            raise Wrong("receipt.jws: the signature is not the bank's") from None
        need(content["outer_id"] == self.head["claim"], "receipt.jws", "is for another claim")
        if answer:
            for name in ("claim_hash", "bank_id"):
                same = answer[1].get(f"body.{name}") == content[name]
                need(same, "receipt.jws", f"{name} is not as logged")
        return f"receipt: {content['decision']} by {content['iss']} ({content['bank_id']})"

    def status(self):
        state = self.head["claim_state"]
        wanted = "claimed" if state in ("queued", "sent") else state
        need(self.kinds.get("claim") == wanted, "dossier.json", "claim_state is not as logged")
        told = self.head["achievement_state"]
        need(
            self.kinds.get("achievement") == told, "dossier.json", "achievement_state not as logged"
        )
        return f"claim {state}, achievement {told}, as logged"

    def stands(self):
        accepted = self.head["claim_state"] in ("queued", "sent", "accepted")
        verified = self.head["achievement_state"] == "verified"
        return accepted and verified and not self.head.get("erased")


def url64(text):
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    same = base64.urlsafe_b64encode(content).rstrip(b"=").decode() == text
    need(same, "receipt.jws", "base64 is not canonical")
    return content


def main(path, *trusted):
    try:
        dossier = Dossier(Path(path).read_bytes(), {key_of(one)[0] for one in trusted})
        for line in dossier.check():
            print(f"ok    {line}")
    except Wrong as error:
        print(f"WRONG {error}")
        return 1
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        print(f"WRONG the file is not of the documented form: {error!r}")
        return 1
    print(
        "Everything holds." if dossier.stands() else "Everything holds; the credit does not stand."
    )
    return 0 if dossier.stands() else 3


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
