"""A trainer in a room without a network: records outlive the browser and come in once."""

import json
import os
import time

import pytest
import requests
from playwright.sync_api import expect

from tests.acceptance.lrs_process import KEY, SECRET
from tests.browser.chromium import executable
from tests.browser.conftest import WIDTHS
from tests.browser.test_pages import ACROSS, expect_accessible, expect_to_fit

pytestmark = pytest.mark.browser

HOME = "https://lms.example.edu.cn"
COURSE = f"{HOME}/practice/safety-101"


def open_device(chromium, folder, url, language, width):
    width, height = WIDTHS[width]
    context = chromium.browser_type.launch_persistent_context(
        str(folder),
        executable_path=executable(),
        args=["--no-sandbox"] if os.geteuid() == 0 else [],
        base_url=url,
        viewport={"width": width, "height": height},
        locale={"en": "en-GB", "zh_CN": "zh-CN"}[language],
    )
    page = context.pages[0]
    page.on("dialog", lambda dialog: dialog.accept())
    return context, page


def visit(page):
    page.goto("/attendance/")
    page.wait_for_selector("body[data-ready]")


@ACROSS
def test_attendance_without_a_network(chromium, console, tmp_path, artefacts, language, width):
    english = language == "en"
    auth = (KEY, SECRET)
    numbers = [f"20269{language[:2]}{width}0{place}" for place in (1, 2, 3)]
    title = f"Evacuation {language} {width}"

    context, page = open_device(chromium, tmp_path, console.url, language, width)
    visit(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.locator("#setup summary").click()
    page.locator("#homePage").fill(HOME)
    page.locator("#trainer").fill("T0007")
    page.locator("#settings button").click()
    page.locator("#setup summary").click()
    jwk = page.evaluate("document.getElementById('device-key').value")
    device = page.locator("#device-id").text_content()
    page.reload()
    page.wait_for_selector("body[data-ready]")

    # The network is cut; the page is opened anew and works.
    context.set_offline(True)
    visit(page)
    assert page.locator("html").get_attribute("lang") == language.replace("_", "-")
    expect(page.locator("#network")).to_have_text("no network" if english else "无网络")
    page.locator("#course").fill(COURSE)
    page.locator("#courseName").fill("Practice")
    page.locator("#title").fill(title)
    page.locator("#new-lesson button").click()
    page.locator("#adding summary").click()
    page.locator("#list").fill("\n".join(f"{number} 学员{number[-1]}" for number in numbers[:2]))
    page.locator("#add button").click()
    page.locator(f"#learner-{numbers[1]} .late").click()
    page.locator(f"#learner-{numbers[0]} input").fill("72")
    page.locator(f"#learner-{numbers[0]} input").press("Tab")
    page.locator("#number").fill(numbers[2])
    page.locator("#code button").first.click()
    expect(page.locator("#learners > li")).to_have_count(3)
    expect_accessible(page)
    expect_to_fit(page)
    page.screenshot(path=artefacts / f"attendance-lesson-{language}-{width}.png", full_page=True)
    context.close()

    # The browser is closed and started again, still without a network.
    context, page = open_device(chromium, tmp_path, console.url, language, width)
    context.set_offline(True)
    visit(page)
    page.get_by_role("button", name=title).click()
    late = page.locator(f"#learner-{numbers[1]} .late")
    expect(late).to_have_attribute("aria-pressed", "true")
    expect(page.locator(f"#learner-{numbers[0]} input")).to_have_value("72")
    page.locator("#all-present").click()
    page.locator("#close").click()
    expect(page.locator("#waiting")).to_have_text("1 to be handed in" if english else "1 份待提交")
    context.close()

    # A registrar registers the device; then the network is back.
    registered = requests.post(
        f"{console.url}/api/v1/devices",
        json={"name": f"Device {language} {width}", "jwk": json.loads(jwk)},
        auth=auth,
        timeout=10,
    )
    assert registered.status_code == 201, registered.text
    assert registered.json()["id"] == device
    context, page = open_device(chromium, tmp_path, console.url, language, width)
    visit(page)
    expect(page.locator("#waiting")).to_have_text(
        "Everything is handed in." if english else "已全部提交。"
    )
    expect_accessible(page)
    page.screenshot(path=artefacts / f"attendance-{language}-{width}.png", full_page=True)
    visit(page)  # nothing is handed in twice
    context.close()

    found = requests.get(f"{console.url}/api/v1/devices/{device}", auth=auth, timeout=10).json()
    assert (found["highest"], found["accepted"], found["missing"]) == (1, 1, [])
    records = recorded(console.url, auth, numbers)
    assert [list(record["sessions"].values()) for record in records] == [
        ["present"],
        ["late"],
        ["present"],
    ]
    assert records[0]["best_score"]["raw"] == 72
    assert [record["examiners"] for record in records] == [[f"account:{HOME}|T0007"]] * 3


def recorded(url, auth, numbers):
    """The record of each learner in the practice, once all are there."""
    deadline = time.monotonic() + 20
    while True:
        statements = requests.get(
            f"{url}/xapi/statements",
            params={"activity": COURSE, "related_activities": "true", "limit": 50},
            auth=auth,
            headers={"X-Experience-API-Version": "1.0.3"},
            timeout=10,
        ).json()["statements"]
        names = [one["actor"]["account"]["name"] for one in statements]
        assert all(names.count(number) <= 2 for number in numbers)
        records = []
        for number in numbers:
            page = requests.get(
                f"{url}/learners", params={"identifier": f"{HOME}|{number}"}, auth=auth, timeout=10
            )
            persona = page.text.partition('href="/learners/')[2].partition('"')[0]
            if persona:
                found = requests.get(
                    f"{url}/api/v1/records", params={"persona": persona}, auth=auth, timeout=10
                )
                records += [one for one in found.json()["items"] if one["activity"] == COURSE]
        if len(records) == len(numbers):
            return records
        assert time.monotonic() < deadline, records
        time.sleep(0.2)
