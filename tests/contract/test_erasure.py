"""What every store of erasures must do: nothing that leads to the person stays, in one go."""

import json
import uuid
from datetime import UTC, date, datetime

import bson
import pytest

from lrs.store.achievements import DueEvaluation, Evaluation, NewClaim
from lrs.store.documents import Document, DocumentKey, DocumentScope
from lrs.store.erasure import NotErasable
from lrs.store.imports import QuarantinePlace, TakenRow
from lrs.store.organisations import SharedQuery
from lrs.store.projections import Projection
from lrs.store.sqlite.store import SqliteStore
from lrs.store.statements import NewStatement, StatementQuery
from lrs.xapi.search_keys import search_keys
from schemas.achievements import Achievement
from schemas.audit import Act
from schemas.identity import IdentityLink
from schemas.imports import Import, ImportRow
from schemas.organisations import Consent, Employment, Organisation
from schemas.people import Person
from schemas.xapi import read_statement
from tests.contract.projected import QUIZ, event, key, named, project
from tests.contract.racing import at_once
from tests.contract.test_exchange import BANK, claim, receipt
from tests.unit.xapi_service import attachment

ACT = Act(principal="person:root", action="persona.erase", subject="it", reason="asked to")
LI, LI_TOO, WANG, ACHIEVEMENT = (str(uuid.uuid5(uuid.NAMESPACE_URL, one)) for one in "abcd")
MAIL = "mailto:li.na@example.edu.cn"
T = datetime(2026, 3, 28, tzinfo=UTC)


