"""The day of each role, as far as its pages go."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_pages import ACROSS, expect_accessible, expect_to_fit, send

pytestmark = pytest.mark.browser

SHEET = (
    "学号,姓名,课程,课程名称,课次,日期,出勤,学时\n"
    "2026{0}1,学员一,safety-9,安全实践,第1次,2026-03-07,出勤,4\n"
    "2026{0}2,学员二,safety-9,安全实践,第1次,2026-03-07,大概在,4\n"
)


def hand_in(page, sheet, language):
    page.goto("/imports")
    page.locator("#file").set_input_files(
        {"name": f"{language}.csv", "mimeType": "text/csv", "buffer": sheet.encode()}
    )
    page.locator("#home_page").fill("https://lms.example.edu.cn")
    page.locator("#course_base").fill("https://lms.example.edu.cn/practice/")


@ACROSS
def test_a_registrar_imports_a_sheet_and_corrects_a_row(open_page, artefacts, language, width):
    sheet = SHEET.format(language)
    page = open_page(width, language, role="registrar", refused=(409,))
    hand_in(page, sheet, language)
    send(page, page.locator("button[value=preview]"))
    expect(page.locator("#mapping")).to_be_visible()
    assert page.locator("select[name=column-1]").input_value() == "learner"
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"import-mapping-{language}-{width}.png", full_page=True)

    hand_in(page, sheet, language)
    page.locator("button[value=import]").click()
    page.wait_for_url("**/imports/*")
    row = page.locator("#progress tbody a")
    row.wait_for(timeout=15000)
    expect_accessible(page)
    page.screenshot(path=artefacts / f"import-{language}-{width}.png", full_page=True)
    row.click()
    wrong = page.locator("[aria-invalid=true]")
    assert wrong.input_value() == "大概在"
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"quarantine-{language}-{width}.png", full_page=True)
    page.locator("#reason").fill("asked the trainer")
    send(page, page.locator("button[value=release]"))
    expect(page.locator("[role=alert]")).to_contain_text("大概在")  # nothing was corrected yet
    page.locator("[aria-invalid=true]").fill("迟到")
    send(page, page.locator("button[value=release]"))
    page.wait_for_selector(".note.good")
    expect(page.locator("#progress tbody a")).to_have_count(0)


@ACROSS
def test_a_learner_sees_their_file_and_shows_a_credential(open_page, artefacts, language, width):
    page = open_page(width, language, role="learner")
    page.goto("/")
    assert page.url.endswith("/my-learning")
    expect_accessible(page)
    expect_to_fit(page)
    send(page, page.locator("section", has=page.locator("#achievement")).get_by_role("button"))
    page.wait_for_selector(".note.good")
    page.wait_for_function("document.querySelector('.credential img').naturalWidth > 100")
    expect_accessible(page)
    page.screenshot(path=artefacts / f"my-learning-{language}-{width}.png", full_page=True)

    # An organisation may look, and then no longer.
    page.locator("#organisation").select_option("demo-care")
    send(page, page.locator("form:has(#organisation) button"))
    page.wait_for_selector(".note.good")
    given = page.locator("[aria-labelledby=consents] li", has_text="云岭康养服务中心")
    send(page, given.locator("button.danger"))
    given.locator(".state.off").wait_for()
    expect_accessible(page)
    for path in ("/learners", "/claims", "/operations"):
        assert page.request.get(path).status == 403, path


SCANNER = """
    globalThis.BarcodeDetector = class { async detect() { return [{ rawValue: "%s" }]; } };
    navigator.mediaDevices.getUserMedia = async () => {
      const canvas = document.createElement("canvas");
      canvas.getContext("2d").fillRect(0, 0, 9, 9);
      return canvas.captureStream(5);
    };
"""
"""A camera that sees one code, in the place of those that Chromium has on a phone only."""


def test_whoever_scans_a_credential_s_code_sees_its_state(open_page, console, artefacts):
    learner = open_page(role="learner")
    learner.goto("/my-learning")
    issue = learner.locator("section", has=learner.locator("#achievement")).get_by_role("button")
    send(learner, issue)
    address = console.url + learner.locator(".credential h3 a").first.get_attribute("href")

    stranger = open_page("phone", "en", role=None)
    stranger.add_init_script(SCANNER % address)
    stranger.goto("/verify")
    expect(stranger.locator("#no-scanner")).to_be_hidden()
    expect_accessible(stranger)
    stranger.locator("#scan").click()
    stranger.wait_for_url(address)
    expect(stranger.locator(".state.good")).to_have_count(1)
    expect_accessible(stranger)
    expect_to_fit(stranger)
    stranger.screenshot(path=artefacts / "credential-phone.png", full_page=True)
    as_program = stranger.request.get(address, headers={"Accept": "*/*"})
    assert as_program.headers["content-type"] == "application/vc"

    elsewhere = open_page("phone", "zh_CN", role=None)
    elsewhere.add_init_script(SCANNER % "https://bank.example/credentials/1")
    elsewhere.goto("/verify")
    elsewhere.locator("#scan").click()
    told = elsewhere.locator("#scanned a")
    assert told.get_attribute("href") == "https://bank.example/credentials/1"
    assert elsewhere.url.endswith("/verify")


def test_a_browser_that_reads_no_codes_says_so(open_page):
    page = open_page(role=None)
    page.add_init_script("delete globalThis.BarcodeDetector;")
    page.goto("/verify")
    expect(page.locator("#no-scanner")).to_be_visible()
    expect(page.locator("#scan")).to_be_hidden()


@ACROSS
def test_an_officer_follows_a_claim_to_its_receipt(open_page, artefacts, language, width):
    page = open_page(width, language, role="officer")
    page.goto("/claims")
    row = page.locator("#found tbody tr", has=page.locator(".state.accepted")).first
    send(page, row.get_by_role("link"))
    expect(page.locator(".timeline li").nth(2)).to_be_attached()
    expect(page.locator("code", has_text="CB-").first).to_be_attached()
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"claim-{language}-{width}.png", full_page=True)


@ACROSS
def test_an_administrator_tries_a_rule_before_publishing_it(open_page, artefacts, language, width):
    page = open_page(width, language, refused=(400,))
    page.goto("/units/editor?code=OUC-SAFE-101&version=1")
    text = page.locator("#text")
    assert "OUC-SAFE-101" in text.input_value()
    text.fill(text.input_value().replace("version: 1", f"version: {2 + (width == 'phone')}"))
    text.fill(text.input_value().replace("at_least: 0.6", "at_least: 0.9"))
    send(page, page.locator("button[value=what-if]"))
    expect(page.locator("#changes")).to_be_visible()
    expect(page.locator(".state.bad").first).to_be_attached()
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"what-if-{language}-{width}.png", full_page=True)
    page.locator("#text").fill("units: [")
    send(page, page.locator("button[value=what-if]"))
    expect(page.locator("[role=alert]")).to_have_count(1)
    expect_accessible(page)
