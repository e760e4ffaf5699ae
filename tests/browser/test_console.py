"""The overview and a learner's page of the running demonstration, as a person sees them."""

import os
import re
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LRS_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "lrs", "demo", "--data", str(tmp_path_factory.mktemp("demo"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**clean, "PYTHONUNBUFFERED": "1"},
    )
    try:
        shown = ""
        for line in process.stdout:
            shown += line
            if "keeps running" in line:
                break
        address = re.search(r"(http://\S+)/\s+sign in with\s+key (\S+)  secret (\w+)", shown)
        assert address, shown
        yield address.groups()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)
        process.stdout.close()


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["desk", "phone"])
def page(request, chromium, demonstration):
    url, key, secret = demonstration
    width, height = request.param
    context = chromium.new_context(
        base_url=url,
        viewport={"width": width, "height": height},
        locale="en-GB",
    )
    page = context.new_page()
    faults = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/")
    page.get_by_label("Name").fill(key)
    page.get_by_label("Password").fill(secret)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/")
    yield page
    context.close()
    assert not faults


@pytest.mark.parametrize(
    ("language", "accepted", "learners", "records"),
    [("en", "accepted", "Learners", "Learner records"), ("zh_CN", "已接受", "学习者", "学习记录")],
)
def test_from_the_overview_to_a_learner_in_both_languages(
    page, artefacts, language, accepted, learners, records
):
    page.goto(f"/?lang={language}")
    assert page.locator("html").get_attribute("lang") == language.replace("_", "-")
    assert page.locator("section", has=page.locator("#claims")).get_by_text(accepted).count() == 2
    assert page.get_by_role("heading", name=learners, exact=True).is_visible()
    size = page.viewport_size["width"]
    page.screenshot(path=artefacts / f"overview-{language}-{size}.png", full_page=True)
    page.get_by_role("link", name="李娜").last.click()
    assert page.get_by_role("heading", name="李娜").is_visible()
    assert page.get_by_role("heading", name=records).is_visible()
    assert "4 / 4" in page.locator("main").inner_text()
    page.screenshot(path=artefacts / f"learner-{language}-{size}.png", full_page=True)
    # Tables scroll within themselves: the page is never wider than the window.
    assert page.evaluate("document.documentElement.scrollWidth") <= size


def test_strangers_see_nothing(chromium, demonstration):
    url, _, _ = demonstration
    context = chromium.new_context()
    assert context.request.get(f"{url}/api/v1/records").status == 401
    assert context.request.get(f"{url}/").url == f"{url}/sign-in?next=%2F"
    context.close()
