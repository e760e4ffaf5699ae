import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofError,
    consistency_proof,
    inclusion_proof,
    is_subtree,
    leaf_hash,
    node_hash,
    range_hash,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)


def _b64(text):
    return base64.b64decode(text or "")


def inclusion(vector, root, leaf, proof):
    verify_inclusion(vector["leafIdx"], vector["treeSize"], leaf, proof, root)


def subtree_inclusion(vector, root, leaf, proof):
    verify_subtree_inclusion(vector["leafIdx"], (vector["start"], vector["end"]), leaf, proof, root)


KINDS = {"inclusion": (inclusion, 98), "subtreeinclusion": (subtree_inclusion, 204)}


@pytest.mark.parametrize("kind", KINDS)
def test_published_vectors_of_inclusion(shared_data, kind):
    check, number = KINDS[kind]
    paths = sorted((shared_data / "merkle/testdata" / kind).rglob("*.json"))
    assert len(paths) == number
    for path in paths:
        vector = json.loads(path.read_text())
        proof = [_b64(one) for one in vector["proof"] or []]
        values = (vector, _b64(vector["root"]), _b64(vector["leafHash"]), proof)
        if vector["wantErr"]:
            with pytest.raises(ProofError):
                check(*values)
                pytest.fail(f"{path} is a bad proof and was taken")
        else:
            check(*values)


def consistency(vector, root1, root2, proof):
    verify_consistency(vector["size1"], root1, vector["size2"], root2, proof)


def subtree_consistency(vector, root1, root2, proof):
    subtree = (vector["start"], vector["end"])
    verify_subtree_consistency(subtree, root1, vector["size"], root2, proof)


CONSISTENCY = {"consistency": (consistency, 98), "subtreeconsistency": (subtree_consistency, 118)}


@pytest.mark.parametrize("kind", CONSISTENCY)
def test_published_vectors_of_consistency(shared_data, kind):
    check, number = CONSISTENCY[kind]
    paths = sorted((shared_data / "merkle/testdata" / kind).rglob("*.json"))
    assert len(paths) == number
    for path in paths:
        vector = json.loads(path.read_text())
        proof = [_b64(one) for one in vector["proof"] or []]
        values = (vector, _b64(vector["root1"]), _b64(vector["root2"]), proof)
        if vector["wantErr"]:
            with pytest.raises(ProofError):
                check(*values)
                pytest.fail(f"{path} is a bad proof and was taken")
        else:
            check(*values)


def tree(size):
    """The definition of RFC 9162 2.1.1, word by word: what the quick way is held against."""
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]

    def mth(start, end):
        if end - start == 1:
            return leaves[start]
        k = 1
        while k * 2 < end - start:
            k *= 2
        return node_hash(mth(start, start + k), mth(start + k, end))

    return leaves, mth, lambda level, index: mth(index << level, (index + 1) << level)


def test_every_leaf_of_every_small_tree_is_proved():
    for size in range(1, 40):
        leaves, mth, hash_of = tree(size)
        root = range_hash(0, size, hash_of)
        assert root == mth(0, size)
        frontier = Frontier()
        for leaf in leaves:
            frontier.append(leaf)
        assert frontier.root() == root
        for index in range(size):
            proof = inclusion_proof(index, size, hash_of)
            verify_inclusion(index, size, leaves[index], proof, root)
            for other in range(size):
                if other != index:
                    with pytest.raises(ProofError):
                        verify_inclusion(other, size, leaves[index], proof, root)


def test_every_subtree_of_every_small_tree_is_proved():
    for size in range(1, 34):
        _, mth, hash_of = tree(size)
        root = mth(0, size)
        for start in range(size):
            for end in range(start + 1, size + 1):
                if not is_subtree(start, end):
                    continue
                proof = consistency_proof(start, end, size, hash_of)
                verify_subtree_consistency((start, end), mth(start, end), size, root, proof)
                for place in range(len(proof)):
                    broken = [*proof]
                    broken[place] = bytes(32)
                    with pytest.raises(ProofError):
                        verify_subtree_consistency(
                            (start, end), mth(start, end), size, root, broken
                        )
                if start == 0 and end < size:
                    verify_consistency(end, mth(0, end), size, root, proof)


@given(st.integers(1, 300), st.data())
def test_another_root_is_never_proved(size, data):
    index = data.draw(st.integers(0, size - 1))
    leaves, mth, hash_of = tree(size)
    proof = inclusion_proof(index, size, hash_of)
    wrong = data.draw(st.binary(min_size=32, max_size=32).filter(lambda root: root != mth(0, size)))
    with pytest.raises(ProofError):
        verify_inclusion(index, size, leaves[index], proof, wrong)


def test_the_empty_tree_has_the_root_of_nothing():
    assert Frontier().root() == EMPTY_ROOT == range_hash(0, 0, lambda *_: b"")
    with pytest.raises(ProofError):
        inclusion_proof(0, 0, lambda *_: b"")
