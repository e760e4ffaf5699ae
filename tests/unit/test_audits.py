"""Auditors look for a purpose, within a scope, until a date, and each look can be seen."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.app import create_app
from lrs.audits.sampling import rank, sample
from lrs.dossier.opened import Trusted
from lrs.dossier.verify import verify_dossier
from lrs.settings import Settings
from schemas.people import Person
from tests.unit.dossiers import AcceptedClaim
from tests.unit.test_people import ACT, HASHED, sign_in
from tests.unit.test_statement_resource import signed_in

DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@given(
    st.lists(st.uuids().map(str), unique=True, max_size=60), st.integers(1, 20), st.text(max_size=9)
)
def test_a_sample_is_the_same_whatever_order_claims_come_in(claims, size, seed):
    chosen, count = sample(claims, size, seed)
    shuffled = random.sample(claims, len(claims))
    assert sample(shuffled, size, seed) == (chosen, count)
    assert count == len(claims)
    assert chosen == sorted(claims, key=lambda claim: rank(seed, claim))[:size]


def test_the_documented_example_of_a_sample():
    claims = [f"claim-{number}" for number in range(1, 9)]
    assert sample(claims, 3, "42") == (EXAMPLE, 8)
    assert sample(claims, 3, "43")[0] != EXAMPLE


EXAMPLE = ["claim-6", "claim-7", "claim-4"]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    app = create_app(Settings(data=tmp_path_factory.mktemp("lrs"), public_url="http://lrs.example"))
    accepted = AcceptedClaim(app)
    people = accepted.service.store.people
    for name in ("ada", "bob"):
        people.add(Person(id=name, name=name, display_name=name, roles=("auditor",)), ACT)
        people.set_password(name, HASHED, ACT)
    yield accepted
    accepted.service.close()


@pytest.fixture
def admin(accepted):
    return signed_in(accepted.app, "admin", "s3cret")


@pytest.fixture
def ada(accepted):
    client = accepted.app.test_client()
    sign_in(client, "ada")
    return client


def engage(admin, **changes):
    body = {
        "auditor": "person:ada",
        "purpose": "audit of 2026",
        "units": ["OUC-1"],
        "since": (NOW - DAY).isoformat(),
        "until": (NOW + DAY).isoformat(),
        "profile": "pseudonymous",
        "ends": (NOW + DAY).isoformat(),
        **changes,
    }
    answer = admin.post("/api/v1/engagements", json=body)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def test_an_auditor_sees_a_claim_as_far_as_the_purpose_allows(accepted, admin, ada, tmp_path):
    engagement = engage(admin)
    url = f"/api/v1/claims/{accepted.claim}/dossier"
    answer = ada.get(url, query_string={"engagement": engagement, "reason": "drawn by seed 42"})
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    path = tmp_path / "a.zip"
    path.write_bytes(answer.data)
    assert verify_dossier(path, Trusted()).exit_code == 0
    assert "李娜".encode() not in answer.data
    assert b"drawn by seed 42" in answer.data
    # The look is there to be read, with whose data it was and why.
    events = admin.get(f"/api/v1/audit-events?persona={accepted.achievement.persona}").json["items"]
    look = events[0]
    assert (look["principal"], look["action"]) == ("person:ada", "dossier.read")
    assert look["reason"] == "audit of 2026: drawn by seed 42"
    # An auditor's own list of events is not for them to see.
    assert ada.get("/api/v1/audit-events").status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"units": ["OTHER"]},
        {"since": (NOW - 9 * DAY).isoformat(), "until": (NOW - 8 * DAY).isoformat()},
        {"ends": (NOW - DAY).isoformat()},
        {"auditor": "person:bob"},
    ],
)
def test_nothing_is_shown_outside_of_an_engagement(accepted, admin, ada, changes):
    engagement = engage(admin, **changes)
    query = {"engagement": engagement, "reason": "x"}
    answer = ada.get(f"/api/v1/claims/{accepted.claim}/dossier", query_string=query)
    assert answer.status_code in (403, 404)


def test_without_engagement_or_reason_or_after_its_end_nothing_is_shown(accepted, admin, ada):
    url = f"/api/v1/claims/{accepted.claim}/dossier"
    assert ada.get(url, query_string={"reason": "curious"}).status_code == 403
    engagement = engage(admin)
    assert ada.get(url, query_string={"engagement": engagement}).status_code == 400
    ended = admin.post(f"/api/v1/engagements/{engagement}/end", json={"reason": "done"})
    assert ended.json["ended"] is not None
    query = {"engagement": engagement, "reason": "x"}
    assert ada.get(url, query_string=query).status_code == 403
    assert (
        admin.post(f"/api/v1/engagements/{engagement}/end", json={"reason": "x"}).status_code == 404
    )


def test_an_auditor_engages_nobody_and_sees_only_their_own(admin, ada):
    assert ada.post("/api/v1/engagements", json={}).status_code in (400, 403)
    mine, other = engage(admin), engage(admin, auditor="person:bob")
    seen = {one["id"] for one in ada.get("/api/v1/engagements").json["items"]}
    assert mine in seen
    assert other not in seen
    assert ada.get(f"/api/v1/engagements/{other}").status_code == 404
    assert other in {one["id"] for one in admin.get("/api/v1/engagements").json["items"]}
    wrong = admin.post("/api/v1/engagements", json={"auditor": "person:ada"})
    assert {error["path"] for error in wrong.json["errors"]} >= {"purpose", "since", "profile"}


def test_a_sample_is_drawn_from_the_scope_as_of_a_size_of_the_ledger(accepted, admin, ada):
    engagement = engage(admin)
    url = f"/api/v1/engagements/{engagement}/sample"
    drawn = ada.get(url, query_string={"size": 200, "seed": "42"}).json
    assert (drawn["claims"], drawn["population"]) == ([accepted.claim], 1)
    again = ada.get(url, query_string={"size": 200, "seed": "42", "as_of": drawn["as_of"]}).json
    assert again == drawn
    before = ada.get(url, query_string={"size": 200, "seed": "42", "as_of": 1}).json
    assert before["population"] == 0
    assert ada.get(url, query_string={"size": 5, "seed": "1", "unit": "X"}).status_code == 403
    assert ada.get(url, query_string={"size": 5, "seed": "1", "as_of": 99999}).status_code == 404
    assert ada.get(url, query_string={"size": 0, "seed": "1"}).status_code == 400
    actions = [one["action"] for one in admin.get("/api/v1/audit-events").json["items"]]
    assert "sample.draw" in actions


def test_only_administrators_erase(tmp_path, ada):
    accepted = AcceptedClaim(create_app(Settings(data=tmp_path, public_url="http://lrs.example")))
    url = f"/api/v1/personas/{accepted.achievement.persona}/erasure"
    assert ada.post(url, json={"reason": "x"}).status_code == 403
    admin = signed_in(accepted.app, "admin", "s3cret")
    assert admin.post("/api/v1/personas/nobody/erasure", json={"reason": "x"}).status_code == 409
    erased = admin.post(url, json={"reason": "asked to"})
    assert erased.status_code == 200, erased.json
    assert (erased.json["statements"], erased.json["claims"]) == (1, 1)
    assert admin.post(url, json={"reason": "again"}).status_code == 409
    accepted.service.close()
