"""What an organisation sees: the view, its changes in order, and their sums."""

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrs.store.achievements import DueEvaluation, Evaluation
from lrs.store.mongo import sharing as mongo
from lrs.store.organisations import SharedQuery
from lrs.store.sqlite import sharing as sqlite
from lrs.store.sqlite.store import SqliteStore
from schemas.achievements import Achievement, Renewal
from schemas.audit import Act
from schemas.organisations import Consent, Employment, Organisation
from tests.contract.racing import at_once, until_all_is_there

ACT = Act(principal="test", action="tested", subject="it")
TODAY = date(2026, 3, 1)
ACME = SharedQuery(organisation="acme")


def achievement(persona, unit="U1", state="verified", month=1, **rest):
    return Achievement(
        id=f"{persona}-{unit}",
        persona=persona,
        unit=unit,
        version=1,
        state=state,
        achieved_at=datetime(2026, month, 15, tzinfo=UTC),
        evidence_hash="0" * 64,
        **rest,
    )


def settle(store, one):
    due = DueEvaluation(one.persona, one.unit, 0)
    store.achievements.settle([Evaluation(due=due, achievement=one)])


def employ(store, persona, organisation="acme", today=TODAY, **rest):
    rest = {"since": date(2020, 1, 1), **rest}
    store.organisations.employ(
        [Employment(organisation=organisation, persona=persona, **rest)], today, ACT
    )


def consent(store, persona, organisation="acme", level="achievements", today=TODAY, **rest):
    given = Consent(organisation=organisation, persona=persona, level=level, by="test", **rest)
    store.organisations.consent([given], today, ACT)


@pytest.fixture
def acme(store):
    for name in ("acme", "other"):
        store.organisations.put(Organisation(id=name, kind="enterprise", name=name), ACT)
    return store


def seen(store, query=ACME):
    return {one.id for one in store.organisations.shared(query, 0, 1000)}


def test_an_achievement_is_seen_with_both_employment_and_consent_in_any_order(acme):
    settle(acme, achievement("li"))
    employ(acme, "li")
    assert seen(acme) == set()
    consent(acme, "li")
    assert seen(acme) == {"li-U1"}
    settle(acme, achievement("li", "U2"))
    assert seen(acme) == {"li-U1", "li-U2"}
    assert seen(acme, SharedQuery(organisation="other")) == set()
    consent(acme, "wang", "other")
    settle(acme, achievement("wang"))
    assert seen(acme, SharedQuery(organisation="other")) == set()


def test_a_renewal_is_a_change_and_counts_as_no_other_achievement(acme):
    employ(acme, "li")
    consent(acme, "li")
    settle(acme, achievement("li"))
    (before,) = acme.organisations.changes(ACME, 0, 10)
    assert (before.achieved, before.valid_from) == ("2026-01-15", "2026-01-15")
    later = datetime(2026, 6, 30, 23, tzinfo=UTC)
    renewal = Renewal(achieved_at=later, evidence={}, evidence_hash="2" * 64)
    settle(acme, achievement("li", renewals=(renewal,)))
    (after,) = acme.organisations.changes(ACME, before.seq, 10)
    assert (after.achieved, after.valid_from) == ("2026-01-15", "2026-07-01")
    (line,) = acme.organisations.summary(ACME, None, 10)
    assert (line.month, line.count) == ("2026-01", 1)


@pytest.mark.parametrize("how", ["leave", "withdraw", "fall"])
def test_what_is_seen_no_more_leaves_a_tombstone_that_tells_nothing(acme, how):
    settle(acme, achievement("li", score=0.5))
    employ(acme, "li", employee="7", department="line 1")
    consent(acme, "li")
    (before,) = acme.organisations.changes(ACME, 0, 10)
    if how == "leave":
        employ(acme, "li", until=TODAY)
    elif how == "withdraw":
        assert acme.organisations.withdraw("acme", "li", ACT)
        assert not acme.organisations.withdraw("acme", "li", ACT)
    else:
        settle(acme, achievement("li", state="candidate"))
    assert seen(acme) == set()
    (gone,) = acme.organisations.changes(ACME, before.seq, 10)
    assert (gone.id, gone.gone) == ("li-U1", True)
    assert (gone.unit, gone.state, gone.employee, gone.department) == ("", "", "", "")
    assert (gone.score, gone.valid_from) == (None, "")
    assert acme.organisations.summary(ACME, None, 10) == []
    assert acme.organisations.changes(ACME, gone.seq, 10) == []


