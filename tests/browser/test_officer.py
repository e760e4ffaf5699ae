"""An officer's day: what waits, looked at one by one, decided alone and a class at once."""

import pytest

from tests.browser.test_pages import expect_accessible, expect_to_fit, send

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("language", "width"), [("en", "phone"), ("zh_CN", "desk")])
def test_an_officer_decides_on_what_waits(open_page, artefacts, language, width):
    english = language == "en"
    page = open_page(width, language, role="officer")
    page.goto("/officer-queue")
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"officer-queue-{language}-{width}.png", full_page=True)
    before = page.locator("#found tbody tr").count()
    assert before >= 5

    # One: the explanation beside the evidence, then approved.
    send(page, page.locator("#found tbody th a").first)
    name = page.get_by_role("heading", level=1).inner_text()
    assert page.locator(".told .met").count() >= 3
    assert page.get_by_role("link", name="passed").count() >= 2
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"officer-decision-{language}-{width}.png", full_page=True)
    page.locator("#reason").fill("looked at")
    send(page, page.get_by_role("button", name="Approve" if english else "批准"))
    page.wait_for_url("**/officer-queue")
    assert page.locator(".note.good").inner_text() == (
        "The decision is written." if english else "决定已保存。"
    )
    assert page.locator("#found tbody tr").count() == before - 1

    # Several at once, refused with one reason.
    boxes = page.locator("#found tbody input[type=checkbox]")
    boxes.nth(0).check()
    boxes.nth(1).check()
    page.locator("#reason").fill("the examination was not held")
    page.on("dialog", lambda dialog: dialog.accept())
    send(page, page.get_by_role("button", name="Refuse" if english else "拒绝"))
    page.wait_for_selector(".note.good")
    assert page.locator("#found tbody tr").count() == before - 3
    assert name


def test_an_officer_cannot_open_what_is_not_theirs(open_page, console):
    page = open_page(role="officer")
    for path in ("/api/v1/people", "/attendance/courses"):
        assert page.request.get(path).status == 403, path
