"""Personas that are one person: over the API, from statements to records and back in time."""

import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from adapters.inbound import inbound_adapters
from lrs.cli import lrs
from lrs.records.rebuild import rebuild
from lrs.records.roster_links import RosterLinker
from schemas.rosters import RosterOrganisation, RosterPerson
from tests.unit.records_service import dump, post, project, projector, records_service

WORK, HOME = "mailto:li.na@work.cn", "mailto:lina@home.cn"
QUIZ, COURSE = "https://lms.example/quiz", "https://lms.example/course"
COURSE_TYPE = "http://adlnet.gov/expapi/activities/course"


def did(mbox, verb="completed", activity=QUIZ, at="2026-03-02T08:00:00Z", **rest):
    return {
        "actor": {"mbox": mbox, "name": "李娜"},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
        "object": {"id": activity},
        "context": {
            "contextActivities": {"parent": [{"id": COURSE, "definition": {"type": COURSE_TYPE}}]}
        },
        "timestamp": at,
        **rest,
    }


@pytest.fixture
def service(tmp_path):
    with records_service(tmp_path) as service:
        for key in ("clerk", "chief"):
            service.credentials.ensure(key, "s3cret", name=key)
        yield service


@pytest.fixture
def api(service):
    return Api(service)


class Api:
    def __init__(self, service):
        self.client = service.app.test_client()

    def __call__(self, method, path, status=200, as_="clerk", **rest):
        answer = self.client.open(f"/api/v1{path}", method=method, auth=(as_, "s3cret"), **rest)
        assert answer.status_code == status, answer.json
        return answer.json

    def propose(self, status=201, **link):
        return self("POST", "/identity/links", status, json={"reason": "One card.", **link})

    def confirm(self, link, status=200, as_="chief"):
        path = f"/identity/links/{link['id']}/confirm"
        return self("POST", path, status, as_=as_, json={"reason": "Seen."})


def persona(service, mbox):
    return service.store.records.personas_of([f"mbox:{mbox}"])[f"mbox:{mbox}"]


def records(service, mbox=None, persona_id=None):
    found = service.store.records.records_of(persona_id or persona(service, mbox), None, 100)
    return {record.activity: record for _, record in found}


def merged(service, api):
    post(
        service,
        did(WORK, "initialized"),
        did(HOME, at="2026-03-03T08:00:00Z"),
        did(WORK, activity="https://lms.example/other"),
    )
    project(service)
    work, home = persona(service, WORK), persona(service, HOME)
    link = api.propose(kind="merge", persona=work, other=home)
    api.confirm(link)
    project(service, units_of=lambda: {QUIZ: ["U1"], COURSE: ["U2"]})
    return work, home, link


def test_merged_personas_have_one_record_of_what_both_did(service, api):
    work, home, _ = merged(service, api)
    assert records(service, persona_id=work) == {}
    found = records(service, HOME)
    assert set(found) == {QUIZ, "https://lms.example/other"}
    assert (found[QUIZ].events, found[QUIZ].attempts, found[QUIZ].completion) == (2, 1, True)
    due = {(one.persona, one.unit) for one in service.store.achievements.due(100)}
    assert due == {(one, unit) for one in (work, home) for unit in ("U1", "U2")}
    post(service, did(WORK, "passed", at="2026-03-05T08:00:00Z"))
    project(service)
    assert records(service, HOME)[QUIZ].success is True


def test_an_unmerged_persona_has_back_what_was_its_own(service, api):
    work, _, link = merged(service, api)
    post(service, did(WORK, "passed", at="2026-03-05T08:00:00Z"))
    project(service)
    api.confirm(api.propose(kind="undo", undoes=link["id"]))
    project(service)
    assert persona(service, WORK) == work
    assert records(service, WORK)[QUIZ].success is True
    assert records(service, WORK)[QUIZ].completion is None
    assert records(service, HOME)[QUIZ].events == 1
    generation = service.store.projections.begin().generation
    project(service, generation=generation)
    assert dump(service, 1) == dump(service, generation)