def test_days_that_come_change_the_view_by_themselves(acme):
    settle(acme, achievement("li"))
    employ(acme, "li", since=date(2026, 3, 5), until=date(2026, 3, 20))
    consent(acme, "li", until=date(2026, 3, 10))
    views = []
    for day in range(1, 25):
        while acme.organisations.settle(date(2026, 3, day), 100):
            pass
        views.append(bool(seen(acme)))
    assert views == [5 <= day < 10 for day in range(1, 25)]


def test_filters_and_sums_agree_with_what_is_seen(acme):
    for persona, department in (("li", "a"), ("wang", "b"), ("zhao", "b")):
        employ(acme, persona, department=department)
        consent(acme, persona)
        settle(acme, achievement(persona, month=1 if persona == "li" else 2))
    settle(acme, achievement("zhao", "U2", "revoked", month=3))
    for which, expected in [
        ({"unit": "U2"}, {"zhao-U2"}),
        ({"department": "b"}, {"wang-U1", "zhao-U1", "zhao-U2"}),
        ({"state": "revoked"}, {"zhao-U2"}),
        ({"since": "2026-02-01", "until": "2026-02-28"}, {"wang-U1", "zhao-U1"}),
        ({"persona": "li"}, {"li-U1"}),
    ]:
        assert seen(acme, replace_query(**which)) == expected
    lines = acme.organisations.summary(ACME, None, 10)
    assert [(x.unit, x.department, x.month, x.state, x.count) for x in lines] == [
        ("U1", "a", "2026-01", "verified", 1),
        ("U1", "b", "2026-02", "verified", 2),
        ("U2", "b", "2026-03", "revoked", 1),
    ]
    first, second = (
        lines[0],
        acme.organisations.summary(ACME, ("U1", "a", "2026-01", "verified"), 1),
    )
    assert [first, *second] == lines[:2]
    assert acme.organisations.summary(replace_query(until="2026-01"), None, 10) == lines[:1]


def replace_query(**rest):
    return SharedQuery(organisation="acme", **rest)


def test_a_department_that_changes_is_a_change_of_each_achievement(acme):
    settle(acme, achievement("li"))
    employ(acme, "li", department="a")
    consent(acme, "li")
    (before,) = acme.organisations.changes(ACME, 0, 10)
    employ(acme, "li", department="a")
    assert acme.organisations.changes(ACME, before.seq, 10) == []
    employ(acme, "li", department="b")
    (after,) = acme.organisations.changes(ACME, before.seq, 10)
    assert after.department == "b"


def test_the_level_is_that_of_a_live_consent(acme):
    assert acme.organisations.level("acme", "li") is None
    employ(acme, "li")
    consent(acme, "li", level="records")
    assert acme.organisations.level("acme", "li") == "records"
    consent(acme, "li", level="achievements")
    assert acme.organisations.level("acme", "li") == "achievements"
    acme.organisations.withdraw("acme", "li", ACT)
    assert acme.organisations.level("acme", "li") is None
    assert acme.organisations.consents_of("li")[0].withdrawn is not None


def test_of_whoever_is_erased_nothing_is_left_but_tombstones_without_a_name(acme):
    settle(acme, achievement("li"))
    employ(acme, "li")
    consent(acme, "li")
    forget = sqlite.forget if isinstance(acme, SqliteStore) else mongo.forget
    acme.database.write(lambda tx: forget(tx, "li"))
    (gone,) = acme.organisations.changes(ACME, 0, 10)
    assert (gone.gone, gone.persona) == (True, "")
    assert acme.organisations.employments("acme", None, 10) == []
    assert acme.organisations.consents_of("li") == []
    assert acme.organisations.summary(ACME, None, 10) == []


