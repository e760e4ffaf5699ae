"""What the offices of the demonstration keep: employers, consents, audits, subscriber, phone."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice

import msgspec
from joserfc.jwk import ECKey

from lrs.auth.organisations import today
from lrs.demo import population
from lrs.demo.population import EMPLOYERS, NAMESPACE, SEED, Learner
from lrs.imports import devices
from lrs.service import Service
from schemas.audit import Act
from schemas.engagements import Engagement
from schemas.identifiers import identifier_of
from schemas.identity import IdentityLink
from schemas.organisations import Consent, Employment, Organisation, OrganisationKind
from schemas.webhooks import Webhook

DEPARTMENTS = ("生产部", "质量部", "安全环保部", "设备部", "后勤部")
OTHERS: dict[str, tuple[OrganisationKind, str]] = {
    "ouc-training": ("institution", "国家开放大学教育培训中心"),
    "credit-bank": ("bank", "国家开放大学学分银行"),
    "clear-audit": ("auditor", "明鉴会计师事务所"),
}
INTRANET = "https://10.20.0.15/hr/achievements"
"""Where an employer wants to be told, and nobody outside of its network can: such notifications
are set aside."""

YEAR = 365 * 86_400 * 1_000_000


class Offices:
    """Keeps in the store what offices would have entered; once, by whom it is told."""

    def __init__(self, service: Service, registrar: str, second: str, auditor: str) -> None:
        self._service = service
        self._registrar = registrar
        self._second = second
        self._auditor = auditor

    def keep(self, learners: list[Learner]) -> None:
        """Keep everything about learners whom the records know already."""
        self._organisations()
        self._employ(learners)
        self._doubles(learners)
        self._engage()
        key = ECKey.generate_key("P-256").as_dict(private=False)
        jwk = {name: str(key[name]) for name in ("kty", "crv", "x", "y")}
        devices.register(self._service, "周教师的手机", jwk, devices.SOURCE, self._registrar)

    def _act(self, action: str, subject: str) -> Act:
        return Act(principal=self._registrar, action=action, subject=subject)

    def _organisations(self) -> None:
        known = {
            **{number: ("enterprise", name) for number, name in EMPLOYERS.items()},
            **OTHERS,
        }
        for number, (kind, name) in known.items():
            self._service.store.organisations.put(
                msgspec.convert({"id": number, "kind": kind, "name": name}, Organisation),
                self._act("organisation.put", number),
            )

    def _employ(self, learners: list[Learner]) -> None:
        chance = random.Random(SEED + 5)  # noqa: S311 - made-up data
        store = self._service.store
        for some in _classes(learners):
            personas = store.records.personas_of([_account(one) for one in some])
            employments, consents = [], []
            for one in some:
                persona = personas[_account(one)]
                years = timedelta(days=chance.randrange(200, 4000))
                left = date(2026, 1, 31) if chance.random() < 0.03 else None
                employments.append(
                    Employment(
                        organisation=one.employer,
                        persona=persona,
                        since=date(2025, 3, 1) - years,
                        until=left,
                        employee=f"W{one.number[-5:]}",
                        department=chance.choice(DEPARTMENTS),
                    )
                )
                if chance.random() < 0.85:
                    consents.append(
                        Consent(
                            organisation=one.employer,
                            persona=persona,
                            level="records" if chance.random() < 0.2 else "achievements",
                            by=self._registrar,
                            evidence="入职材料袋",
                        )
                    )
            act = self._act("employment.put", some[0].employer)
            store.organisations.employ(employments, today(), act)
            act = self._act("consent.record", some[0].employer)
            store.organisations.consent(consents, today(), act)
            for consent in consents[:: len(consents) // 2]:
                act = self._act("consent.withdraw", consent.organisation)
                act = msgspec.structs.replace(act, persona=consent.persona, reason="本人要求")
                store.organisations.withdraw(consent.organisation, consent.persona, act)

    def _doubles(self, learners: list[Learner]) -> None:
        """A roster names those whom the examination office knows by another identifier."""
        identity = self._service.store.identity
        for one in population.doubles(learners):
            employer = [(one.employer, EMPLOYERS[one.employer])]
            for identifier in (_account(one), f"mbox:{population.mailbox(one)}"):
                identity.link_by_roster(
                    "hr",
                    identifier,
                    identifiers=[identifier],
                    name=one.name,
                    organisations=employer,
                )
        (first,) = identity.suggestions(None, 1)
        identity.propose(
            IdentityLink(
                id=str(uuid.uuid5(NAMESPACE, "proposed link")),
                kind="merge",
                persona=first.other,
                other=first.persona,
                reason="身份证复印件与人事系统一致",
                proposed_by=self._second,
            )
        )

    def _engage(self) -> None:
        now = time.time_ns() // 1000
        for purpose, units, profile in (
            ("2026 年度学分认定抽样审计", [], "full"),
            ("安全生产培训专项核查", ["OUC-SAFE-101"], "pseudonymous"),
        ):
            engagement = msgspec.convert(
                {
                    "id": str(uuid.uuid5(NAMESPACE, purpose)),
                    "auditor": self._auditor,
                    "purpose": purpose,
                    "units": units,
                    "since": now - YEAR,
                    "until": now + YEAR,
                    "profile": profile,
                    "created_by": "command:demo",
                    "ends": now + YEAR // 4,
                },
                Engagement,
            )
            act = Act(principal="command:demo", action="engagement.add", subject=engagement.id)
            self._service.store.engagements.add(engagement, act)


def subscribe(service: Service) -> None:
    """Have an employer's system told what is revoked; it is in a network that is not reached."""
    number = str(uuid.uuid5(NAMESPACE, "subscriber"))
    if service.store.webhooks.webhook(number) is not None:
        return
    webhook = Webhook(
        id=number,
        url=INTRANET,
        kinds=("revoked", "withdrawn"),
        created=time.time_ns() // 1000,
    )
    service.notifier.add(
        webhook, Act(principal="command:demo", action="webhook.add", subject=number)
    )


def _account(learner: Learner) -> str:
    identifier = identifier_of(learner.actor)
    assert identifier is not None  # noqa: S101 - an account
    return identifier


def _classes(learners: list[Learner]) -> Iterator[list[Learner]]:
    """Yield each class: people of one employer."""
    left = iter(learners)
    while some := list(islice(left, population.CLASS_SIZE)):
        yield some
