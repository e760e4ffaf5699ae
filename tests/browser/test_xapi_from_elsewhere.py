"""xAPI from a page of another origin, in a real browser: what CORS lets it do and see."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.acceptance.lrs_process import KEY, SECRET, lrs_process
from tests.unit.test_statement_rules import GOOD

pytestmark = pytest.mark.browser

CLIENT = """async ([endpoint, key, statement]) => {
    const headers = {
        "Authorization": "Basic " + btoa(key),
        "X-Experience-API-Version": "2.0.0",
        "Content-Type": "application/json",
    };
    const seen = {};
    const posted = await fetch(endpoint + "statements",
        {method: "POST", headers, body: JSON.stringify(statement)});
    const [id] = await posted.json();
    const read = await fetch(endpoint + "statements?statementId=" + id, {headers});
    seen.statement = await read.json();
    seen.through = read.headers.get("X-Experience-API-Consistent-Through");
    seen.modified = read.headers.get("Last-Modified");
    const state = endpoint + "activities/state?stateId=s&" + new URLSearchParams(
        {activityId: statement.object.id, agent: JSON.stringify(statement.actor)});
    const put = (extra) => fetch(state,
        {method: "PUT", headers: {...headers, ...extra}, body: "{}"});
    seen.created = (await put({"If-None-Match": "*"})).status;
    const etag = (await fetch(state, {headers})).headers.get("ETag");
    seen.changed = (await put({"If-Match": etag})).status;
    seen.stale = (await put({"If-Match": '"stale"'})).status;
    seen.deleted = (await fetch(state, {method: "DELETE", headers})).status;
    try {
        await fetch(endpoint + "statements", {headers, credentials: "include"});
        seen.withCredentials = "let in";
    } catch (error) {
        seen.withCredentials = "kept out";
    }
    return seen;
}"""


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def tool():
    """The address of a page that is not the service's."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_page_from_elsewhere_may_use_a_key_of_its_own_and_no_credentials(
    chromium, tmp_path, tool
):
    with lrs_process(tmp_path) as endpoint:
        page = chromium.new_page()
        page.goto(tool)
        seen = page.evaluate(CLIENT, [endpoint, f"{KEY}:{SECRET}", GOOD])
        page.close()
    statement = seen.pop("statement")
    assert {name: statement[name] for name in GOOD} == GOOD
    assert seen.pop("through") >= statement["stored"]
    assert seen.pop("modified")
    assert seen == {
        "created": 204,
        "changed": 204,
        "stale": 412,
        "deleted": 204,
        "withCredentials": "kept out",
    }
