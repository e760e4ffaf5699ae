"""The bank's web application."""

from __future__ import annotations

import hmac
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from adapters.credit_bank import ReceiptClaims
from adapters.outbound_http import OutboundHttp
from lrs import problems
from lrs.api.cursors import read_cursor, write_cursor
from lrs.bank import authorization, contract, page
from lrs.bank.binding import Bindings
from lrs.bank.claims import (
    ClaimError,
    Lookup,
    Withdrawal,
    decode,
    decode_claim,
    reason_to_reject,
    sign_receipt,
)
from lrs.bank.clients import load_clients
from lrs.bank.dial import Dial, FaultError, parse_faults
from lrs.bank.faulty import SKEW, Faulty
from lrs.bank.keys import BankKeys
from lrs.bank.settings import BankSettings
from lrs.bank.store import BankStore, Conflict, Verdict
from lrs.problems import Problem
from schemas.claims import ClaimPayload, Decision, claim_hash

DATABASE_FILE = "bank.db"
BODY_LIMIT = 64 * 1024
"""Octets of a request."""

PAGE = 200
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
        self.dial = Dial(settings.faults, settings.seed)
        self.units = settings.catalogue
        self._catalogue = None if self.units is None else {unit.code: unit for unit in self.units}
        self._learners = settings.learners
        self._accounts = {
            f"account:{self.url}|{one.account}": one.name for one in settings.learners
        }

    def receive(self, client_id: str, claim: ClaimPayload, now: int) -> tuple[str, bool]:
        """Return the claim's receipt and whether the claim is new. Raises Conflict.

        `now` is the bank's time, in seconds since the epoch.
        """
        digest = claim_hash(claim)

        def judge(number: int, credited: bool) -> Verdict:
            bank_id = f"CB-{datetime.fromtimestamp(now, UTC):%Y}-{number:08d}"
            reason = reason_to_reject(
                claim, credited, catalogue=self._catalogue, accounts=self._accounts
            )
            decision: Decision = "rejected" if reason else "accepted"
            receipt = self._sign(
                claim.outer_id, digest, bank_id, decision=decision, reason=reason, now=now
            )
            return Verdict(bank_id=bank_id, reason=reason, receipt=receipt)

        return self.store.settle(client_id, claim, digest, now, judge)

    def withdraw(
        self, client_id: str, outer_id: str, withdrawal: Withdrawal, now: int
    ) -> tuple[str, bool]:
        """Return the receipt of a withdrawal and whether it is new. Raises Conflict."""

        def sign(bank_id: str) -> str:
            digest, reason = withdrawal.claim_hash, withdrawal.reason
            return self._sign(
                outer_id, digest, bank_id, decision="withdrawn", reason=reason, now=now
            )

        return self.store.withdraw(
            client_id,
            outer_id,
            withdrawal.claim_hash,
            reason=withdrawal.reason,
            received=now,
            sign=sign,
        )

    def account_of(self, lookup: Lookup) -> str | None:
        """Return the account of the learner of that very name and document, None without one."""
        wanted = f"{lookup.name}|{lookup.document.type}|{lookup.document.number}".encode()
        found = None
        for one in self._learners:
            known = f"{one.name}|{one.document.type}|{one.document.number}".encode()
            if hmac.compare_digest(known, wanted):
                found = one.account
        return found

    def close(self) -> None:
        """Let go of file and connections."""
        self.store.close()
        self.http.close()

    def _sign(
        self,
        outer_id: str,
        digest: str,
        bank_id: str,
        *,
        decision: Decision,
        reason: str | None,
        now: int,
    ) -> str:
        content = ReceiptClaims(
            iss=self.url,
            iat=now,
            sub=outer_id,
            outer_id=outer_id,
            bank_id=bank_id,
            decision=decision,
            reason=reason,
            claim_hash=digest,
        )
        return sign_receipt(content, self.keys.receipts)


