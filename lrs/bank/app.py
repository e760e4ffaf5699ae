"""The bank's web application."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from adapters.credit_bank import ReceiptClaims
from adapters.outbound_http import OutboundHttp
from lrs import problems
from lrs.bank import authorization, page
from lrs.bank.claims import ClaimError, decode_claim, reason_to_reject, sign_receipt
from lrs.bank.clients import load_clients
from lrs.bank.keys import BankKeys
from lrs.bank.settings import BankSettings
from lrs.bank.store import BankStore, Conflict, Verdict
from lrs.lifeline import exit_with_parent
from lrs.problems import Problem
from schemas.claims import ClaimPayload, claim_hash

DATABASE_FILE = "bank.db"
BODY_LIMIT = 64 * 1024
"""Octets of a request."""

THIS_MACHINE = ["127.0.0.1", "localhost", "::1"]


class Bank:
    """The bank's keys and books, opened once a process."""

    def __init__(self, settings: BankSettings) -> None:
        """Open the data folder, making it on first use. Raises StoreError and SettingsError."""
        self.url = settings.url
        self.http = OutboundHttp()
        self.clients = load_clients(settings.clients, self.http)
        self.store = BankStore(settings.data / DATABASE_FILE)
        self.keys = BankKeys.load(settings.data)

    def receive(self, client_id: str, claim: ClaimPayload) -> tuple[str, bool]:
        """Return the claim's receipt and whether the claim is new. Raises Conflict."""
        received = int(time.time())
        digest = claim_hash(claim)

        def judge(number: int, credited: bool) -> Verdict:
            bank_id = f"CB-{datetime.fromtimestamp(received, UTC):%Y}-{number:08d}"
            reason = reason_to_reject(claim, credited)
            content = ReceiptClaims(
                iss=self.url,
                iat=received,
                sub=claim.outer_id,
                outer_id=claim.outer_id,
                bank_id=bank_id,
                decision="rejected" if reason else "accepted",
                reason=reason,
                claim_hash=digest,
            )
            receipt = sign_receipt(content, self.keys.receipts)
            return Verdict(bank_id=bank_id, reason=reason, receipt=receipt)

        return self.store.settle(client_id, claim, digest, received, judge)

    def close(self) -> None:
        """Let go of file and connections."""
        self.store.close()
        self.http.close()


def create_app(settings: BankSettings | None = None) -> Flask:
    """Return the application for the settings, by default those of the environment."""
    if settings is None:
        exit_with_parent()
    bank = Bank(settings or BankSettings.from_environment())
    app = Flask("lrs.bank")
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["TRUSTED_HOSTS"] = THIS_MACHINE  # against pages that rebind their name to us
    app.extensions["bank"] = bank
    problems.install(app)
    server = authorization.authorization_server(
        app, bank.url, bank.clients, bank.store, bank.keys.tokens
    )
    guard = authorization.Guard(bank.url, bank.keys.tokens)

    @app.get("/.well-known/oauth-authorization-server")
    def metadata() -> ResponseReturnValue:
        return authorization.metadata(bank.url)

    @app.get(authorization.KEYS_PATH)
    def keys() -> ResponseReturnValue:
        return bank.keys.public()

    @app.post(authorization.TOKEN_PATH)
    def token() -> ResponseReturnValue:
        answer: Response = server.create_token_response()
        return answer

    @app.post("/claims")
    def submit() -> ResponseReturnValue:
        client_id = guard.client_id("claims.write")
        if request.mimetype != "application/json":
            raise Problem(415, "Send the claim as application/json.")
        try:
            claim = decode_claim(request.get_data())
            receipt, new = bank.receive(client_id, claim)
        except ClaimError as error:
            where = {"path": error.path, "rule": error.rule}
            raise Problem(400, f"Nothing was kept: {error}", errors=[where]) from error
        except Conflict as error:
            raise Problem(
                409,
                f"The claim {error} was put before with another content; it stays as it was. "
                "Put this one under an outer_id of its own.",
            ) from error
        return {"receipt": receipt}, 201 if new else 200

    @app.get("/claims/<outer_id>")
    def receipt(outer_id: str) -> ResponseReturnValue:
        found = bank.store.receipt(guard.client_id("claims.read"), outer_id)
        if found is None:
            raise Problem(404, f"You have put no claim {outer_id!r} to this bank.")
        return {"receipt": found}

    @app.get("/")
    def overview() -> ResponseReturnValue:
        return page.render(bank.store)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @app.after_request
    def never_sniffed(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    return app
