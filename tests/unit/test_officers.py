import uuid
from datetime import UTC, datetime

import msgspec
import pytest

from lrs.achievements.officers import DETAILS, Recorders, conflict
from lrs.store.statements import NewStatement
from schemas.achievements import Achievement
from schemas.units import Examined
from tests.contract.test_imports import an_import, taken
from tests.unit.test_statement_rules import GOOD
from tests.unit.unit_service import COURSE, QUIZ, UnitService, learner, person, unit


@pytest.fixture
def lrs(tmp_path):
    lrs = UnitService(tmp_path)
    yield lrs
    lrs.service.close()


@pytest.fixture
def waiting(lrs):
    lrs.publish(unit(officer=True))
    lrs.post(*(learner(number) for number in range(3)))
    return lrs


def queue(client, query=""):
    answer = client.get(f"/api/v1/officer-queue?{query}")
    assert answer.status_code == 200, answer.json
    return answer.json["items"]


def decide(client, achievement, verdict="approve", reason="seen", **more):
    return client.post(
        f"/api/v1/achievements/{achievement}/decision",
        json={"verdict": verdict, "reason": reason, **more},
    )


def test_candidates_wait_in_the_queue_the_longest_first_with_pages(waiting):
    found = queue(waiting.officer)
    assert len(found) == 3
    assert [one["title"]["en"] for one in found] == ["U1"] * 3
    since = [(one["waiting_since"], one["achievement"]["id"]) for one in found]
    assert since == sorted(since)
    page = waiting.officer.get("/api/v1/officer-queue?limit=2").json
    rest = waiting.officer.get(page["next"]).json
    assert page["items"] + rest["items"] == found


def test_the_queue_is_narrowed_to_a_unit_or_a_course(waiting):
    waiting.publish(unit("U2", officer=True))
    assert len(queue(waiting.officer)) == 6
    assert {one["achievement"]["unit"] for one in queue(waiting.officer, "unit=U2")} == {"U2"}
    assert len(queue(waiting.officer, f"course={COURSE}")) == 6
    assert len(queue(waiting.officer, f"course={COURSE}&unit=U1")) == 3
    assert queue(waiting.officer, f"course={QUIZ}") == []


def test_approval_verifies_with_fact_audit_event_and_decision(waiting):
    first = queue(waiting.officer)[0]["achievement"]
    answer = decide(waiting.officer, first["id"], reason="the sheet is signed")
    assert (answer.status_code, answer.json["outcome"]) == (200, "decided")
    assert waiting.store.achievements.achievement(first["id"]).state == "verified"
    assert waiting.facts().count(("verified", "U1")) == 1
    (event,) = waiting.store.audit.page(None, 10, persona=first["persona"])
    assert (event.act.action, event.act.principal) == ("achievement.approve", "source:officer")
    assert event.act.reason == "the sheet is signed"
    (told,) = waiting.officer.get(f"/api/v1/achievements/{first['id']}/decisions").json["items"]
    assert (told["verdict"], told["evidence_hash"]) == ("approve", first["evidence_hash"])
    assert len(queue(waiting.officer)) == 2
    again = decide(waiting.officer, first["id"])
    assert (again.status_code, again.json["detail"]) == (409, DETAILS["not_waiting"])


def test_a_decision_on_evidence_that_has_changed_is_not_written(waiting):
    first = queue(waiting.officer)[0]["achievement"]
    answer = decide(waiting.officer, first["id"], evidence_hash="0" * 64)
    assert (answer.status_code, answer.json["detail"]) == (409, DETAILS["changed"])
    assert len(queue(waiting.officer)) == 3
    assert decide(waiting.officer, "nothing").status_code == 404


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"verdict": "perhaps", "reason": "x"}, "verdict"),
        ({"verdict": "approve"}, "reason"),
        ({"verdict": "approve", "reason": "  "}, "reason"),
        ({"verdict": "approve", "reason": "x", "colour": "red"}, "colour"),
    ],
)
def test_a_decision_without_its_fields_is_refused_by_name(waiting, body, path):
    answer = waiting.officer.post("/api/v1/achievements/x/decision", json=body)
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json["errors"]] == [path]


def test_nobody_decides_on_what_they_recorded(waiting):
    first = queue(waiting.lms)[0]["achievement"]
    answer = decide(waiting.lms, first["id"])
    assert (answer.status_code, answer.json["detail"]) == (403, DETAILS["recorded"])
    assert waiting.store.achievements.decisions(first["id"]) == []


def test_nobody_decides_on_their_own(waiting, monkeypatch):
    first, second, _ = (one["achievement"] for one in queue(waiting.officer))
    with waiting.acting(person(persona=first["persona"]), monkeypatch) as client:
        assert decide(client, first["id"]).json["detail"] == DETAILS["own"]
        assert decide(client, second["id"]).status_code == 200


