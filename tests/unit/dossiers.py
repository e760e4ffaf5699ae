"""A claim that was accepted, with all that a dossier of it can hold."""

import time

from joserfc.jwk import ECKey

from adapters.credit_bank import ReceiptClaims, verify_receipt
from lrs.achievements.evaluate import activities_of
from lrs.background import ledger_steps, projection_steps
from lrs.bank.claims import sign_receipt
from lrs.dossier.build import Builder, Request
from lrs.dossier.container import write_archive
from lrs.store.exchange import KnownReceiver
from schemas.claims import claim_hash
from schemas.units import Period, Scored, Unit
from tests.unit.test_statement_rules import GOOD, with_
from tests.unit.test_statement_signatures import Signer, sign
from tests.unit.xapi_service import Client, attachment

COURSE = GOOD["object"]["id"]
BANK = "https://bank.example"
UNIT = Unit(
    code="OUC-1",
    version=1,
    title={"en": "Safety", "zh-CN": "安全生产"},
    field="安全生产",
    level=4,
    credits=2,
    hours=32,
    awarding_body="国家开放大学",
    kind="training",
    effective=Period(),
    rule=Scored(activity=COURSE, at_least=0.6),
)


class AcceptedClaim:
    """A service in which a learner's claim went the whole way; `signed` as the statement is."""

    def __init__(self, app, *, signed=False, certificate=b"", answered=True):
        self.app = app
        self.service = app.extensions["lrs"]
        self.store = self.service.store
        self.service.credentials.ensure("admin", "s3cret", name="Administrator")
        self.client = Client(app)
        self.bank_key = ECKey.generate_key("P-256", {"kid": "receipt-1"})
        self.store.exchange.put_receiver(
            KnownReceiver(
                name="bank", adapter="fake", url=BANK, client_id="us", institution="国家开放大学"
            )
        )
        self.store.units.publish(UNIT, activities_of(UNIT))
        self.statement = self._post(signed, certificate)
        self.work()
        ((_, self.achievement),) = self.store.achievements.page(None, 2)
        (claim,) = self.store.exchange.claims(None, 2)
        self.claim = claim.id
        if answered:
            self.answer()

    def _post(self, signed, certificate):
        statement = with_("verb.id", "http://adlnet.gov/expapi/verbs/passed")
        statement |= {
            "result": {"success": True, "score": {"scaled": 0.85}},
            "timestamp": "2026-03-02T08:00:00.000Z",
        }
        contents = []
        if certificate:
            statement["attachments"] = [attachment(certificate)]
            contents.append(certificate)
        if signed:
            self.signer = Signer("tutor")
            statement, content = sign(statement, self.signer)
            contents.append(content)
        if not contents:
            return self.client.post_statements([statement])[0]
        answer = self.client.post_parts([statement], contents)
        assert answer.status_code == 200, answer.json
        return answer.json[0]

    def work(self):
        steps = [*projection_steps(self.service), *ledger_steps(self.service)]
        while sum(step() for step in steps):
            pass

    def answer(self, decision="accepted"):
        (delivery,) = self.store.outbox.lease(1, 30)
        payload = delivery.claim
        content = ReceiptClaims(
            iss=BANK,
            iat=int(time.time()),
            sub=payload.outer_id,
            outer_id=payload.outer_id,
            bank_id="B-1",
            decision=decision,
            claim_hash=claim_hash(payload),
        )
        compact = sign_receipt(content, self.bank_key)
        receipt = verify_receipt(compact, payload, BANK, lambda kid: self.bank_key)
        self.store.outbox.settle(delivery, receipt)
        self.work()

    def revoke(self):
        """Void the evidence and let the bank confirm that the claim is withdrawn."""
        voiding = {
            "actor": {"mbox": "mailto:office@example.edu.cn"},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/voided"},
            "object": {"objectType": "StatementRef", "id": self.statement},
        }
        self.client.post_statements([voiding])
        self.work()
        self.answer("withdrawn")

    def dossier(self, path, profile="full"):
        request = Request(purpose="audit 2026", requested_by="person:a", profile=profile)
        builder = Builder(self.store, self.service.ledger_keys)
        with path.open("wb") as file:
            write_archive(file, builder.build(self.claim, request))
        return path
