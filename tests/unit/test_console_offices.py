"""Pages of offices, without a browser: what they name, add up, refuse and write down."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrs.app import create_app
from lrs.console import words
from lrs.enterprise.sums import folded, months_between
from lrs.settings import Settings
from lrs.store.health import Part
from lrs.store.outbox import DeliveryKind
from schemas.engagements import PROFILES
from schemas.facts import FACT_KINDS
from schemas.organisations import CONSENT_LEVELS, ORGANISATION_KINDS, SummaryLine
from tests.unit.test_access import Asker, projected

LINES = st.lists(
    st.builds(
        SummaryLine,
        unit=st.sampled_from("ABC"),
        department=st.sampled_from(["", "质量部", "生产部"]),
        month=st.sampled_from(["2025-11", "2026-01", "2026-02"]),
        state=st.sampled_from(["verified", "revoked"]),
        count=st.integers(1, 50),
    )
)


def test_every_word_of_the_domain_has_a_text():
    for named, known in (
        (words.FACT_KINDS, FACT_KINDS),
        (words.DELIVERY_KINDS, get_args(DeliveryKind)),
        (words.ORGANISATION_KINDS, ORGANISATION_KINDS),
        (words.CONSENT_LEVELS, CONSENT_LEVELS),
        (words.PROFILES, PROFILES),
        (words.PARTS, get_args(Part)),
    ):
        assert set(named) == set(known)


@given(LINES)
def test_sums_of_each_kind_add_up_to_the_same(lines):
    sums = folded(lines)
    for counter in (sums.units, sums.departments, sums.months, sums.states):
        assert counter.total() == sum(line.count for line in lines)


@given(st.sets(st.sampled_from([f"20{y}-{m:02}" for y in (24, 25, 26) for m in range(1, 13)])))
def test_months_leave_none_out_and_end_with_the_last(months):
    found = months_between(months, 24)
    assert found == sorted(set(found))
    assert len(found) <= 24
    assert set(found) >= {month for month in months if not found or month >= found[0]}
    assert found[-1:] == sorted(months)[-1:]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    app = create_app(Settings(data=tmp_path_factory.mktemp("offices"), public_url="http://x"))
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")
    yield app
    app.extensions["lrs"].close()


class Office(Asker):
    """Sends forms as a person of an office would."""

    def send(self, url, /, **form):
        return self.client.post(url, data=form, headers=self.headers)


def test_nobody_decides_on_the_merge_that_they_proposed(app):
    personas = projected(app, {"li1": "李娜", "li2": "李娜"})
    store = app.extensions["lrs"].store
    one, other = Office(app, "registrar"), Office(app, "registrar")
    first, second = personas.values()
    form = {"one": first, "two": second, "into": second}
    assert one.send("/identity/links", **form).status_code == 400  # without a reason
    proposed = one.send("/identity/links", **form, reason="one document")
    link = proposed.headers["Location"]
    assert one.send(link, do="confirm", reason="mine").status_code == 403
    assert store.records.persona(first).merged_into is None
    assert other.send(link, do="confirm", reason="seen").status_code == 303
    assert store.records.persona(first).merged_into == second
    undo = one.send("/identity/links", undoes=link.rpartition("/")[2], reason="two after all")
    assert other.send(undo.headers["Location"], do="confirm", reason="seen").status_code == 303
    assert store.records.persona(first).merged_into is None


def test_a_secret_is_on_one_page_only_and_never_in_the_session(app):
    administrator = Office(app, "administrator")
    form = {"key": "tool", "name": "Tool", "provenance": "server", "scopes": "statements/write"}
    made = administrator.send("/operations/sources", **form)
    secret = made.text.partition('id="secret">')[2].partition("<")[0]
    assert len(secret) > 40
    assert made.headers["Cache-Control"] == "no-store"
    assert secret not in str(made.headers)
    assert app.extensions["lrs"].credentials.check("tool", secret)
    for url in ("/operations/sources/tool", "/operations/sources", "/operations/audit-log"):
        assert secret not in administrator("GET", url).text
    again = administrator.send("/operations/sources", **form)
    assert again.status_code == 409
    assert "Tool" in again.text  # what was typed is still there


def test_a_form_of_an_organisation_says_what_is_wrong_and_keeps_nothing(app):
    (persona,) = projected(app, {"wang": "王强"}).values()
    registrar = Office(app, "registrar")
    store = app.extensions["lrs"].store.organisations
    assert registrar.send("/organisations", id="a b", name="x", kind="bank").status_code == 400
    assert registrar.send("/organisations", id="rail", name="铁路", kind="shop").status_code == 400
    assert (
        registrar.send("/organisations", id="rail", name="铁路", kind="enterprise").status_code
        == 303
    )
    assert registrar.send("/organisations", id="rail", name="别的", kind="bank").status_code == 409
    employ = "/organisations/rail/employments"
    for wrong in (
        {"persona": "nobody@x.example", "since": "2026-01-01"},
        {"persona": persona, "since": ""},
        {"persona": persona, "since": "yesterday"},
        {"persona": persona, "since": "2026-01-02", "until": "2026-01-01"},
    ):
        assert registrar.send(employ, **wrong).status_code == 400
    assert store.employments("rail", None, 10) == []
    kept = registrar.send(employ, persona="wang@x.example", since="2026-01-01", department="质量部")
    assert kept.status_code == 303
    assert [one.persona for one in store.employments("rail", None, 10)] == [persona]
    consent = "/organisations/rail/consents"
    assert registrar.send(consent, persona=persona, level="records").status_code == 400
    assert (
        registrar.send(consent, persona=persona, level="records", evidence="7").status_code == 303
    )
    assert store.level("rail", persona) == "records"
    registrar.send("/organisations/rail/withdrawals", persona=persona)
    assert store.level("rail", persona) is None


def test_a_learner_lets_an_organisation_see_and_takes_it_back(app):
    (persona,) = projected(app, {"zhao": "赵敏"}).values()
    registrar = Office(app, "registrar")
    registrar.send("/organisations", id="care", name="康养", kind="enterprise")
    registrar.send("/organisations/care/employments", persona=persona, since="2026-01-01")
    store, learner = app.extensions["lrs"].store, Office(app, "learner", persona=persona)
    assert (
        learner.send("/my-learning/consents", organisation="none", level="records").status_code
        == 400
    )
    learner.send("/my-learning/consents", organisation="care", level="achievements")
    assert store.organisations.level("care", persona) == "achievements"
    assert "gave a consent" in learner("GET", "/my-learning?lang=en").text
    learner.send("/my-learning/consents/withdrawals", organisation="care")
    assert store.organisations.level("care", persona) is None


def test_a_month_of_an_enterprise_s_filter_ends_with_its_last_day(app):
    registrar = Office(app, "registrar")
    registrar.send("/organisations", id="own", name="自己", kind="enterprise")
    enterprise = Office(app, "enterprise")
    page = enterprise("GET", "/employees?since=2026-02&until=2026-02")
    assert "since=2026-02-01&amp;until=2026-02-28" in page.text
    assert enterprise("GET", "/employees?since=february").status_code == 400
    acts = app.extensions["lrs"].store.audit.page(None, 5)
    assert any(one.act.action == "enterprise.read" for one in acts)
