"""Proofs of possession: what a proof proves, and every way in which it does not."""

import time

import pytest
from joserfc import jws, jwt

from adapters import dpop
from adapters.dpop import NonceWanted, ProofError, make_proof, verify_proof
from tests.unit.test_bank_authorization import part

KEY = dpop.new_key()
URL = "https://bank.example/claims"


class Seen:
    """Remembers what was used."""

    def __init__(self):
        self._used = set()

    def __call__(self, thumbprint, jti):
        new = (thumbprint, jti) not in self._used
        self._used.add((thumbprint, jti))
        return new


def verify(proof, method="POST", url=URL, **rest):
    return verify_proof(proof, method, url, **{"now": time.time(), "fresh": Seen(), **rest})


def forged(header=None, key=KEY, **change):
    public = {name: KEY.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": public, **(header or {})}
    claims = {"jti": "j", "htm": "POST", "htu": URL, "iat": int(time.time()), **change}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(header, claims, key, [header["alg"]])


def test_a_proof_proves_its_key():
    assert verify(make_proof(KEY, "POST", URL)) == KEY.thumbprint()
    assert verify(forged()) == KEY.thumbprint()
    token = "a.b.c"
    assert verify(make_proof(KEY, "POST", f"{URL}?a=b#c", token=token), token=token)
    shown = jws.extract_compact(make_proof(KEY, "GET", URL).encode()).headers()["jwk"]
    assert shown.keys() == {"kty", "crv", "x", "y"}


def test_each_proof_is_used_once():
    seen, proof = Seen(), make_proof(KEY, "POST", URL)
    verify(proof, fresh=seen)
    with pytest.raises(ProofError, match="used before"):
        verify(proof, fresh=seen)
    verify(make_proof(KEY, "POST", URL), fresh=seen)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"htm": "GET"}, "another request"),
        ({"htu": "https://evil.example/claims"}, "another request"),
        ({"iat": 1}, "too old"),
        ({"iat": 2**40}, "future"),
        ({"iat": "now"}, "not a proof"),
        ({"jti": None}, "not a proof"),
        ({"jti": ""}, "used before"),
        ({"jti": "j" * 256}, "used before"),
    ],
)
def test_a_proof_of_something_else(change, why):
    with pytest.raises(ProofError, match=why):
        verify(forged(**change))


def test_a_proof_of_another_token_or_of_none():
    with pytest.raises(ProofError, match="ath"):
        verify(make_proof(KEY, "POST", URL, token="other"), token="a.b.c")
    with pytest.raises(ProofError, match="ath"):
        verify(make_proof(KEY, "POST", URL), token="a.b.c")


def test_a_nonce_that_is_asked_for():
    with pytest.raises(NonceWanted):
        verify(make_proof(KEY, "POST", URL), nonces=lambda: {"n"})
    with pytest.raises(NonceWanted):
        verify(make_proof(KEY, "POST", URL, nonce="old"), nonces=lambda: {"n"})
    assert verify(make_proof(KEY, "POST", URL, nonce="n"), nonces=lambda: {"n"})


def test_a_forged_proof():
    header, payload, signature = make_proof(KEY, "POST", URL).split(".")
    head = jws.extract_compact(f"{header}.{payload}.{signature}".encode()).headers()
    private = KEY.as_dict(private=True)
    for proof in (
        "",
        "a.b.c",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[:-4]}AAAA",
        f"{part({**head, 'alg': 'none'})}.{payload}.",
        f"{part({**head, 'alg': 'HS256'})}.{payload}.{signature}",
        f"{part({**head, 'typ': 'JWT'})}.{payload}.{signature}",
        f"{part({**head, 'jwk': None})}.{payload}.{signature}",
        forged(key=dpop.new_key()),
        forged({"jwk": private}),
        forged({"typ": "at+jwt"}),
        "a" * 5000,
    ):
        with pytest.raises(ProofError):
            verify(proof)
