"""The day of each office: registrars, an enterprise, an auditor, an administrator."""

import csv
import io
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.browser.test_pages import ACROSS, expect_accessible, expect_to_fit, send

pytestmark = pytest.mark.browser

FOLLOWED_WITHIN = 20
NAMED = {"en": "Employees’ achievements", "zh_CN": "员工学习成果"}


def looked_at(page, artefacts, name, language, width):
    """The page has no fault of access, fits, and is kept for a person to look at."""
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"{name}-{language}-{width}.png", full_page=True)


def open_menu(page, width):
    if width == "phone":
        page.locator("button.menu").click()


def reload_until(page, condition):
    deadline = time.monotonic() + FOLLOWED_WITHIN
    while not condition():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        time.sleep(0.3)
        page.reload()


def sides(page):
    """How many records each of the two has."""
    both = page.locator(".side-by-side")
    return [both.nth(place).locator(".records li").count() for place in (0, 1)]


@ACROSS
def test_two_registrars_merge_and_part_again(open_page, artefacts, language, width):
    one, other = (open_page(width, language, role=name) for name in ("registrar", "registrar-2"))
    one.goto("/")
    open_menu(one, width)
    send(one, one.locator(".side a[href='/identity']"))
    send(one, one.locator("#found .rows a").first)
    one.wait_for_url("**/identity/compare*")
    before = sides(one)
    assert min(before) > 0
    looked_at(one, artefacts, "identity-compare", language, width)
    one.locator("#reason").fill("one identity document")
    send(one, one.locator("form.stack button"))
    one.wait_for_url("**/identity/links/*")
    assert one.locator("form.stack").count() == 0  # nobody decides on what they proposed
    link = one.url

    other.goto(link)
    looked_at(other, artefacts, "identity-decide", language, width)
    undecided = datetime.now(ZoneInfo("Asia/Shanghai")).isoformat(timespec="seconds")[:19]
    other.locator("#reason").fill("seen")
    send(other, other.locator("button[value=confirm]"))
    other.wait_for_selector(".note.good")
    reload_until(other, lambda: sorted(sides(other)) == [0, sum(before)])
    looked_at(other, artefacts, "identity-merged", language, width)

    other.locator("#as_of").fill(undecided)
    send(other, other.locator("form.filters button"))
    other.wait_for_url("**as_of=*")
    assert sides(other) == before

    one.goto(link)
    one.locator("#reason").fill("two persons after all")
    send(one, one.locator("form.stack button"))
    one.wait_for_url(lambda url: url != link)
    other.goto(one.url)
    other.locator("#reason").fill("seen")
    send(other, other.locator("button[value=confirm]"))
    other.wait_for_selector(".note.good")
    reload_until(other, lambda: sorted(sides(other)) == sorted(before))
    other.goto("/identity/links")
    assert other.locator("#found tbody tr").count() >= 3


@ACROSS
def test_a_registrar_keeps_an_organisation_with_its_people(open_page, artefacts, language, width):
    page = open_page(width, language, role="registrar", refused=(400,))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/organisations")
    number = f"new-{language.lower()}-{width}".replace("_", "-")
    page.locator("#id").fill(number)
    page.locator("#name").fill("新企业")
    send(page, page.locator("form.stack button"))
    page.wait_for_url(f"**/organisations/{number}")
    learner = "https://lms.example.edu.cn|2026100007"
    page.locator("#employments-part summary").click()
    page.locator("#employ-persona").fill("nobody@example.cn")
    page.locator("#employ-since").fill("2026-03-02")
    send(page, page.locator("#employments-part form button"))
    assert "nobody@example.cn" in page.locator("[role=alert]").inner_text()
    page.locator("#employments-part summary").click()
    page.locator("#employ-persona").fill(learner)
    page.locator("#department").fill("质量部")
    page.locator("#employ-since").fill("2026-03-02")
    send(page, page.locator("#employments-part form button"))
    page.wait_for_selector(".note.good")
    page.locator("#consents-part summary").click()
    page.locator("#consent-persona").fill(learner)
    page.locator("#evidence").fill("folder 7")
    send(page, page.locator("#consents-part form.filters button"))
    page.wait_for_selector(".note.good")
    assert page.locator("#consents-part .state.good").count() == 1
    looked_at(page, artefacts, "organisation-new", language, width)
    send(page, page.locator("#consents-part button.danger"))
    page.wait_for_selector("#consents-part .state.off")
    assert page.locator("#consents-part button.danger").count() == 0


