"""Programmes, credits under caps, and conversions: the examples as a learner meets them."""

import re
import textwrap
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from lrs.achievements.catalogue import catalogue_of
from lrs.achievements.condition_schema import ConditionField
from lrs.achievements.conversion import convert
from lrs.achievements.credit_sum import count, eligible, maximum
from lrs.achievements.earned import Background, Earned
from lrs.achievements.evaluate import evaluate
from lrs.achievements.explain import explain
from lrs.achievements.located_yaml import read_located
from lrs.achievements.publishing import between
from lrs.achievements.units_file import read_units_file
from schemas.achievements import Achievement
from schemas.equivalences import ConversionCap, Equivalence
from schemas.units import CreditCap, CreditMinimum, Credits, Period

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "units"
AS_OF = datetime(2030, 1, 1, tzinfo=UTC)
SEMESTERS = [datetime(2022 + n // 2, 4 if n % 2 == 0 else 10, 1, tzinfo=UTC) for n in range(12)]


def example(name):
    return read_units_file((EXAMPLES / name).read_text("utf-8"), name)


BANK = {unit.code: unit for unit in example("academic-credit-bank.yaml").units}


def earned(code, moment, *, basis=(), converted=False, credits=None):
    unit = BANK[f"ACBS-{code}"]
    return Earned(
        id=code,
        unit=unit.code,
        credits=unit.credits if credits is None else credits,
        route=unit.route,
        awarding_body=unit.awarding_body,
        achieved_at=moment,
        basis=basis,
        converted=converted,
        evidence=(f"s-{code}",),
    )


COURSES = ("MAJ-1", "GEN-1", "MAJ-2", "GEN-2", "MAJ-3", "MAJ-4")
OTHERS = ("MAJ-5", "CERT-1", "CERT-2", "CERT-3", "GEN-3", "SCHOOL-1")


def everything(*without):
    """What a learner has earned who takes two modules a year, one each half-year."""
    codes = [code for code in (*COURSES, *OTHERS) if code not in without]
    return [earned(code, SEMESTERS[place]) for place, code in enumerate(codes)]


def decide(degree, achieved):
    return evaluate(BANK[f"ACBS-{degree}"], [], AS_OF, Background(earned=tuple(achieved)))


def test_a_bachelors_degree_of_140_credits():
    decision = decide("BACHELOR", everything())
    assert decision.met
    assert [share.met for share in decision.rule.shares] == [True] * 3
    assert {share.minimum.at_least for share in decision.rule.shares} == {60, 30, 18}
    assert decision.achieved_at == max(
        one.achieved_at for one in everything() if one.id in decision.achievements
    )
    fewer = [one for one in everything() if one.id in decision.achievements]
    for one in fewer:
        assert not decide("BACHELOR", [other for other in fewer if other is not one]).met


@pytest.mark.parametrize(
    ("achieved", "short"),
    [
        (everything("SCHOOL-1", "CERT-3", "MAJ-4"), "total"),
        (
            [
                *everything("MAJ-1", "MAJ-2", "MAJ-3", "MAJ-4"),
                earned("HERITAGE-1", SEMESTERS[11], credits=60),
            ],
            "major",
        ),
        (
            [*everything("GEN-1", "GEN-3"), earned("HERITAGE-1", SEMESTERS[11], credits=30)],
            "general",
        ),
        (
            [
                *everything("MAJ-1", "MAJ-2", "MAJ-3", "MAJ-4", "GEN-1"),
                earned("MAJ-5", SEMESTERS[11], credits=60),
                earned("GEN-3", SEMESTERS[11], credits=30),
            ],
            "accredited",
        ),
    ],
)
def test_each_sum_is_asked_for_by_itself(achieved, short):
    achieved = list({one.id: one for one in achieved}.values())
    decision = decide("BACHELOR", achieved)
    assert not decision.met
    assert decision.rule.reason == "too_few_credits"
    met = [decision.rule.parameters["have"] >= 140, *(one.met for one in decision.rule.shares)]
    assert not met[("total", "major", "general", "accredited").index(short)]


def test_no_more_than_three_certificates_count():
    certificates = ("CERT-1", "CERT-2", "CERT-3", "CERT-4")
    achieved = [earned(code, SEMESTERS[place]) for place, code in enumerate(certificates)]
    bachelor, associate = decide("BACHELOR", achieved), decide("ASSOCIATE", achieved)
    assert bachelor.rule.parameters == {"have": 52, "at_least": 140, "earned": 56}
    assert associate.rule.parameters["have"] == 38


def test_no_more_than_105_credits_of_one_institution_count():
    rich = [earned("MAJ-5", SEMESTERS[0], credits=80), earned("GEN-3", SEMESTERS[1], credits=60)]
    decision = decide("BACHELOR", rich)
    assert decision.rule.parameters["have"] == 105
    assert decision.rule.parameters["earned"] == 140


def test_no_more_than_24_credits_of_courses_in_a_half_year_and_42_in_a_year_count():
    day = datetime(2024, 3, 1, tzinfo=UTC)
    one_half = [earned(code, day) for code in ("MAJ-1", "MAJ-2", "MAJ-3")]
    assert decide("BACHELOR", one_half).rule.parameters["have"] == 24
    later = datetime(2025, 2, 20, tzinfo=UTC)
    year = [*one_half, *(earned(code, later) for code in ("GEN-1", "GEN-2"))]
    assert decide("BACHELOR", year).rule.parameters["have"] == 42
    next_year = [*one_half, *(earned(code, day + timedelta(days=366)) for code in ("GEN-1",))]
    assert decide("BACHELOR", next_year).rule.parameters["have"] == 36


def test_an_associates_degree_of_80_credits():
    decision = decide("ASSOCIATE", everything())
    assert decision.met
    assert {share.minimum.at_least for share in decision.rule.shares} == {45, 15, 18}
    assert decision.achieved_at < decide("BACHELOR", everything()).achieved_at


def test_what_is_missing_of_a_degree_is_told_in_words():
    lines = explain(
        BANK["ACBS-BACHELOR"], decide("BACHELOR", everything("SCHOOL-1", "CERT-3", "MAJ-4")), "en"
    )
    assert lines[0].startswith("✗ Bachelor of business administration (ACBS-BACHELOR")
    assert lines[1] == "  ✗ 135 of 140 credits count (135 earned)"
    assert "    ✓ of which major: 60 of 60" in lines
    chinese = explain(BANK["ACBS-BACHELOR"], decide("BACHELOR", everything()), "zh-CN")
    assert "    ✓ 其中 general：30 / 30" in chinese


def test_of_a_conversion_and_what_it_came_from_one_counts():
    achieved = [
        earned("MAJ-1", SEMESTERS[0]),
        earned("GEN-1", SEMESTERS[1], basis=("MAJ-1",), converted=True, credits=15),
    ]
    assert decide("BACHELOR", achieved).rule.parameters["have"] == 15


CATEGORIES = ("major", "general")
ROUTES = ("course", "certificate")
BODIES = ("A", "B")
MANY = st.lists(
    st.builds(
        lambda place, credits, route, body, month: Earned(
            id=f"{place}",
            unit=f"{CATEGORIES[place % 2]}-{place}",
            credits=credits,
            route=route,
            awarding_body=body,
            achieved_at=datetime(2026, month, 15, tzinfo=UTC),
        ),
        st.integers(0, 9),
        st.sampled_from([0.5, 1.0, 2.0, 3.0]),
        st.sampled_from(ROUTES),
        st.sampled_from(BODIES),
        st.integers(1, 12),
    ),
    max_size=7,
    unique_by=lambda one: one.id,
)
CAPS = st.lists(
    st.builds(
        CreditCap,
        category=st.sampled_from([(), ("major",)]),
        route=st.sampled_from([(), ("course",)]),
        per=st.sampled_from([None, "awarding_body", "year", "half_year"]),
        credits=st.sampled_from([1.0, 2.5, 4.0]),
    ),
    max_size=3,
).map(tuple)
SUMS = st.builds(
    Credits,
    at_least=st.sampled_from([3.0, 6.0]),
    units=st.just({name: tuple(f"{name}-{place}" for place in range(10)) for name in CATEGORIES}),
    of_which=st.sampled_from(
        [
            (),
            (CreditMinimum(at_least=2.0, category=("major",)),),
            (
                CreditMinimum(at_least=2.0, category=("major",)),
                CreditMinimum(at_least=1.0, route=("certificate",)),
            ),
        ]
    ),
    caps=CAPS,
)


@given(SUMS, MANY, st.data())
def test_more_achievements_never_count_for_less(condition, achieved, data):
    fewer = [one for one in achieved if data.draw(st.booleans())]
    less = count(condition, eligible(condition, fewer))
    more = count(condition, eligible(condition, achieved))
    assert sum(more.have) >= sum(less.have)
    assert more.enough or not less.enough


@given(SUMS, MANY)
def test_caps_only_take_away(condition, achieved):
    read = eligible(condition, achieved)
    uncapped = Credits(
        at_least=condition.at_least, units=condition.units, of_which=condition.of_which
    )
    assert sum(count(condition, read).have) <= sum(count(uncapped, read).have)


@given(
    st.lists(st.integers(1, 4), min_size=3, max_size=3),
    st.lists(
        st.tuples(st.lists(st.booleans(), min_size=3, max_size=3), st.integers(0, 6)),
        min_size=1,
        max_size=3,
    ),
)
def test_the_simplex_finds_what_trying_finds(bounds, rows):
    table = [({place: Fraction(1)}, Fraction(bound)) for place, bound in enumerate(bounds)]
    table += [
        ({place: Fraction(1) for place in range(3) if chosen[place]}, Fraction(limit))
        for chosen, limit in rows
        if any(chosen)
    ]
    best = maximum(table, {place: Fraction(1) for place in range(3)})
    found = sum(value for place, value in best.items() if place < 3)
    halves = [[Fraction(n, 2) for n in range(2 * bound + 1)] for bound in bounds]
    tried = max(
        sum(point)
        for point in product(*halves)
        if all(sum(point[place] for place in row) <= limit for row, limit in table)
    )
    assert found == tried


# Conversions

CONVERSIONS = example("one-plus-x-conversions.yaml")
UNITS = (*example("one-plus-x.yaml").units, *CONVERSIONS.units)
CATALOGUE = catalogue_of(UNITS, CONVERSIONS.equivalences)
DAY = datetime(2026, 6, 1, tzinfo=UTC)


def holds(code, moment=DAY, **more):
    unit = CATALOGUE.unit(code, 1)
    return Earned(
        id=code,
        unit=code,
        credits=unit.credits,
        awarding_body=unit.awarding_body,
        achieved_at=moment,
        evidence=(f"s-{code}",),
        **more,
    )


def converted(code, credits, *basis):
    return Achievement(
        id=f"a-{code}",
        persona="p",
        unit=code,
        version=1,
        state="verified",
        achieved_at=DAY,
        evidence_hash="0",
        credits=credits,
        basis=basis,
        conversion="EQ-OFFICE-1/1",
    )


def conversion(target, *achieved, before=()):
    [one] = CATALOGUE.conversions[target]
    known = [(CATALOGUE.equivalences[other.conversion], other) for other in before]
    return convert(one, CATALOGUE.unit(target, 1).credits, achieved, known)


def test_the_examples_stand_together():
    assert list(between(UNITS, CONVERSIONS.equivalences, ())) == []
    assert CATALOGUE.equivalents["OUC-OFFICE-1"] == {"X-DIGITAL-OFFICE-2"}
    assert CATALOGUE.readers["X-DIGITAL-OFFICE-2"] == {"OUC-OFFICE-1", "OUC-OFFICE-PROGRAMME"}


def test_a_certificate_converts_into_a_course_and_back():
    there = conversion("OUC-OFFICE-1", holds("X-DIGITAL-OFFICE-2"))
    assert (there.met, there.credits, there.basis) == (True, 4, ("X-DIGITAL-OFFICE-2",))
    assert there.evidence == ("s-X-DIGITAL-OFFICE-2",)
    back = conversion("X-DIGITAL-OFFICE-2", holds("OUC-OFFICE-1"))
    assert (back.met, back.credits) == (True, 5)


def test_the_second_course_has_one_way_only():
    assert "X-DIGITAL-OFFICE-3" not in CATALOGUE.conversions


@pytest.mark.parametrize(
    ("achieved", "before", "reason"),
    [
        ([], [], "not_achieved"),
        ([holds("X-DIGITAL-OFFICE-3", converted=True)], [], "not_achieved"),
        (
            [holds("X-DIGITAL-OFFICE-3")],
            [converted("OUC-OFFICE-1", 4, "X-DIGITAL-OFFICE-3")],
            "used",
        ),
        ([holds("X-DIGITAL-OFFICE-3", datetime(2029, 1, 1, tzinfo=UTC))], [], "out_of_effect"),
        (
            [holds("X-DIGITAL-OFFICE-3")],
            [converted("OUC-OFFICE-1", 10, "X-DIGITAL-OFFICE-2")],
            "cap_reached",
        ),
    ],
)
def test_why_nothing_is_converted(achieved, before, reason):
    assert conversion("OUC-OFFICE-2", *achieved, before=before).reason == reason


def test_a_category_brings_no_more_than_its_cap():
    rest = conversion(
        "OUC-OFFICE-2",
        holds("X-DIGITAL-OFFICE-3"),
        before=[converted("OUC-OFFICE-1", 4, "X-DIGITAL-OFFICE-2")],
    )
    assert (rest.met, rest.credits) == (True, 6)


def test_a_later_version_of_an_equivalence_takes_the_place_of_the_earlier_one():
    first = Equivalence(
        code="E", version=1, title={"en": "e"}, sources=("A",), target="B", awarding_body="us"
    )
    second = Equivalence(
        code="E",
        version=2,
        title={"en": "e"},
        sources=("A",),
        target="B",
        awarding_body="us",
        cap=ConversionCap(category="c", credits=1),
        effective=Period(since=DAY.date()),
    )
    old, new = catalogue_of((), (first, second)).conversions["B"]
    assert old.equivalence.effective.place(DAY) == "after"
    assert new.equivalence.effective.place(DAY) == "within"


def test_a_programme_asks_for_its_grades_in_order():
    programme = CATALOGUE.unit("OUC-OFFICE-PROGRAMME", 1)
    grades = [f"X-DIGITAL-OFFICE-{grade}" for grade in (1, 2, 3)]
    in_order = [holds(code, DAY + timedelta(days=n)) for n, code in enumerate(grades)]
    decision = evaluate(programme, [], AS_OF, Background(earned=tuple(in_order)))
    assert (decision.met, decision.achievements) == (True, tuple(grades))
    backwards = [holds(code, DAY - timedelta(days=n)) for n, code in enumerate(grades)]
    assert not evaluate(programme, [], AS_OF, Background(earned=tuple(backwards))).met


def test_the_examples_of_the_documentation():
    text = (EXAMPLES.parents[1] / "docs" / "units.md").read_text("utf-8")
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    [written] = [block for block in blocks if block.startswith("    credits:")]
    condition = ConditionField().deserialize(read_located(textwrap.dedent(written)).value)
    assert [cap.per for cap in condition.caps] == [None, "awarding_body", "half_year"]
    [written] = [block for block in blocks if block.startswith("    equivalences:")]
    [equivalence] = read_units_file(textwrap.dedent(written), "x").equivalences
    known = CONVERSIONS.equivalences[0]
    assert equivalence == replace(known, title={"en": known.title["en"]})
