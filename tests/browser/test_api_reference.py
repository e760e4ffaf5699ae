"""The API's pages in a browser: a request is tried, as who is signed in."""

import pytest

from tests.browser.test_pages import expect_accessible, expect_to_fit

pytestmark = pytest.mark.browser


def test_a_request_is_sent_and_its_answer_shown(open_page):
    page = open_page("desk")
    page.goto("/api-reference/webhooks")
    form = page.get_by_role("form", name="GET /api/v1/webhooks", exact=True)
    page.locator("summary", has=page.locator("code", has_text="GET /api/v1/webhooks")).first.click()
    form.get_by_label("limit").fill("7")
    form.get_by_role("button", name="Send").click()
    form.get_by_role("status").get_by_text("200").wait_for()
    assert '"items"' in form.locator("pre").inner_text()
    expect_accessible(page)
    expect_to_fit(page)


def test_a_problem_is_told_in_the_pages_language(open_page):
    page = open_page("phone", "zh_CN", refused=(400,))
    page.goto("/api-reference/webhooks")
    page.locator("summary", has_text="POST /api/v1/webhooks").first.click()
    form = page.get_by_role("form", name="POST /api/v1/webhooks", exact=True)
    form.locator("textarea").fill("{}")
    form.get_by_role("button").click()
    form.get_by_role("status").get_by_text("400").wait_for()
    assert "缺少必填字段" in form.locator("pre").inner_text()
    expect_accessible(page)