def test_nobody_decides_on_whom_they_examined(lrs, monkeypatch):
    lrs.publish(unit(rule=Examined(activity=COURSE), officer=True))
    examiner = {"mbox": "mailto:examiner@example.edu.cn"}
    lrs.post(
        learner("examiner"),
        learner(
            1,
            verb={"id": "http://adlnet.gov/expapi/verbs/passed"},
            context={**GOOD.get("context", {}), "instructor": examiner},
        ),
    )
    (one,) = queue(lrs.officer)
    (persona,) = set(
        lrs.store.records.personas_of(["mbox:mailto:examiner@example.edu.cn"]).values()
    )
    with lrs.acting(person(persona=persona), monkeypatch) as client:
        assert decide(client, one["achievement"]["id"]).json["detail"] == DETAILS["examined"]
    with lrs.acting(person(2), monkeypatch) as client:
        assert decide(client, one["achievement"]["id"]).status_code == 200


def test_four_eyes_by_themselves():
    achievement = Achievement(
        id="a",
        persona="p",
        unit="U",
        version=1,
        state="candidate",
        achieved_at=datetime(2026, 3, 2, tzinfo=UTC),
        evidence_hash="0",
    )
    recorders = Recorders(frozenset({"source:lms"}), frozenset({"mbox:mailto:e@x.cn"}))
    assert conflict(person(), (), achievement, recorders) is None
    assert conflict(person(persona="p"), (), achievement, recorders) == "own"
    assert conflict(person(), ("mbox:mailto:e@x.cn",), achievement, recorders) == "examined"


def test_nobody_decides_on_what_they_imported(waiting):
    first, second = queue(waiting.officer)[:2]
    (evidence,) = first["achievement"]["evidence"]
    store = waiting.store
    stored = store.statements.get(uuid.UUID(evidence).bytes)
    again = NewStatement(id=stored.id, body=stored.body, timestamp=True, keys=frozenset())
    store.imports.add(msgspec.structs.replace(an_import(), by="source:officer"))
    store.imports.advance("a", 0, stored.source, [taken(1, again)])
    refused = decide(waiting.officer, first["achievement"]["id"])
    assert (refused.status_code, refused.json["detail"]) == (403, str(DETAILS["recorded"]))
    assert decide(waiting.officer, second["achievement"]["id"]).status_code == 200


def test_only_officers_enter(waiting, monkeypatch):
    with waiting.acting(person(1, "trainer"), monkeypatch) as client:
        assert client.get("/api/v1/officer-queue").status_code == 403
        assert decide(client, "x").status_code == 403
    with waiting.acting(person(1, "reader"), monkeypatch) as client:
        assert decide(client, "x").status_code == 403


def test_a_class_is_decided_at_once_and_each_is_told(waiting):
    ids = [one["achievement"]["id"] for one in queue(waiting.officer)]
    decide(waiting.officer, ids[1], "refuse")
    body = {
        "decisions": [
            {"achievement": one, "verdict": "approve", "reason": "class of March"}
            for one in [*ids, "nothing"]
        ]
    }
    items = waiting.officer.post("/api/v1/achievement-decisions", json=body).json["items"]
    assert [one["outcome"] for one in items] == ["decided", "not_waiting", "decided", "unknown"]
    states = [waiting.store.achievements.achievement(one).state for one in ids]
    assert states == ["verified", "refused", "verified"]


def test_a_refusal_stands_until_something_new_is_said(waiting):
    first = queue(waiting.officer)[0]["achievement"]
    decide(waiting.officer, first["id"], "refuse", "the practice was not done")
    waiting.store.achievements.mark_of_persona(first["persona"])
    waiting.settle()
    kept = waiting.store.achievements.achievement(first["id"])
    assert (kept.state, kept.reason) == ("refused", "the practice was not done")
    assert ("refused", "U1") in waiting.facts()
    [statement] = kept.evidence
    number = next(
        n
        for n in range(3)
        if f"mbox:mailto:{n}@example.edu.cn"
        in waiting.store.records.persona(first["persona"]).identifiers
    )
    waiting.post(learner(number, timestamp="2026-05-02T08:00:00Z"))
    again = waiting.store.achievements.achievement(first["id"])
    assert (again.state, again.reason) == ("candidate", None)
    assert statement in again.evidence
    assert len(queue(waiting.officer)) == 3


def test_who_is_asked_for_more_waits_for_the_learner(waiting):
    first = queue(waiting.officer)[0]["achievement"]
    assert decide(waiting.officer, first["id"], "ask", "send the photograph").status_code == 200
    assert len(queue(waiting.officer)) == 2
    kept = waiting.store.achievements.achievement(first["id"])
    assert (kept.state, kept.asked) == ("candidate", True)


def test_other_evidence_than_was_approved_needs_an_officer_again(lrs):
    lrs.publish(unit(officer=True))
    old, _ = lrs.post(learner(1), learner(1, timestamp="2026-05-02T08:00:00Z"))
    (one,) = queue(lrs.officer)
    decide(lrs.officer, one["achievement"]["id"])
    bound = set(lrs.store.achievements.achievement(one["achievement"]["id"]).evidence)
    lrs.void(bound.pop())
    (again,) = queue(lrs.officer)
    assert again["achievement"]["state"] == "candidate"
    assert lrs.facts().count(("revoked", "U1")) == 1
    assert old is not None
