"""Retention: what is too old goes, and nothing that something rests on."""

import json

import pytest
from click.testing import CliRunner

from adapters.inbound import inbound_adapters
from lrs import retention
from lrs.app import create_app
from lrs.cli import lrs
from lrs.dossier.opened import Trusted
from lrs.dossier.verify import verify_dossier
from lrs.records.rebuild import rebuild
from lrs.settings import Settings
from schemas.audit import Act
from schemas.retention import Policy
from tests.unit.dossiers import AcceptedClaim
from tests.unit.records_service import dump
from tests.unit.test_statement_rules import with_
from tests.unit.unit_service import QUIZ, UnitService, learner, unit
from tests.unit.xapi_service import attachment

REPORT, CERTIFICATE = b"%PDF a report", b"%PDF a certificate"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Every day is over at once."""
    monkeypatch.setattr(retention, "DAY", 0)


@pytest.fixture
def units(tmp_path):
    units = UnitService(tmp_path)
    yield units
    units.service.close()


def apply(store, data_class):
    act = Act(principal="person:1", action="retention.set", subject=data_class)
    store.retention.put(data_class, 400, act)
    policy = store.retention.policies()[data_class]
    while not retention.apply(store, policy):
        pass
    return store.retention.policies()[data_class]


def bodies(store):
    return [json.loads(one.body) for one in store.statements.following(0, 100)]


def gone(store):
    return [one["verb"]["id"] == "https://erased.invalid/expired" for one in bodies(store)]


def other_activity(number, activity=QUIZ):
    return learner(number, object={"id": activity})


def test_old_statements_go_and_records_are_as_if_made_anew(units):
    units.post(learner(1), other_activity(1), learner(2))
    done = apply(units.store, "statements")
    assert (done.removed, done.kept) == (3, 0)
    assert gone(units.store) == [True, True, True]
    units.settle()
    assert units.store.database.read().execute("SELECT count(*) FROM event").fetchone()[0] == 0
    units.post(learner(1), learner(3))
    assert_rebuilt_alike(units)
    found = units.lms.get("/xapi/statements", query_string={"activity": QUIZ}).json
    assert found["statements"] == []


def assert_rebuilt_alike(units):
    def projected():
        generation = units.store.projections.checkpoint().generation
        found = dump(units.service, generation)
        del found["unrecognised"]  # counts what tombstones are, too
        return found

    before = projected()
    rebuild(units.store, inbound_adapters(), dict)
    assert projected() == before


def test_a_record_keeps_the_statements_that_evidence_is_among(units):
    units.publish(unit())
    first = learner(1)
    units.post(first, other_activity(1), learner(2, verb={"id": "http://a.example/x"}))
    units.post(learner(1))
    (achievement,) = units.achieved()
    done = apply(units.store, "statements")
    assert gone(units.store) == [False, True, True, False]
    assert (done.removed, done.kept) == (2, 2)
    units.settle()
    assert units.achieved() == [achievement]
    assert_rebuilt_alike(units)


def test_evidence_of_what_was_revoked_stays_as_the_ledger_holds_it(units):
    units.publish(unit())
    (statement,) = units.post(learner(1))
    units.void(statement)
    assert units.states() == {("U1", 1): "revoked"}
    apply(units.store, "statements")
    assert gone(units.store) == [False, False]


def test_what_records_do_not_know_yet_stays(units):
    answer = units.lms.post("/xapi/statements", json=[learner(1)])
    assert answer.status_code == 200
    assert apply(units.store, "statements").kept == 1
    assert gone(units.store) == [False]


def test_a_statement_that_voids_stays_and_so_does_its_effect(units):
    (statement,) = units.post(learner(1))
    units.void(statement)
    apply(units.store, "statements")
    units.settle()
    assert gone(units.store) == [True, False]
    assert units.store.statements.voided_by(units.store.statements.following(0, 1)[0].id) == 2


def test_inactive_personas_are_erased_unless_they_hold_something(units):
    units.publish(unit())
    units.post(learner(1), other_activity(2))
    assert len(units.achieved()) == 1
    done = apply(units.store, "inactive_personas")
    assert (done.removed, done.kept) == (1, 1)
    assert [one["verb"]["id"].endswith("/erased") for one in bodies(units.store)] == [False, True]
    ((_, act),) = [
        (one.seq, one.act)
        for one in units.store.audit.page(None, 20)
        if one.act.action == "persona.erase"
    ]
    assert act.principal == "retention"
    assert len(units.store.records.personas(None, 10)) == 1


def post_with(client, statement, content):
    statement = {**statement, "attachments": [attachment(content)]}
    assert client.post_parts([statement], [content]).status_code == 200


def test_attachments_go_unless_a_statement_that_stays_has_the_same(tmp_path, monkeypatch):
    app = create_app(Settings(data=tmp_path / "lrs", public_url="https://lrs.example"))
    accepted = AcceptedClaim(app, signed=True, certificate=CERTIFICATE)
    other = with_("actor.mbox", "mailto:wang@example.edu.cn")
    elsewhere = {**other, "object": {"id": QUIZ}}
    post_with(accepted.client, elsewhere, REPORT)
    post_with(accepted.client, elsewhere, CERTIFICATE)
    accepted.work()
    before = accepted.dossier(tmp_path / "before.zip")
    assert retention_look(accepted.store, "attachments") >= {attachment(REPORT)["sha2"]}
    apply(accepted.store, "attachments")
    has = accepted.store.attachments.has
    assert not has(attachment(REPORT)["sha2"])
    assert has(attachment(CERTIFICATE)["sha2"])
    # What the claim rests on can still be checked, and so after the statements of others are gone.
    assert verify_dossier(before, Trusted()).exit_code == 0
    apply(accepted.store, "statements")
    accepted.work()
    assert verify_dossier(accepted.dossier(tmp_path / "after.zip"), Trusted()).exit_code == 0
    accepted.service.close()


def retention_look(store, data_class):
    found = retention.pieces(store, data_class, store.now() + 1)
    return {one for piece in found for one in piece.items}


def test_the_next_to_apply_is_what_is_under_way_then_what_is_a_day_old(monkeypatch):
    monkeypatch.setattr(retention, "DAY", 100)
    policies = {
        "sessions": Policy(data_class="sessions", days=3, begun=1, ended=950),
        "documents": Policy(data_class="documents", days=3, begun=1, ended=900),
        "quarantine": Policy(data_class="quarantine"),
    }
    assert retention.next_to_apply(policies, 1000).data_class == "documents"
    policies["sessions"] = Policy(data_class="sessions", days=3, begun=960)
    assert retention.next_to_apply(policies, 1000).data_class == "sessions"
    assert retention.next_to_apply({"quarantine": policies["quarantine"]}, 1000) is None


def test_the_command_sets_plans_and_applies(units, tmp_path):
    units.post(learner(1))

    def run(*arguments):
        return CliRunner().invoke(lrs, ["retention", *arguments, f"--data={tmp_path}"])

    assert "kept for good" in run("plan", "statements").output
    assert "1 older than" in run("plan", "statements", "--days", "400").output
    assert run("set", "statements", "30").exit_code == 2
    assert "kept for 400 days" in run("set", "statements", "400", "--reason", "rule 7").output
    assert "statements: 1 removed, 0 stay" in run("apply").output
    assert "for good" in run("keep", "statements").output
    assert "statements" in run("list").output
    reasons = [one.act.reason for one in units.store.audit.page(None, 5)]
    assert "rule 7" in reasons


def test_the_api_sets_and_plans(units):
    units.post(learner(1))
    assert {one["days"] for one in units.lms.get("/api/v1/retention").json["items"]} == {None}
    wrong = units.lms.put("/api/v1/retention/sessions", json={"days": 0, "reason": "x"})
    short = units.lms.put("/api/v1/retention/statements", json={"days": 10, "reason": "x"})
    assert (wrong.status_code, short.status_code) == (400, 400)
    assert "365" in short.json["errors"][0]["rule"]
    assert units.lms.put("/api/v1/retention/x", json={"days": 9, "reason": "x"}).status_code == 404
    plan = units.lms.get("/api/v1/retention/statements/plan?days=400").json
    assert (plan["removed"], plan["kept"], plan["more"]) == (1, 0, False)
    put = units.lms.put("/api/v1/retention/statements", json={"days": 400, "reason": "rule 7"})
    assert (put.status_code, put.json["days"]) == (200, 400)