def create_app(settings: BankSettings) -> Flask:
    """Return the application for the settings."""
    bank = Bank(settings)
    app = Flask("lrs.bank")
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["TRUSTED_HOSTS"] = THIS_MACHINE  # against pages that rebind their name to us
    app.extensions["bank"] = bank
    app.wsgi_app = Faulty(app.wsgi_app, bank.dial)  # type: ignore[assignment, method-assign]
    problems.install(app)
    _authorization(app, bank, settings.dpop)
    _sandbox(app, bank)

    @app.errorhandler(ClaimError)
    def claim_error(error: ClaimError) -> Response:
        where = {"path": error.path, "rule": error.rule}
        return Problem(400, f"Nothing was kept: {error}", errors=[where]).response()

    @app.errorhandler(Conflict)
    def conflict(error: Conflict) -> Response:
        return Problem(
            409,
            f"{error}; it stays as it was. Another content needs an outer_id of its own.",
        ).response()

    @app.after_request
    def never_sniffed(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response

    return app


def _authorization(app: Flask, bank: Bank, dpop: bool) -> None:
    """Add the authorization server, and what it lets in."""
    bindings = Bindings(bank.url, bank.store, dpop=dpop)
    endpoint = authorization.TokenEndpoint(
        app,
        bank.url,
        bank.clients,
        store=bank.store,
        key=bank.keys.tokens,
        bindings=bindings,
    )
    guard = authorization.Guard(bank.url, bank.keys.tokens, bindings)
    _contract(app, bank, guard)

    @app.get("/.well-known/oauth-authorization-server")
    def metadata() -> ResponseReturnValue:
        return authorization.metadata(bank.url, bank.clients, bindings)

    @app.get(authorization.KEYS_PATH)
    def keys() -> ResponseReturnValue:
        return bank.keys.public()

    @app.post(authorization.TOKEN_PATH)
    def token() -> ResponseReturnValue:
        return endpoint.answer()

    @app.after_request
    def nonce(response: Response) -> Response:
        bindings.offer_nonce(response)
        return response


def _contract(app: Flask, bank: Bank, guard: authorization.Guard) -> None:
    """Add what clients may ask for (docs/credit-bank.md)."""

    @app.post("/claims")
    def submit() -> ResponseReturnValue:
        client_id = guard.client_id("claims.write")
        receipt, new = bank.receive(client_id, decode_claim(_json_body()), _now())
        return {"receipt": receipt}, 201 if new else 200

    @app.get("/claims/<outer_id>")
    def status(outer_id: str) -> ResponseReturnValue:
        found = bank.store.receipt(guard.client_id("claims.read"), outer_id)
        if found is None:
            raise Problem(404, f"You have put no claim {outer_id!r} to this bank.")
        return {"receipt": found}

    @app.post("/claims/<outer_id>/withdrawal")
    def withdraw(outer_id: str) -> ResponseReturnValue:
        client_id = guard.client_id("claims.write")
        withdrawal = decode(_json_body(), Withdrawal)
        receipt, new = bank.withdraw(client_id, outer_id, withdrawal, _now())
        return {"receipt": receipt}, 201 if new else 200

    @app.get("/holdings")
    def holdings() -> ResponseReturnValue:
        client_id = guard.client_id("claims.read")
        after = read_cursor(request.args.get("cursor"), str) or ""
        found = bank.store.holdings(client_id, after, PAGE)
        answer: dict[str, Any] = {"holdings": [_plain(one) for one in found]}
        if len(found) == PAGE:
            answer["next"] = write_cursor(found[-1].outer_id)
        return answer

    @app.get("/units")
    def units() -> ResponseReturnValue:
        guard.client_id("claims.read")
        after = read_cursor(request.args.get("cursor"), str) or ""
        listed = [unit for unit in bank.units or () if unit.code > after]
        answer: dict[str, Any] = {"units": [_plain(one) for one in listed[:PAGE]]}
        if len(listed) > PAGE:
            answer["next"] = write_cursor(listed[PAGE - 1].code)
        return answer

    @app.post("/learners/lookup")
    def look_up() -> ResponseReturnValue:
        guard.client_id("learners.read")
        account = bank.account_of(decode(_json_body(), Lookup))
        if account is None:
            raise Problem(404, "No learner of this name and identity document has an account.")
        return {"learner": account}


def _sandbox(app: Flask, bank: Bank) -> None:
    """Add what a real bank has not: the open page and ledger, and the fault dial."""

    @app.get("/")
    def overview() -> ResponseReturnValue:
        return page.render(bank.store)

    @app.get("/ledger")
    def ledger() -> ResponseReturnValue:
        after = read_cursor(request.args.get("cursor"), int) or 0
        found = bank.store.ledger(after, PAGE)
        answer: dict[str, Any] = {"entries": found}
        if len(found) == PAGE:
            answer["next"] = write_cursor(found[-1]["seq"])
        return answer

    @app.get("/faults")
    def faults() -> ResponseReturnValue:
        return bank.dial.state()

    @app.put("/faults")
    def turn() -> ResponseReturnValue:
        wanted = request.get_json()
        try:
            given = wanted["faults"]
            bank.dial.set(
                parse_faults({str(name): str(text) for name, text in given.items()}),
                None if wanted.get("seed") is None else int(wanted["seed"]),
            )
        except (FaultError, TypeError, ValueError, KeyError, AttributeError) as error:
            form = '{"faults": {"NAME": "CHANCE:AMOUNT"}, "seed": 1}'
            raise Problem(400, f"Send {form}: {error}") from error
        return bank.dial.state()

    @app.get("/openapi.json")
    def openapi() -> ResponseReturnValue:
        return contract.description(bank.url)

    @app.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}


def _json_body() -> bytes:
    if request.mimetype != "application/json":
        raise Problem(415, "Send the request's body as application/json.")
    return request.get_data()


def _now() -> int:
    """Return the bank's time, which the fault dial may have put forward."""
    return int(time.time() + request.environ.get(SKEW, 0.0))


def _plain(struct: Any) -> Any:
    return msgspec.to_builtins(struct)
