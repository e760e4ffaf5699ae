import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.chromium import executable
from tests.browser.filled import filled_console

ARTEFACTS = Path(__file__).resolve().parents[2] / "artefacts"
CLASSES = 3
"""As many of the demonstration's classes: enough for a second page, and quick."""

WIDTHS = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session")
def chromium():
    path = executable()
    if path is None:
        # Not every machine may download one; with CI=true a skip is a failure.
        pytest.skip("no Chromium on this machine; `make browser` says why")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def console(tmp_path_factory):
    with filled_console(tmp_path_factory.mktemp("console"), CLASSES) as console:
        yield console


@pytest.fixture(scope="session")
def signed_in(chromium, console):
    """The browser's cookies of somebody who has signed in, by role."""
    states = {}

    def signed_in(role):
        if role not in states:
            context = chromium.new_context(base_url=console.url, locale="en-GB")
            page = context.new_page()
            page.goto("/sign-in")
            name, password = console.credentials(role)
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(password)
            page.locator("main").get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
            cookies = context.cookies()
            states[role] = [one for one in cookies if one["name"] == "lrs_session"]
            context.close()
        return states[role]

    return signed_in


@pytest.fixture
def open_page(chromium, console, signed_in):
    """Opens pages of the console as a person would, and fails where the browser complains."""
    contexts, faults = [], []

    def open_page(width="desk", language="en", role="administrator", refused=(), **options):
        """`refused` are statuses that the page is made to answer with, which browsers tell of."""
        context = chromium.new_context(
            base_url=console.url,
            viewport=dict(zip(("width", "height"), WIDTHS[width], strict=True)),
            locale={"en": "en-GB", "zh_CN": "zh-CN"}[language],
            **options,
        )
        if role is not None:
            context.add_cookies(signed_in(role))
        contexts.append(context)
        page = context.new_page()
        expected = tuple(f"the server responded with a status of {one}" for one in refused)
        page.on(
            "console",
            lambda message: (
                None
                if expected and any(one in message.text for one in expected)
                else faults.append(message.text)
            ),
        )
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def artefacts():
    """Where screenshots are kept for a person to look at."""
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS
