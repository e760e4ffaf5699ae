"""The figures that pages show are what counting would give, whatever was written."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrs.records.fold import state_of
from lrs.store.achievements import DueEvaluation, Evaluation
from lrs.store.statements import NewStatement
from schemas.achievements import Achievement
from schemas.audit import Act
from tests.contract.projected import event, key, named, project
from tests.contract.test_exchange import BANK, DUE, achievement, claim, receipt

STATES = ("candidate", "verified", "superseded", "revoked")


def one(person, unit, state, month):
    return Achievement(
        id=f"{person}-{unit}",
        persona=str(person),
        unit=unit,
        version=1,
        state=state,
        achieved_at=datetime(2026, month, 9, tzinfo=UTC),
        evidence={"s1": "0" * 64},
        evidence_hash="1" * 64,
    )


CHANGES = st.lists(
    st.builds(
        one,
        st.integers(1, 4),
        st.sampled_from(["U1", "U2"]),
        st.sampled_from(STATES),
        st.integers(1, 3),
    ),
    max_size=25,
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=CHANGES)
def test_achievements_are_counted_by_state_unit_and_month(store, changes):
    held = {found.id: found for _, found in store.achievements.page(None, 1000)}
    store.achievements.settle(
        [
            Evaluation(due=DueEvaluation(changed.persona, changed.unit, 0), achievement=changed)
            for changed in changes
        ]
    )
    held |= {changed.id: changed for changed in changes}
    verified = [found for found in held.values() if found.state == "verified"]
    figures = store.figures
    assert figures.counts("achievement") == Counter(found.state for found in held.values())
    assert figures.counts("verified_of_unit") == Counter(found.unit for found in verified)
    assert figures.counts("verified_in_month") == Counter(
        found.achieved_at.strftime("%Y-%m") for found in verified
    )
    assert figures.total("achievement") == len(held)


def test_claims_and_parked_deliveries_are_counted(store):
    store.exchange.put_receiver(BANK)
    store.achievements.settle([Evaluation(due=DUE, achievement=achievement(), claims=[claim()])])
    assert store.figures.counts("claim") == {"queued": 1}
    (delivery,) = store.outbox.lease(10, 60)
    assert store.figures.counts("claim") == {"sent": 1}
    store.outbox.park(delivery, "no answer")
    assert store.figures.counts("parked") == {"": 1}
    (parked,) = store.outbox.items(None, 10, parked=True)
    act = Act(principal="person:1", action="outbox.retry", subject=str(parked.id))
    assert store.outbox.retry([parked.id], act) == 1
    assert store.figures.counts("parked") == {}
    (delivery,) = store.outbox.lease(10, 60)
    assert store.outbox.settle(delivery, receipt())
    assert store.figures.counts("claim") == {"accepted": 1}
    assert store.figures.counts("parked") == {}


def test_personas_and_records_are_counted(store):
    activities = ("https://a.example", "https://b.example")
    events = [("p1", event(f"s{n}", activity)) for n, activity in enumerate(activities)]
    project(store, events, personas=[named()])
    # The same again counts nothing twice.
    again = {
        key(activity): state_of([one])
        for activity, (_, one) in zip(activities, events, strict=True)
    }
    project(store, personas=[named()], records=again)
    assert store.figures.total("persona") == 1
    assert store.figures.total("record") == 2
    project(store, records={key(activities[0]): None})
    assert store.figures.total("record") == 1


def test_statements_are_counted_by_the_minute(store):
    source = store.sources.add(
        key="lms", name="LMS", provenance="server", scopes=("all",), secret_hash=None
    )
    minute = 60_000_000
    before = store.now() // minute * minute
    for number in range(3):
        store.statements.add(
            source.id,
            [
                NewStatement(
                    id=bytes([number, place] * 8),
                    body=b'{"n":%d}' % place,
                    timestamp=False,
                    keys=frozenset({"verb:v"}),
                )
                for place in range(number + 1)
            ],
        )
    after = store.now() // minute * minute
    minutes = list(range(before - minute, after + 2 * minute, minute))
    counts = store.figures.received_in(minutes)
    assert sum(counts) == 6
    assert counts[0] == counts[-1] == 0
