"""The page that checks a dossier in the browser, with no upload."""

import threading

import pytest
from werkzeug.serving import make_server

from lrs.app import create_app
from lrs.dossier.container import read_archive
from lrs.settings import Settings
from tests.unit.dossiers import AcceptedClaim

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lrs")
    app = create_app(Settings(data=folder, public_url="http://127.0.0.1"))
    accepted = AcceptedClaim(app, signed=True, certificate=b"%PDF-1.7")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    accepted.url = f"http://127.0.0.1:{server.server_port}"
    yield accepted
    server.shutdown()
    thread.join()
    accepted.service.close()


@pytest.fixture
def page(chromium, accepted):
    context = chromium.new_context(base_url=accepted.url)
    page = context.new_page()
    faults, requests = [], []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.requests = requests
    page.on("request", lambda request: requests.append((request.method, request.url)))
    yield page
    context.close()
    assert not faults
    assert {method for method, _ in requests} == {"GET"}


def result(page, path, trusted=""):
    page.locator("#trusted").fill(trusted)
    page.set_input_files("#dossier", path)
    page.locator("#result.holds, #result.fails, #result.fallen").wait_for()
    return page.locator("#result").inner_text(), page.locator("#lines").inner_text()


@pytest.mark.parametrize("profile", ["full", "pseudonymous", "minimal"])
def test_a_dossier_holds_in_the_browser(page, accepted, tmp_path, artefacts, profile):
    page.goto("/verify?lang=en")
    page.wait_for_load_state("networkidle")
    loaded = len(page.requests)
    key = str(accepted.service.ledger_keys.verifiers()[0])
    path = accepted.dossier(tmp_path / "a.zip", profile)
    told, lines = result(page, path, key)
    assert told == "Everything holds, and the credit stands.", lines
    assert "signed by the key that you trust" in lines
    assert "accepted by https://bank.example (B-1)" in lines
    later = [url for _, url in page.requests[loaded:] if not url.endswith("/static/icon.svg")]
    assert not later  # nothing left the page
    page.screenshot(path=artefacts / f"verify-{profile}.png", full_page=True)


def test_what_was_changed_is_said_where_in_both_languages(page, accepted, tmp_path):
    path = accepted.dossier(tmp_path / "a.zip")
    content = path.read_bytes()
    with path.open("rb") as file:
        members = read_archive(file)
    for language, wrong in (("en", "do not rely on this file"), ("zh_CN", "请勿采信此文件")):
        page.goto(f"/verify?lang={language}")
        for one in members[:: 1 if language == "en" else 5]:
            place = one.offset + one.size // 2
            path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
            told, lines = result(page, path)
            assert wrong in told
            assert f"✗ {one.name}:" in lines
            page.reload()


def test_a_stranger_s_key_and_other_files_are_refused(page, accepted, tmp_path):
    page.goto("/verify?lang=en")
    path = accepted.dossier(tmp_path / "a.zip", "minimal")
    stranger = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    told, lines = result(page, path, stranger)
    assert "do not rely" in told
    assert "not signed by the key that you trust" in lines
    page.reload()
    path.write_bytes(b"not a dossier")
    told, _ = result(page, path)
    assert "do not rely" in told


def test_a_browser_without_ed25519_says_what_to_do(page, accepted, tmp_path):
    unsupported = "Promise.reject(new DOMException('', 'NotSupportedError'))"
    page.add_init_script(f"crypto.subtle.generateKey = () => {unsupported}")
    page.goto("/verify?lang=en")
    told, _ = result(page, accepted.dossier(tmp_path / "a.zip", "minimal"))
    assert "cannot check Ed25519" in told
    assert "lrs verify FILE" in told


def test_the_policy_allows_no_connection(accepted):
    answer = accepted.app.test_client().get("/verify")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy
    assert "unsafe" not in policy
    assert "<script>" not in answer.text
