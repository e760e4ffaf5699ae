"""What every store of issued credentials must do."""

from datetime import UTC, datetime

from msgspec.structs import replace

from schemas.achievements import Renewal
from schemas.issued import IssuedCredential, Place
from tests.contract.racing import each_at_once
from tests.contract.test_achievements import achievement, settle

T = datetime(2026, 5, 1, tzinfo=UTC)


def credential(number=1, **more):
    return IssuedCredential(
        **{
            "id": f"c{number}",
            "achievement": "a-U1-p1",
            "persona": "p1",
            "language": "en",
            "place": Place(list=1, index=number),
            "issued_at": T,
            "evidence_hash": "1" * 64,
            "token": "a.b.c",
            "document": b"{}",
            **more,
        }
    )


def test_a_persona_has_one_subject(store):
    subjects = each_at_once(lambda _: store.credentials.subject_of("p1"), range(4))
    assert len(set(subjects)) == 1
    assert store.credentials.subject_of("p2") not in subjects


def test_places_are_given_out_once(store):
    assert not store.credentials.has_list(1)
    given = each_at_once(lambda _: [store.credentials.reserve_place(8) for _ in range(4)], range(4))
    places = [(one.list, one.index) for some in given for one in some]
    assert len(set(places)) == 16
    assert {index for _, index in places} <= set(range(8))
    assert store.credentials.has_list(1)
    assert store.credentials.has_list(2)


def test_one_credential_stands_for_an_achievement_in_a_language(store):
    settle(store, achievement(state="verified"))
    made = each_at_once(lambda n: store.credentials.add(credential(n)), range(1, 5))
    assert len({one.id for one in made}) == 1
    assert store.credentials.standing("a-U1-p1", "en", made[0].evidence_hash) == made[0]
    assert store.credentials.standing("a-U1-p1", "zh-CN", made[0].evidence_hash) is None
    assert store.credentials.get(made[0].id) == made[0]
    chinese = credential(9, language="zh-CN", issued_at=T.replace(month=6))
    assert store.credentials.add(chinese) == chinese
    assert [one.id for one in store.credentials.of_persona("p1")] == ["c9", made[0].id]


def test_a_credential_stands_as_long_as_its_achievement_with_its_evidence(store):
    verified = achievement(state="verified")
    settle(store, verified)
    made = store.credentials.add(credential())
    assert store.credentials.revoked_places(1) == []
    settle(store, replace(verified, state="revoked"))
    assert store.credentials.revoked_places(1) == [1]
    assert store.credentials.get("c1") == replace(made, revoked=True)
    assert store.credentials.standing("a-U1-p1", "en", made.evidence_hash) is None
    settle(store, replace(verified, evidence_hash="2" * 64))
    assert store.credentials.revoked_places(1) == [1]
    second = store.credentials.add(credential(2, evidence_hash="2" * 64))
    assert store.credentials.standing("a-U1-p1", "en", "2" * 64) == second
    settle(store, verified)
    assert store.credentials.revoked_places(1) == [2]
    assert store.credentials.standing("a-U1-p1", "en", made.evidence_hash) == made


def test_a_credential_added_as_its_achievement_is_revoked_does_not_stand(store):
    for number in range(1, 4):
        verified = achievement(persona=f"p{number}", state="verified")
        settle(store, verified)
        made = credential(number, persona=f"p{number}", achievement=verified.id)
        changes = [
            lambda made=made: store.credentials.add(made),
            lambda verified=verified: settle(store, replace(verified, state="revoked")),
        ]
        each_at_once(lambda change: change(), changes)
    assert store.credentials.revoked_places(1) == [1, 2, 3]


def test_of_a_renewed_achievement_the_credential_before_stands_too(store):
    verified = achievement(state="verified")
    settle(store, verified)
    made = store.credentials.add(credential())
    renewal = Renewal(achieved_at=T, evidence={"s2": "2" * 64}, evidence_hash="3" * 64)
    settle(store, replace(verified, renewals=(renewal,)))
    assert store.credentials.standing("a-U1-p1", "en", "3" * 64) is None
    second = store.credentials.add(credential(2, evidence_hash="3" * 64))
    assert store.credentials.standing("a-U1-p1", "en", "3" * 64) == second
    assert store.credentials.standing("a-U1-p1", "en", "1" * 64) == made
    assert store.credentials.revoked_places(1) == []
    settle(store, verified)
    assert store.credentials.revoked_places(1) == [2]
    settle(store, replace(verified, state="revoked"))
    assert store.credentials.revoked_places(1) == [1, 2]
