"""Every page: in both languages, at both widths, light and dark, without a fault of access."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

PAGES = {
    "overview": ("/", "Overview", "概览"),
    "statements": ("/statements", "Statements", "陈述"),
    "learners": ("/learners", "Learners", "学习者"),
    "imports": ("/imports", "Imports", "导入"),
    "devices": ("/devices", "Devices", "设备"),
    "claims": ("/claims", "Claims", "学分申报"),
    "outbox": ("/claims/outbox", "Deliveries set aside", "已搁置的投递"),
    "units": ("/units", "Units and rules", "单元与规则"),
    "unit-version": ("/units/OUC-SAFE-101/1", None, None),
    "unit-editor": ("/units/editor", "Write a unit", "编写单元"),
    "operations": ("/operations", "Background and adapters", "后台与适配器"),
    "sources": ("/operations/sources", "Sources and keys", "来源与密钥"),
    "identity": ("/identity", "Identity", "身份"),
    "identity-links": ("/identity/links", "Decisions on identity", "身份决定"),
    "organisations": ("/organisations", "Organisations", "机构"),
    "employees-of": ("/employees", "Employees’ achievements", "员工学习成果"),
    "auditing": ("/auditing", "Auditing", "审计"),
    "verify": ("/verify", "Verify", "验证"),
    "api": ("/api-reference", "API", "API"),
    "api-noun": ("/api-reference/imports", "imports", "imports"),
    "people": ("/operations/people", "People", "人员"),
    "clients": ("/operations/clients", "OAuth clients", "OAuth 客户端"),
    "retention": ("/operations/retention", "Retention", "数据保留"),
    "retention-one": ("/operations/retention/sessions", "sessions of browsers", "浏览器会话"),
    "receivers": ("/receivers", "Receivers", "接收方"),
    "receiver": ("/receivers/credit-bank", "credit-bank", "credit-bank"),
    "webhooks": ("/webhooks", "Webhooks", "Webhook 订阅"),
    "audit-log": ("/operations/audit-log", "Audit log", "审计日志"),
    "catalogue": ("/catalogue", "Catalogue", "目录"),
    "unit": ("/catalogue/X-DIGITAL-OFFICE-3", None, None),
}

ACROSS = pytest.mark.parametrize(
    ("language", "width"),
    [
        ("en", "desk"),
        ("zh_CN", "phone"),
        pytest.param("en", "phone", marks=pytest.mark.soak),
        pytest.param("zh_CN", "desk", marks=pytest.mark.soak),
    ],
)
"""Both languages and both widths; the two other pairs of them in `make soak`."""


def send(page, pressed):
    """Press what opens another page, or sends a form, and wait until the answer is there whole."""
    with page.expect_navigation():
        pressed.click()


def expect_accessible(page):
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def expect_to_fit(page):
    """Tables scroll within themselves: the page is never wider than the window."""
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@ACROSS
def test_every_page_is_whole(open_page, artefacts, language, width):
    dark = "dark" if width == "phone" else "light"
    page = open_page(width, language, color_scheme=dark)
    for name, (path, english, chinese) in PAGES.items():
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == language.replace("_", "-")
        if english:
            heading = chinese if language == "zh_CN" else english
            assert page.get_by_role("heading", level=1).inner_text() == heading
        expect_accessible(page)
        expect_to_fit(page)
        page.screenshot(path=artefacts / f"{name}-{language}-{width}.png", full_page=True)


@pytest.mark.parametrize("width", ["desk", "phone"])
def test_from_the_overview_to_a_statement_and_its_learner(open_page, artefacts, width):
    page = open_page(width)
    page.goto("/")
    assert page.locator("dt", has_text="Verified achievements").count() == 1
    assert page.get_by_text("refused").count() >= 1
    if width == "phone":
        assert not page.get_by_role("link", name="Statements").is_visible()
        page.get_by_role("button", name="Menu").click()
    send(page, page.get_by_role("link", name="Statements", exact=True))
    page.get_by_label("Verb").fill("http://adlnet.gov/expapi/verbs/passed")
    send(page, page.get_by_role("button", name="Show"))
    page.wait_for_url(re.compile("verb="))
    verbs = page.locator("#found tbody tr td:nth-child(2)").all_inner_texts()
    assert verbs == ["passed"] * 25
    first = page.locator("#found tbody th a").first.inner_text()
    send(page, page.get_by_role("link", name="Next page"))
    page.wait_for_url(re.compile("cursor="))
    send(page, page.locator("#found tbody th a").first)
    assert page.get_by_role("heading", level=1).inner_text() != first
    assert "http://adlnet.gov/expapi/verbs/passed" in page.locator("pre").inner_text()
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"statement-{width}.png", full_page=True)
    send(page, page.locator("dd a").first)
    page.get_by_role("heading", name="Learner records").wait_for()
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"learner-{width}.png", full_page=True)


def test_a_wrong_filter_is_said_where_it_was_typed(open_page):
    page = open_page()
    page.goto("/statements")
    page.get_by_label("Agent").fill("nobody")
    send(page, page.get_by_role("button", name="Show"))
    page.wait_for_url(re.compile("agent=nobody"))
    page.goto(page.url)
    field = page.get_by_label("Agent")
    assert field.get_attribute("aria-invalid") == "true"
    assert "e-mail address" in page.locator("#agent-fault").inner_text()
    assert field.input_value() == "nobody"


def test_the_language_can_be_switched_on_every_page_and_keeps_it(open_page):
    page = open_page()
    page.goto("/statements?verb=http://adlnet.gov/expapi/verbs/passed")
    send(page, page.get_by_role("link", name="中文"))
    assert page.get_by_role("heading", level=1).inner_text() == "陈述"
    assert page.locator("#verb").input_value() == "http://adlnet.gov/expapi/verbs/passed"
    page.goto("/learners")
    assert page.get_by_role("heading", level=1).inner_text() == "学习者"


def test_the_keyboard_skips_to_the_content(open_page):
    page = open_page()
    page.goto("/learners")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_overview_keeps_itself_fresh(open_page):
    page = open_page()
    page.goto("/")
    with page.expect_response("**/overview/live", timeout=8000) as renewed:
        pass
    assert renewed.value.status == 200
    assert page.locator("#live dl.figures div").count() == 6


def test_strangers_see_the_catalogue_and_nothing_else(open_page):
    page = open_page(role=None)
    page.goto("/sign-in")
    expect_accessible(page)
    page.goto("/catalogue")
    assert page.get_by_role("heading", level=1).inner_text() == "Catalogue"
    assert page.locator(".side nav[aria-label=Pages] a").all_inner_texts() == [
        "Catalogue",
        "Verify",
        "API",
    ]
    for path in ("/", "/statements", "/learners", "/overview/live", "/api/v1/records"):
        answer = page.request.get(path, max_redirects=0)
        assert answer.status in (303, 401), path
