"""Tokens bound to a key or certificate of the client: DPoP (RFC 9449), mutual TLS (RFC 8705)."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any

from flask import Response, request
from joserfc.util import urlsafe_b64encode

from adapters import dpop, mutual_tls
from adapters.dpop import ProofError
from lrs.bank.store import BankStore

NONCE_LIFE = 300
"""Seconds that a nonce is given out; it is taken for as long again."""

KNOWN = {"jkt", "x5t#S256"}


class Bindings:
    """Makes and checks what binds a token to its client. Safe for many threads."""

    def __init__(self, url: str, store: BankStore, *, dpop: bool) -> None:
        """With `dpop` no token is given without a proof."""
        self._url = url
        self._store = store
        self.dpop = dpop
        self._nonce_key = secrets.token_bytes(32)

    def of_request(self) -> dict[str, str]:
        """Return what the token that is asked for is to be bound to (its `cnf`).

        Raises ProofError and NonceWanted.
        """
        bound: dict[str, str] = {}
        if "DPoP" in request.headers:
            bound["jkt"] = self._proven(None)
        elif self.dpop:
            raise ProofError("there is none, and this server asks for one")
        certificate = client_certificate()
        if certificate is not None:
            bound["x5t#S256"] = mutual_tls.thumbprint(certificate)
        return bound

    def require(self, confirmation: Any, token: str, scheme: str) -> None:
        """Check that the current request proves what its token is bound to.

        Raises ProofError where it does not, also where a bound token comes as a plain bearer.
        """
        bound: Mapping[str, Any] = confirmation if isinstance(confirmation, dict) else {}
        if confirmation is not None and (not bound or bound.keys() - KNOWN):
            raise ProofError("the token is bound to something unknown")
        if ("jkt" in bound) != (scheme == "dpop"):
            raise ProofError("the token came under another scheme than it was given for")
        if "jkt" in bound and not hmac.compare_digest(self._proven(token), str(bound["jkt"])):
            raise ProofError("the proof is of another key than the token's")
        if "x5t#S256" in bound:
            certificate = client_certificate()
            known = mutual_tls.thumbprint(certificate) if certificate is not None else ""
            if not hmac.compare_digest(known, str(bound["x5t#S256"])):
                raise ProofError("the connection is under another certificate than the token's")

    def offer_nonce(self, response: Response) -> None:
        """Give the nonce for the client's next proof with an answer to one that used DPoP."""
        if self.dpop or "DPoP" in request.headers:
            response.headers["DPoP-Nonce"] = self._nonce(0)

    def _proven(self, token: str | None) -> str:
        proofs = request.headers.getlist("DPoP")
        if len(proofs) != 1:
            raise ProofError("there must be one")
        return dpop.verify_proof(
            proofs[0],
            request.method,
            self._url + request.path,
            now=time.time(),
            fresh=self._fresh,
            token=token,
            nonces=lambda: {self._nonce(0), self._nonce(-1)},
        )

    def _fresh(self, thumbprint: str, jti: str) -> bool:
        now = int(time.time())
        forget_at = now + dpop.PROOF_LIFE + 2 * dpop.LEEWAY
        return self._store.use_assertion(f"dpop:{thumbprint}", jti, forget_at, now)

    def _nonce(self, back: int) -> str:
        window = int(time.time()) // NONCE_LIFE + back
        mac = hmac.digest(self._nonce_key, str(window).encode(), "sha256")
        return urlsafe_b64encode(mac[:16]).decode()


def client_certificate() -> str | None:
    """Return the certificate of the connection's client in PEM, None where it showed none."""
    certificate = request.environ.get("SSL_CLIENT_CERT")
    return certificate if isinstance(certificate, str) else None