def test_nobody_confirms_what_they_proposed(service, api):
    post(service, did(WORK), did(HOME))
    project(service)
    link = api.propose(kind="merge", persona=persona(service, WORK), other=persona(service, HOME))
    problem = api.confirm(link, status=409, as_="clerk")
    assert "somebody else" in problem["detail"]
    api.confirm(link)
    api.confirm(link, status=409)
    assert api("GET", f"/identity/links/{link['id']}")["decided_by"] == "source:chief"
    assert [one["id"] for one in api("GET", "/identity/links")["items"]] == [link["id"]]
    api("POST", "/identity/links/none/refuse", 404, json={"reason": "?"})


@pytest.mark.parametrize(
    ("proposal", "path"),
    [
        ({"kind": "merge", "persona": "p"}, "other"),
        ({"kind": "undo", "undoes": "l", "persona": "p"}, "persona"),
        ({"kind": "transfer", "identifier": "mbox:mailto:a@b.cn"}, "since"),
        ({"kind": "divorce"}, "kind"),
    ],
)
def test_a_proposal_says_what_its_kind_needs(api, proposal, path):
    problem = api.propose(400, **proposal)
    assert path in [error["path"] for error in problem["errors"]]


def test_an_address_that_changes_hands_parts_the_events_by_time(service, api):
    post(service, did(WORK), did(WORK, "passed", at="2026-06-02T08:00:00Z"))
    project(service)
    first = persona(service, WORK)
    link = api.propose(kind="transfer", identifier=f"mbox:{WORK}", since="2026-05-01T00:00:00Z")
    heir = api.confirm(link)["other"]
    project(service)
    assert persona(service, WORK) == heir != first
    assert records(service, persona_id=first)[QUIZ].success is None
    assert records(service, persona_id=heir)[QUIZ].success is True
    post(service, did(WORK, at="2026-04-01T00:00:00Z"), did(WORK, at="2026-07-01T00:00:00Z"))
    project(service)
    assert records(service, persona_id=first)[QUIZ].events == 2
    assert records(service, persona_id=heir)[QUIZ].events == 2
    rebuild(service.store, inbound_adapters(), dict)
    assert records(service, persona_id=heir)[QUIZ].events == 2


def instant():
    return datetime.now(UTC).isoformat()


def test_records_are_given_as_they_were_known_at_a_time(service, api):
    post(service, did(WORK))
    (late,) = post(service, did(HOME, "passed", at="2026-03-01T08:00:00Z"))
    project(service)
    work, home = persona(service, WORK), persona(service, HOME)
    apart = instant()
    link = api.propose(kind="merge", persona=work, other=home)
    api.confirm(link)
    project(service)
    together = instant()
    voiding = did(WORK, "voided", object={"objectType": "StatementRef", "id": late})
    voiding.pop("context")
    post(service, voiding)
    project(service)
    api.confirm(api.propose(kind="undo", undoes=link["id"]))
    project(service)

    def seen(one, as_of):
        items = api("GET", "/records", query_string={"persona": one, "as_of": as_of})["items"]
        return {item["activity"]: (item["completion"], item["success"]) for item in items}

    assert seen(work, apart) == {QUIZ: (True, None)}
    assert seen(home, apart) == {QUIZ: (None, True)}
    assert seen(home, together) == {QUIZ: (True, True)}
    assert seen(work, together) == {}
    assert seen(work, instant()) == {QUIZ: (True, None)}
    assert seen(home, instant()) == {}
    assert seen(home, "2020-01-01T00:00:00Z") == {}
    api("GET", "/records", 400, query_string={"as_of": apart})


def test_records_as_of_a_time_are_paged(service, api):
    post(service, *(did(WORK, activity=f"{QUIZ}/{n}") for n in range(7)))
    project(service)
    query = {"persona": persona(service, WORK), "as_of": instant(), "limit": 3}
    seen, path = [], "/records"
    while path:
        body = api("GET", path, query_string=query)
        seen += [item["activity"] for item in body["items"]]
        path, query = body.get("next", "").removeprefix("/api/v1"), None
    assert seen == [f"{QUIZ}/{n}" for n in range(7)]