def statement(number, mail=MAIL, **rest):
    name = uuid.UUID(int=number)
    body = {
        "id": str(name),
        "actor": {"mbox": mail},
        "verb": {"id": "https://verbs.example/passed"},
        "object": {"id": QUIZ},
        "attachments": [attachment(b"%d" % number)],
        **rest,
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    refers_to = body["object"]["id"] if body["object"].get("objectType") else None
    return NewStatement(
        id=name.bytes,
        body=raw,
        timestamp=False,
        keys=search_keys(read_statement(raw)),
        refers_to=uuid.UUID(refers_to).bytes if refers_to else None,
    )


def referring(number, to):
    target = {"objectType": "StatementRef", "id": str(uuid.UUID(int=to))}
    return statement(number, "mailto:wang@example.edu.cn", object=target)


@pytest.fixture
def li(store):
    """Li, who is two personas, with everything that a store can have of somebody; and Wang."""
    source = store.sources.add(
        key="lms", name="LMS", provenance="server", scopes=("all",), secret_hash=None
    ).id
    instructed = {"context": {"instructor": {"mbox": MAIL}}}
    store.statements.add(
        source,
        [
            statement(1),
            statement(2, "mailto:wang@example.edu.cn", **instructed),
            referring(3, 1),
        ],
    )
    seq = store.statements.following(0, 1)[0].seq
    mine = f"mbox:{MAIL}"
    project(
        store,
        [(LI, event(identifier=mine))],
        personas=[
            named(LI, "李娜", identifier=mine),
            named(LI_TOO, "李娜", identifier="account:https://lms.example|li-na-2"),
            named(WANG, "王伟", identifier="mbox:mailto:wang@example.edu.cn"),
        ],
        steps=seq + 10,
    )
    link = IdentityLink(
        id="link", kind="merge", persona=LI_TOO, other=LI, proposed_by="person:1", reason="one"
    )
    store.identity.propose(link)
    store.identity.decide("link", "person:2", "confirmed", "yes")
    store.documents.change(
        DocumentKey("state", QUIZ, mine, "", "s"),
        lambda old: Document(content_type="text/plain", content=b"Li", updated=0),
    )
    store.people.add(
        Person(id="a1", name="li", display_name="Li", roles=("learner",), persona=LI), ACT
    )
    store.sessions.start(b"token", "person:a1", ACT)
    store.identity_documents.put(LI, b"sealed", ACT)
    store.credentials.subject_of(LI)
    see(store)
    achieve(store)
    take_in(store)
    store.audit.note(Act(principal="person:1", action="read", subject=LI, persona=LI))
    return store


def see(store):
    store.organisations.put(Organisation(id="acme", kind="enterprise", name="ACME"), ACT)
    today = date(2026, 3, 1)
    work = Employment(organisation="acme", persona=LI, since=date(2020, 1, 1), employee="li-7")
    store.organisations.employ([work], today, ACT)
    consent = Consent(organisation="acme", persona=LI, level="achievements", by="person:1")
    store.organisations.consent([consent], today, ACT)


def achievement(state="verified"):
    return Achievement(
        id=ACHIEVEMENT,
        persona=LI,
        unit="U1",
        version=1,
        state=state,
        achieved_at=T,
        score=0.9,
        evidence={str(uuid.UUID(int=1)): "0" * 64},
        evidence_hash="1" * 64,
    )


def achieve(store):
    store.exchange.put_receiver(BANK)
    put = NewClaim(achievement=ACHIEVEMENT, receiver=BANK.name, payload=claim("c1").payload)
    due = DueEvaluation(LI, "U1", 0)
    store.achievements.settle([Evaluation(due=due, achievement=achievement(), claims=[put])])
    (delivery,) = store.outbox.lease(1, 60)
    assert store.outbox.settle(delivery, receipt())


def take_in(store):
    store.imports.add(
        Import(
            id="i",
            name="i.csv",
            sha256="0" * 64,
            kind="attendance",
            by="person:1",
            source="import",
            created=0,
            changed=0,
        )
    )
    rows = [
        ImportRow(number=1, state="quarantined", cells={"e-mail": MAIL.removeprefix("mailto:")}),
        ImportRow(number=2, state="quarantined", cells={"name": "王伟"}),
    ]
    store.imports.advance("i", 0, 1, [TakenRow(row) for row in rows])
    store.imports.finish("i", "done")


def everything(store):
    """All that the store holds, as octets."""
    if isinstance(store, SqliteStore):
        return "\n".join(store.database.read().iterdump()).encode()
    database = store.database
    return b"".join(
        bson.encode(one)
        for name in database._database.list_collection_names()
        for one in database[name].find()
    )


def test_everything_that_leads_to_the_person_goes_and_what_was_earned_counts(li):
    wang = StatementQuery(keys=["agent:mbox:mailto:wang@example.edu.cn"], limit=10)
    erased = li.erasure.erase(LI, ACT)
    assert set(erased.personas) == {LI, LI_TOO}
    counted = (erased.statements, erased.mentions, erased.documents, erased.import_rows)
    # What refers to a statement of theirs was found with it: a mention as well.
    assert counted == (1, 2, 1, 1)
    assert (erased.achievements, erased.claims) == (1, 1)
    assert erased.attachments == (attachment(b"1")["sha2"],)
    new = erased.personas[LI]
    ((_, kept),) = li.achievements.page(None, 10)
    assert (kept.persona, kept.unit, kept.state, kept.score) == (new, "U1", "verified", None)
    assert li.exchange.claim("c1").achievement == kept.id
    assert li.exchange.claim("c1").state == "accepted"
    (fact,) = li.facts.about(new)
    assert (fact.kind, fact.body["achievements"]) == ("erased", [kept.id])
    assert li.audit.page(None, 1)[0].act.subject == new
    assert len(li.statements.find(wang)) == 2
    left = everything(li)
    for text in (LI, LI_TOO, "李娜", "li-na-2", "li-7"):
        assert text.encode() not in left, text


def test_a_statement_becomes_a_tombstone_that_keeps_its_place(li):
    before = li.statements.following(0, 10)
    erased = li.erasure.erase(LI, ACT)
    after = li.statements.following(0, 10)
    assert [(one.seq, one.id, one.stored) for one in after] == [
        (one.seq, one.id, one.stored) for one in before
    ]
    first, second, third = (json.loads(one.body) for one in after)
    assert first["actor"]["account"]["name"] in erased.personas.values()
    assert first["verb"]["id"] == "https://erased.invalid/erased"
    assert (second["actor"], third["actor"]) == ({"mbox": "mailto:wang@example.edu.cn"},) * 2
    of_li = StatementQuery(keys=[f"agent:mbox:{MAIL}"], limit=10)
    assert li.statements.find(of_li) == []
    assert li.statements.get(before[0].id).voided


def test_the_figures_tell_of_those_who_are_left(li):
    assert li.figures.counts("persona") == {"": 2}
    assert li.figures.total("record") == 1
    li.erasure.erase(LI, ACT)
    assert li.figures.counts("persona") == {"": 1}
    assert li.figures.total("record") == 0
    assert li.figures.counts("achievement") == {"verified": 1}
    assert li.figures.counts("claim") == {"accepted": 1}


def test_who_saw_the_person_sees_nothing_and_what_waited_in_quarantine_is_discarded(li):
    li.erasure.erase(LI, ACT)
    (gone,) = li.organisations.changes(SharedQuery(organisation="acme"), 0, 10)
    assert (gone.gone, gone.persona) == (True, "")
    assert li.sessions.of("person:a1") == []
    assert li.people.account("li") is None
    assert li.identity_documents.get(LI) is None
    assert li.documents.ids(DocumentScope("state", QUIZ, f"mbox:{MAIL}", None), None) == []
    row = li.imports.quarantined(QuarantinePlace("i", 1)).row
    assert (row.state, row.cells, row.correction.by) == ("discarded", {}, "erasure")
    assert li.imports.quarantined(QuarantinePlace("i", 2)).row.state == "quarantined"


def test_a_projection_that_was_worked_out_before_is_refused(li):
    since = li.projections.checkpoint()
    li.erasure.erase(LI, ACT)
    assert not li.projections.apply(Projection(since=since, through=since.seq + 1))


def test_an_evaluation_that_was_made_before_is_refused(li):
    epoch = li.projections.checkpoint().epoch
    li.erasure.erase(LI, ACT)
    late = Evaluation(due=DueEvaluation(LI, "U1", 0), achievement=achievement())
    assert not li.achievements.settle([late], epoch)
    assert li.achievements.achievement(ACHIEVEMENT) is None
    assert li.achievements.settle([late], li.projections.checkpoint().epoch)


def test_what_cannot_be_erased_is_left_as_it_was(li):
    before = len(li.audit.page(None, 100))
    with pytest.raises(NotErasable, match="no persona"):
        li.erasure.erase("nobody", ACT)
    with pytest.raises(NotErasable, match="merged into"):
        li.erasure.erase(LI_TOO, ACT)
    due = DueEvaluation(LI, "U1", 0)
    li.achievements.settle([Evaluation(due=due, achievement=achievement("revoked"))])
    with pytest.raises(NotErasable, match="on its way"):
        li.erasure.erase(LI, ACT)
    assert len(li.audit.page(None, 100)) == before
    assert li.statements.find(StatementQuery(keys=[f"agent:mbox:{MAIL}"], limit=10))


def test_not_while_a_file_is_taken_in(li):
    li.imports.add(
        Import(
            id="j",
            name="j.csv",
            sha256="0" * 64,
            kind="attendance",
            by="person:1",
            source="import",
            created=0,
            changed=0,
            held=True,
        )
    )
    with pytest.raises(NotErasable, match="under way"):
        li.erasure.erase(LI, ACT)


def test_of_those_who_erase_a_person_at_once_one_does(li):
    def erase(number):
        try:
            return li.erasure.erase(LI, ACT)
        except NotErasable:
            return None

    assert at_once(erase, 3).count(None) == 2
    assert len([one for one in li.facts.after(0, 1000) if one.kind == "erased"]) == 2


def test_a_consent_that_comes_at_once_shows_nothing_of_who_is_erased(li):
    consent = Consent(organisation="acme", persona=LI, level="achievements", by="person:1")
    steps = (
        lambda: li.erasure.erase(LI, ACT),
        lambda: li.organisations.consent([consent], date(2026, 3, 1), ACT),
    )
    at_once(lambda number: steps[number](), 2)
    assert li.organisations.shared(SharedQuery(organisation="acme"), 0, 10) == []
    assert key(persona=LI) not in li.projections.states(1, [key(persona=LI)])
