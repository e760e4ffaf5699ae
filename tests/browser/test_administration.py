"""The day of an administrator: people, receivers, webhooks, clients, engagements, retention."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_offices import looked_at, open_menu
from tests.browser.test_pages import ACROSS, expect_accessible, send

pytestmark = pytest.mark.browser

LEARNER = "https://lms.example.edu.cn|2026100011"


@ACROSS
def test_an_administrator_lets_somebody_in_and_keeps_them_out(
    open_page, artefacts, language, width
):
    page = open_page(width, language, refused=(400,))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/operations")
    open_menu(page, width)
    send(page, page.locator(".side a[href='/operations/people']"))
    name = f"wang-{language.lower()}-{width}".replace("_", "-")
    page.locator("main summary").click()
    page.locator("#name").fill(name)
    page.locator("#display_name").fill("王伟")
    page.locator("input[value=enterprise]").check()
    send(page, page.locator("details form button"))
    expect(page.locator("#organisation-fault")).to_be_visible()
    expect(page.locator("#organisation")).to_have_attribute("aria-invalid", "true")
    looked_at(page, artefacts, "person-wrong", language, width)
    page.locator("#organisation").fill("demo-rail")
    send(page, page.locator("details form button"))
    link = page.locator("#secret").inner_text()
    looked_at(page, artefacts, "person-link", language, width)

    theirs = open_page(width, language, role=None)
    theirs.goto(link)
    for field in ("#password", "#repeated"):
        theirs.locator(field).fill("correct horse battery staple")
    send(theirs, theirs.locator("main form button"))
    theirs.locator("#name").fill(name)
    theirs.locator("#password").fill("correct horse battery staple")
    send(theirs, theirs.locator("main form button"))
    theirs.wait_for_url("**/employees")

    page.goto(f"/operations/people?name={name}")
    send(page, page.locator("tbody th a"))
    expect(page.locator("#secret")).to_have_count(0)
    page.locator("#access_reason").fill("left")
    send(page, page.locator("button[value=keep_out]"))
    expect(page.locator(".note.good")).to_be_visible()
    looked_at(page, artefacts, "person-kept-out", language, width)
    theirs.goto("/employees")
    theirs.wait_for_url("**/sign-in*")


@ACROSS
def test_an_administrator_looks_after_the_receiver(open_page, artefacts, language, width):
    page = open_page(width, language, refused=(400,))
    page.goto("/receivers")
    send(page, page.locator("tbody th a").first)
    send(page, page.locator("form[action$='/catalogue'] button"))
    expect(page.locator(".note.good")).to_be_visible()
    page.locator("#settings").fill("secret: file:/etc/passwd")
    send(page, page.locator("section[aria-labelledby=reached-how] button"))
    expect(page.locator("#settings-fault")).to_contain_text("secret")
    looked_at(page, artefacts, "receiver-wrong", language, width)
    page.locator("#settings").fill("per_second: 50")
    send(page, page.locator("section[aria-labelledby=reached-how] button"))
    expect(page.locator(".note.good")).to_be_visible()
    expect(page.locator("#settings")).to_have_value(re.compile("per_second: 50"))
    looked_at(page, artefacts, "receiver-kept", language, width)


@ACROSS
def test_webhooks_and_clients_show_their_secrets_once(open_page, artefacts, language, width):
    page = open_page(width, language)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/webhooks")
    send(page, page.locator("tbody th a").first)  # what the demonstration's subscriber missed
    expect(page.locator("section[aria-labelledby=aside] li").first).to_be_visible()
    looked_at(page, artefacts, "webhook", language, width)
    page.goto("/webhooks")
    page.locator("main summary").click()
    page.locator("#url").fill("https://hr.example/hook")
    send(page, page.locator("details form button"))
    first = page.locator("#secret").inner_text()
    send(page, page.locator("form[action$='/secret'] button"))
    expect(page.locator("#secret")).not_to_have_text(first)
    looked_at(page, artefacts, "webhook-secret", language, width)
    send(page, page.locator("form[action$='/end'] button"))
    expect(page.locator(".note.good")).to_be_visible()

    page.goto("/operations/clients")
    if page.locator("main details[open]").count() == 0:
        page.locator("main summary").click()
    client = f"portal-{language.lower()}-{width}".replace("_", "-")
    page.locator("#id").fill(client)
    page.locator("#name").fill("Portal")
    page.locator("#method").select_option("client_secret_basic")
    page.locator("input[value=audit]").check()
    send(page, page.locator("details form button"))
    secret = page.locator("#secret").inner_text()
    looked_at(page, artefacts, "client-secret", language, width)
    page.goto(f"/operations/clients/{client}")
    assert secret not in page.content()
    send(page, page.locator("form[action$='/revocation'] button"))
    expect(page.locator("h1 + p .state.bad")).to_be_visible()


@ACROSS
def test_an_administrator_engages_an_auditor_and_plans_retention(
    open_page, artefacts, language, width
):
    page = open_page(width, language)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/auditing")
    page.locator("main summary").click()
    purpose = f"抽查 {language} {width}"
    for field, value in (
        ("auditor", "auditor"),
        ("purpose", purpose),
        ("since", "2026-01-01T00:00"),
        ("until", "2027-01-01T00:00"),
        ("ends", "2099-01-01T00:00"),
    ):
        page.locator(f"#{field}").fill(value)
    looked_at(page, artefacts, "engage", language, width)
    send(page, page.locator("details form button"))
    send(page, page.get_by_role("link", name=purpose))
    page.locator("main summary").click()
    page.locator("#end-reason").fill("done")
    looked_at(page, artefacts, "engagement-end", language, width)
    send(page, page.locator("details form button"))
    expect(page.locator("main h2", has_text=purpose)).to_be_visible()
    expect(page.get_by_role("link", name=purpose)).to_have_count(0)

    page.goto("/operations/retention")
    send(page, page.locator("a[href$='/statements']").last)
    page.locator("#days").fill("365")
    send(page, page.locator("button[value=plan]"))
    expect(page.locator(".note.open")).to_be_visible()
    looked_at(page, artefacts, "retention-plan", language, width)


@ACROSS
def test_personal_data_is_kept_and_erased(open_page, artefacts, language, width):
    page = open_page(width, language, role="registrar", refused=(400,))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/learners?identifier={LEARNER}")
    send(page, page.locator("#found a, main .rows a").first)
    send(page, page.locator("a[href$='/personal-data']"))
    page.locator("#document_type").fill("resident")
    page.locator("#number").fill("11010519491231002X")
    send(page, page.locator("form[action$='/identity-document'] button").first)
    expect(page.locator(".note.good")).to_be_visible()
    assert "11010519491231002X" not in page.content()
    expect(page.locator("#erase")).to_have_count(0)  # for administrators
    send(page, page.locator("button[value=forget]"))
    expect(page.locator("button[value=forget]")).to_have_count(0)

    administrator = open_page(width, language, refused=(400,))
    administrator.on("dialog", lambda dialog: dialog.accept())
    administrator.goto(page.url)
    administrator.locator("#erasure_reason").fill("asked for")
    administrator.locator("#confirmed").fill("somebody")
    send(administrator, administrator.locator("form[action$='/erasure'] button"))
    expect(administrator.locator("#confirmed-fault")).to_be_visible()
    looked_at(administrator, artefacts, "personal-data", language, width)


@ACROSS
def test_a_learner_sees_where_their_badges_go(open_page, artefacts, language, width):
    page = open_page(width, language, role="learner", refused=(400, 503))
    page.goto("/my-learning")
    send(page, page.locator("a[href='/my-learning/badges']"))
    page.locator("#host").fill("http://badges.example")
    send(page, page.locator("main form button"))
    expect(page.locator("#host-fault")).to_be_visible()
    expect_accessible(page)
    looked_at(page, artefacts, "badges", language, width)