def test_a_merge_of_many_records_is_carried_out_in_steps(service, api):
    post(service, *(did(WORK, activity=f"{QUIZ}/{n}") for n in range(230)), did(HOME))
    project(service)
    work, home = persona(service, WORK), persona(service, HOME)
    api.confirm(api.propose(kind="merge", persona=work, other=home))
    one = projector(service)
    one.step()
    assert 0 < len(records(service, HOME)) < 231
    while one.step():
        pass
    assert records(service, persona_id=work) == {}
    found = service.store.records.records_of(home, None, 1_000)
    assert len(found) == 231


def test_the_file_tells_what_a_learner_did(service, api):
    post(
        service,
        did(WORK, result={"duration": "PT1H", "completion": True}),
        did(WORK, activity="https://lms.example/b", result={"duration": "PT30M"}),
        did(WORK, "passed", COURSE, result={"score": {"scaled": 0.8}}),
    )
    project(service)
    one = persona(service, WORK)
    file = api("GET", f"/personas/{one}/file")
    assert file["persona"]["name"] == "李娜"
    assert file["duration"] == 3_600.0
    assert len(file["records"]["items"]) == 3
    (course,) = file["courses"]["items"]
    assert (course["id"], course["activities"], course["completed"]) == (COURSE, 2, 2)
    assert (course["success"], course["duration"]) == (True, 3_600.0)
    assert [event["kind"] for event in file["timeline"]["items"]].count("completed") == 2
    assert file["achievements"] == f"/api/v1/achievements?persona={one}"
    api("GET", file["achievements"].removeprefix("/api/v1"))
    api("GET", "/personas/none/file", 404)
    api("GET", f"/personas/{one}/programmes/none", 404)
    evidence = api("GET", "/records/evidence", query_string={"persona": one, "activity": QUIZ})
    assert len(evidence["items"]) == 1


def test_personas_are_found_by_name_and_identifier(service, api):
    post(service, did(WORK), did("mailto:wang@work.cn", actor={"mbox": "mailto:w@b.cn"}))
    project(service)
    one = persona(service, WORK)
    for query in ({"name": "李"}, {"identifier": f"mbox:{WORK}"}):
        found = api("GET", "/personas", query_string=query)["items"]
        assert [item["id"] for item in found] == [one]
    assert api("GET", "/personas", query_string={"name": "王"})["items"] == []
    assert api("GET", "/identity/suggestions")["items"] == []


def test_the_command_line_proposes_and_does_not_confirm_its_own(service, api, tmp_path):
    post(service, did(WORK), did(HOME))
    project(service)
    work, home = persona(service, WORK), persona(service, HOME)

    def run(*arguments):
        return CliRunner().invoke(lrs, ["persona", *arguments, "--data", str(tmp_path)])

    made = run("merge", work, home, "--reason", "One card.")
    assert made.exit_code == 0, made.output
    link = made.output.split()[0]
    own = run("confirm", link, "--reason", "I say so.")
    assert own.exit_code == 1
    assert "somebody else" in own.output
    api.confirm({"id": link})
    shown = run("show", f"mbox:{WORK}")
    assert home in shown.output
    assert json.dumps(link)[1:-1] in shown.output
    assert run("show", "nobody").exit_code == 1
    undo = run("unmerge", link, "--reason", "Two cards.")
    assert undo.exit_code == 0, undo.output


def test_what_a_roster_lists_as_one_person_is_linked_in_the_background(service):
    post(service, did(WORK), did(HOME, "passed"))
    project(service)
    identifiers = tuple(sorted((f"mbox:{WORK}", f"mbox:{HOME}")))
    person = RosterPerson(
        id="7",
        name="李娜",
        identifiers=identifiers,
        organisations=(RosterOrganisation(id="work", name="某公司"),),
    )
    service.store.rosters.put("hr", "i1", [person])
    linker = RosterLinker(service.store.rosters, service.store.identity)
    assert linker.step()
    assert not linker.step()
    project(service)
    assert records(service, WORK)[QUIZ].success is True
    assert records(service, WORK)[QUIZ].completion is True
    assert service.store.identity.employers(persona(service, HOME)) == [("work", "某公司")]
    service.store.rosters.end("hr", "person", ["7"])
    assert linker.step()
    assert service.store.identity.employers(persona(service, HOME)) == []
