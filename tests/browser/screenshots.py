"""`make screenshots`: the pictures of README.md, from the demonstration's cohort."""

import os
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.acceptance.lrs_process import KEY, SECRET
from tests.browser.chromium import executable
from tests.browser.filled import filled_console

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
CLASSES = 30
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 780}


def main():
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable(), args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        with filled_console(Path(folder), CLASSES) as console:
            desk = signed_in(browser, console.url, viewport=DESK, locale="en-GB")
            take(desk, "/", "overview")
            desk.goto("/officer-queue")
            desk.locator("#found tbody th a").first.click()
            take(desk, None, "officer")
            phone = signed_in(
                browser, console.url, viewport=PHONE, locale="zh-CN", color_scheme="dark"
            )
            take(phone, "/", "overview-phone")
            take(phone, "/attendance/", "attendance-phone")
        browser.close()


def signed_in(browser, url, **options):
    page = browser.new_context(base_url=url, **options).new_page()
    page.goto("/sign-in")
    page.locator("#name").fill(KEY)
    page.locator("#password").fill(SECRET)
    page.locator("main button").first.click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    return page


def take(page, path, name):
    if path is not None:
        page.goto(path)
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
