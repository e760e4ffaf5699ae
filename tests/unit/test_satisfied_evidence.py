"""A course that we found satisfied rests on what satisfied it, not only on the last statement."""

from datetime import datetime

import pytest

from schemas.audit import Act
from schemas.courses import AssignableUnit, CourseStructure
from schemas.units import Completed
from tests.unit.test_cmi5_lms import PUBLISHER, told
from tests.unit.test_verified import equivalence
from tests.unit.unit_service import UnitService, signed_in, unit

COURSE = f"{PUBLISHER}/course"


@pytest.fixture
def lrs(tmp_path):
    """A course of two parts, each completed under another source: the first, then the second."""
    lrs = UnitService(tmp_path)
    units = tuple(
        AssignableUnit(id=f"{PUBLISHER}/au/{number}", url="x", move_on="Completed")
        for number in (1, 2)
    )
    lrs.store.courses.put(
        CourseStructure(standard="cmi5", id=COURSE, titles={"en": "Geology"}, nodes=units)
    )
    lrs.publish(unit(rule=Completed(activity=COURSE)))
    lrs.service.credentials.ensure("second", "s3cret", name="Second")
    (lrs.first,) = lrs.post(told("completed", 1, 1))
    lrs.lms = signed_in(lrs.app, "second", "s3cret")
    (lrs.last,) = lrs.post(told("completed", 2, 9, session="s2"))
    yield lrs
    lrs.service.close()


def state(lrs):
    (achievement,) = [one for one in lrs.achieved() if one.unit == "U1"]
    return achievement.state


def test_the_evidence_is_all_that_satisfied_it(lrs):
    (achievement,) = lrs.achieved()
    assert set(achievement.evidence) == {lrs.first, lrs.last}
    assert achievement.achieved_at == datetime.fromisoformat("2026-03-02T08:09:00Z")
    (persona,) = lrs.store.records.personas(None, 2)
    explained = lrs.officer.get(f"/api/v1/personas/{persona.id}/units/U1/explanation").json
    assert any(lrs.first in line and lrs.last in line for line in explained["text"])


@pytest.mark.parametrize("which", ["first", "last"])
def test_voiding_what_it_rests_on_reopens_it(lrs, which):
    lrs.void(getattr(lrs, which))
    assert state(lrs) == "revoked"


@pytest.mark.parametrize("key", ["lms", "second"])
def test_a_key_in_other_hands_reopens_it_whichever_part_it_signed_in(lrs, key):
    act = Act(principal="source:officer", action="source.revoke", subject=key)
    lrs.store.sources.revoke(key, act, 0)
    lrs.settle()
    assert state(lrs) == "revoked"


def test_what_it_rests_on_earns_credit_once_in_equivalent_units(lrs):
    other = unit("C1", Completed(activity="https://lms.example/activity/1"))
    lrs.store.equivalences.publish(equivalence(both_ways=False))
    lrs.publish(other)
    (persona,) = lrs.store.records.personas(None, 2)
    told_of = lrs.officer.get(f"/api/v1/personas/{persona.id}/units/C1/explanation").json
    assert told_of["rule"]["refused"][0]["reason"] == "already_counted"
