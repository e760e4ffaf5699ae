"""A person is erased: nothing of theirs is left, the credit still counts, the ledger verifies."""

import json

import pytest

from lrs.app import create_app
from lrs.dossier.opened import Trusted
from lrs.dossier.verify import verify_dossier
from lrs.erasure import erase
from lrs.ledger.monitor import watch
from lrs.settings import Settings
from lrs.store.erasure import NotErasable
from tests.unit.dossiers import AcceptedClaim
from tests.unit.test_statement_rules import with_
from tests.unit.xapi_service import attachment

PERSONAL = ("李娜", "li.na@example.edu.cn")
CERTIFICATE = b"%PDF-1.7 Li Na's certificate"


@pytest.fixture
def accepted(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app, signed=True, certificate=CERTIFICATE)
    yield accepted
    accepted.service.close()


def persona_of(accepted):
    return accepted.achievement.persona


def fetch_of(accepted):
    client = accepted.app.test_client()
    return lambda path: client.get(f"/ledger/{path}").data


def test_nothing_personal_is_left_and_the_credit_still_counts(accepted, tmp_path):
    agent = json.dumps({"mbox": "mailto:li.na@example.edu.cn"})
    accepted.client(
        "PUT", "activities/state", query={"activityId": "https://a.example/1", "agent": agent,
        "stateId": "s"}, json={"name": "李娜"},
    )  # fmt: skip
    seen = watch(fetch_of(accepted), None)
    old = persona_of(accepted)
    read = accepted.store.database.read()
    (packed,) = read.execute("SELECT body FROM statement WHERE seq = 1").fetchone()
    erased = erase(accepted.store, old, "person:root", "asked to, by letter")
    accepted.work()
    assert (erased.statements, erased.documents, erased.achievements, erased.claims) == (1, 1, 1, 1)
    (new,) = erased.personas.values()
    # The credit counts, of nobody.
    ((_, achievement),) = accepted.store.achievements.page(None, 2)
    assert (achievement.persona, achievement.state, achievement.unit) == (new, "verified", "OUC-1")
    assert accepted.store.exchange.claim(accepted.claim).state == "accepted"
    assert accepted.store.records.persona(old) is None
    # The statement keeps its place and id, and says nothing.
    stored = accepted.store.statements.following(0, 5)[0]
    assert stored.seq == 1
    tombstone = json.loads(stored.body)
    assert tombstone["id"] == accepted.statement
    assert tombstone["verb"]["id"] == "https://erased.invalid/erased"
    assert not [path for path in (tmp_path / "lrs/attachments").rglob("*") if path.is_file()]
    # The chain goes on from what was signed before.
    later = watch(fetch_of(accepted), seen)
    assert later.size > seen.size
    event = accepted.store.audit.page(None, 1)[0]
    assert (event.act.action, event.act.reason) == ("persona.erase", "asked to, by letter")
    assert old not in str(event)
    # Not in the file either, once the log of writes is in it.
    accepted.service.close()
    for path in (tmp_path / "lrs").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert old.encode() not in content, path
            assert packed not in content, path
            for text in PERSONAL:
                assert text.encode() not in content, (path, text)


def test_a_later_dossier_says_when_it_was_erased_and_still_verifies(accepted, tmp_path):
    before = accepted.dossier(tmp_path / "before.zip")
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    accepted.work()
    verdict = verify_dossier(accepted.dossier(tmp_path / "after.zip"), Trusted())
    told = "\n".join(verdict.texts("en"))
    assert verdict.exit_code == 3, told
    assert "erased on 20" in told
    assert "verified (achievement), in the log; what it held was erased" in told
    assert "已于" in "\n".join(verdict.texts("zh-CN"))
    assert verify_dossier(before, Trusted()).exit_code == 0  # whoever holds one still can check it


def test_others_are_left_alone(accepted):
    other = with_("actor.mbox", "mailto:wang@example.edu.cn")
    other["context"] = {"instructor": {"mbox": "mailto:li.na@example.edu.cn"}}
    (kept,) = accepted.client.post_statements([other])
    accepted.work()
    erased = erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert (erased.statements, erased.mentions) == (1, 1)
    assert accepted.client.statement(kept)["actor"]["mbox"] == "mailto:wang@example.edu.cn"
    accepted.work()
    assert len(accepted.store.records.personas(None, 10)) == 1


def test_attachments_that_others_have_are_kept(accepted, tmp_path):
    other = with_("actor.mbox", "mailto:wang@example.edu.cn")
    other["attachments"] = [attachment(CERTIFICATE)]
    assert accepted.client.post_parts([other], [CERTIFICATE]).status_code == 200
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    assert accepted.store.attachments.has(other["attachments"][0]["sha2"])


def test_the_person_is_not_found_any_more_and_may_come_anew(accepted):
    erase(accepted.store, persona_of(accepted), "person:root", "asked to")
    agent = json.dumps({"mbox": "mailto:li.na@example.edu.cn"})
    found = accepted.client("GET", "statements", query={"agent": agent}).json
    assert found["statements"] == []
    again = with_("verb.id", "http://adlnet.gov/expapi/verbs/passed")
    again["result"] = {"success": True, "score": {"scaled": 0.9}}
    accepted.client.post_statements([again])
    accepted.work()
    assert len(accepted.store.achievements.page(None, 5)) == 2


def test_what_cannot_be_erased(accepted):
    with pytest.raises(NotErasable, match="no persona"):
        erase(accepted.store, "nobody", "person:root", "x")


def test_not_while_a_claim_is_on_its_way(tmp_path):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app, answered=False)
    accepted.store.outbox.lease(1, 30)
    with pytest.raises(NotErasable, match="on its way"):
        erase(accepted.store, persona_of(accepted), "person:root", "x")
    assert accepted.store.records.persona(persona_of(accepted)) is not None
    accepted.service.close()