PEOPLE = st.sampled_from(["li", "wang", "zhao"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("settle"), PEOPLE, st.sampled_from(["U1", "U2"]),
                  st.sampled_from(["verified", "candidate", "revoked", "superseded"])),
        st.tuples(st.just("employ"), PEOPLE, st.sampled_from(["a", "b"]), st.booleans()),
        st.tuples(st.just("consent"), PEOPLE),
        st.tuples(st.just("withdraw"), PEOPLE),
        st.tuples(st.just("read"), st.integers(1, 3)),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_whoever_follows_the_changes_misses_nothing_and_is_told_nothing_twice(store, steps):
    organisation = f"o{store.now()}"
    store.organisations.put(Organisation(id=organisation, kind="enterprise", name="A"), ACT)
    follower = Follower(store, organisation)
    for kind, *values in steps:
        if kind == "read":
            follower.read(*values)
            continue
        persona = f"{values[0]}-{organisation}"
        if kind == "settle":
            settle(store, achievement(persona, *values[1:]))
        elif kind == "employ":
            department, leaves = values[1:]
            until = TODAY - timedelta(1) if leaves else None
            employ(store, persona, organisation, department=department, until=until)
        elif kind == "consent":
            consent(store, persona, organisation)
        else:
            store.organisations.withdraw(organisation, persona, ACT)
    while follower.read(2):
        pass
    query = SharedQuery(organisation=organisation)
    now = {one.id: one for one in store.organisations.shared(query, 0, 1000)}
    assert follower.copy == now
    sums = sum(one.count for one in store.organisations.summary(query, None, 1000))
    assert sums == len(now)


def test_changes_of_several_writers_are_followed_while_they_are_made(acme, second_store):
    """Two stores of the same data, as two processes have, and a reader in between them all."""
    people = [f"p{number}" for number in range(6)]
    for persona in people:
        employ(acme, persona)
        settle(acme, achievement(persona))

    def flip(store, mine, rounds=16):
        for number in range(rounds):
            for persona in mine:
                if number % 3 == 2:
                    store.organisations.withdraw("acme", persona, ACT)
                else:
                    consent(store, persona)
                settle(store, achievement(persona, state=["verified", "revoked"][number % 2]))

    follower = Follower(acme)
    writers = [
        Thread(target=flip, args=(store, people[at::3]))
        for at, store in enumerate((acme, second_store, second_store))
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        follower.read(3)
    until_all_is_there(acme)
    while follower.read(3):
        pass
    assert len(follower.copy) == len(people)
    assert follower.copy == {one.id: one for one in acme.organisations.shared(ACME, 0, 1000)}


def test_an_achievement_and_a_consent_that_come_at_once_are_seen_together(acme):
    people = [f"p{number}" for number in range(5)]
    for persona in people:
        employ(acme, persona)
        steps = (lambda p=persona: settle(acme, achievement(p)), lambda p=persona: consent(acme, p))
        at_once(lambda n, steps=steps: steps[n](), 2)
    assert {one.persona for one in acme.organisations.changes(ACME, 0, 10)} == set(people)
    assert sum(line.count for line in acme.organisations.summary(ACME, None, 10)) == len(people)


class Follower:
    """Keeps a copy of what an organisation sees by reading changes only."""

    def __init__(self, store, organisation="acme"):
        self.store, self.copy, self.place = store, {}, 0
        self.query = SharedQuery(organisation=organisation)
        self.told = set()

    def read(self, limit):
        found = self.store.organisations.changes(self.query, self.place, limit)
        for one in found:
            assert one.seq > self.place
            self.place = one.seq
            # Each version of a row is told once: its seq is another's never again.
            assert one.seq not in self.told
            self.told.add(one.seq)
            if one.gone:
                self.copy.pop(one.id, None)
            else:
                self.copy[one.id] = one
        return len(found)