@ACROSS
def test_an_enterprise_finds_and_exports_what_it_may_see(open_page, artefacts, language, width):
    page = open_page(width, language, role="enterprise", refused=(403,))
    page.goto("/")
    assert page.url.endswith("/employees")
    assert page.locator("h1").inner_text() == NAMED[language]
    everything = page.locator("#found tbody tr").count()
    assert page.locator("#by-unit + ul li").count() >= 2
    assert page.locator("#by-department + ul li").count() >= 3
    looked_at(page, artefacts, "employees", language, width)

    page.locator("#department").select_option(label="质量部")
    page.locator("#state").select_option("verified")
    page.locator("#since").fill("2025-01")
    send(page, page.locator("form.filters button"))
    page.wait_for_url("**department=*")
    rows = page.locator("#found tbody tr")
    names = rows.locator("th a").all_inner_texts()
    assert 0 < len(names) < everything
    assert page.locator("#by-department + ul li").count() == 1

    exported = page.request.get(page.locator("a[href*='format=csv']").get_attribute("href"))
    table = list(csv.DictReader(io.StringIO(exported.body().decode("utf-8-sig"))))
    assert [row["name"] for row in table] == names
    assert {row["department"] for row in table} == {"质量部"}

    send(page, rows.locator("th a").first)
    page.wait_for_url("**/employees/*")
    assert page.get_by_role("heading", level=1).inner_text() == names[0]
    looked_at(page, artefacts, "employee", language, width)
    for path in ("/learners", "/organisations", "/api/v1/personas"):
        assert page.request.get(path).status == 403, path


@ACROSS
def test_an_auditor_draws_a_sample_and_verifies_a_dossier(
    open_page, artefacts, tmp_path, language, width
):
    page = open_page(width, language, role="auditor")
    page.goto("/")
    assert page.url.endswith("/auditing")
    send(page, page.locator("main h2 a").last)
    page.wait_for_url("**/auditing/*")
    page.locator("#size").fill("10")
    send(page, page.locator("main form.filters button"))
    page.wait_for_url("**seed=42*")
    rows = page.locator("main tbody tr")
    drawn = rows.locator("th").all_inner_texts()
    assert len(drawn) == 10
    looked_at(page, artefacts, "sample", language, width)
    page.reload()
    assert rows.locator("th").all_inner_texts() == drawn

    accepted = page.locator("main tbody tr", has=page.locator(".state.accepted")).first
    accepted.locator("input[name=reason]").fill("in the sample")
    with page.expect_download() as download:
        accepted.locator("button").click()
    file = tmp_path / "dossier.zip"
    download.value.save_as(file)
    page.goto("/verify")
    page.set_input_files("#dossier", file)
    page.locator("#result.holds").wait_for()
    assert page.locator("#lines .holds").count() > 5
    looked_at(page, artefacts, "verified", language, width)


@ACROSS
def test_an_administrator_makes_rotates_and_revokes_a_key(
    open_page, console, artefacts, language, width
):
    page = open_page(width, language)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/operations")
    open_menu(page, width)
    send(page, page.locator(".side a[href='/operations/sources']"))
    page.locator("summary").click()
    key = f"tool-{language.lower()}-{width}".replace("_", "-")
    page.locator("#key").fill(key)
    page.locator("#name").fill("A tool")
    looked_at(page, artefacts, "source-new", language, width)
    send(page, page.locator("details form button"))
    first = page.locator("#secret").inner_text()
    looked_at(page, artefacts, "source-secret", language, width)
    assert may_enter(console, key, first)

    page.goto(f"/operations/sources/{key}")
    assert page.locator("#secret").count() == 0  # shown once
    assert first not in page.content()
    page.locator("#overlap").select_option("0")
    send(page, page.locator("form:has(#overlap) button"))
    second = page.locator("#secret").inner_text()
    assert second != first
    assert may_enter(console, key, second)
    until_refused(console, key, first)

    page.locator("#compromised").fill("2026-01-01T00:00")
    page.locator("input#reason").fill("left on a train")
    send(page, page.locator("form:has(#compromised) button"))
    page.wait_for_selector(".note.good")
    until_refused(console, key, second)
    page.goto("/operations/audit-log")
    assert page.locator("tbody tr", has_text="left on a train").count() >= 1


@ACROSS
def test_an_administrator_looks_after_what_was_set_aside(open_page, artefacts, language, width):
    page = open_page(width, language)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/operations")
    before = int(page.locator(".figures dd").first.inner_text())
    assert before > 0
    assert page.locator("[aria-labelledby=adapters] .state").count() >= 6
    send(page, page.locator("[aria-labelledby=shelf] a.button"))
    page.wait_for_url("**/claims/outbox")
    page.locator("tbody input[type=checkbox]").first.check()
    page.locator("#reason").fill("their system is gone")
    looked_at(page, artefacts, "set-aside", language, width)
    send(page, page.locator("button[value=discard]"))
    page.wait_for_selector(".note.good")
    page.goto("/operations")
    assert int(page.locator(".figures dd").first.inner_text()) == before - 1
    looked_at(page, artefacts, "operations-done", language, width)


def may_enter(console, key, secret):
    answer = requests.get(
        f"{console.url}/xapi/statements",
        params={"limit": 1},
        auth=(key, secret),
        headers={"X-Experience-API-Version": "1.0.3"},
        timeout=10,
    )
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def until_refused(console, key, secret):
    """What ended is felt within a second."""
    deadline = time.monotonic() + 5
    while may_enter(console, key, secret):
        assert time.monotonic() < deadline
        time.sleep(0.1)
