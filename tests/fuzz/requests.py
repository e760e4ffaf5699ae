"""Whole requests to the whole application: whatever is asked, it is no error of the server."""

import atexit
import io
import re
import shutil
import tempfile
from base64 import b64encode
from functools import cache
from pathlib import Path
from urllib.parse import unquote_to_bytes

from lrs.app import create_app
from lrs.settings import Settings
from lrs.store.sqlite.database import StoreError

NEVER_SENT = re.compile(rb"[^\x21-\x7e]")
"""What the web server in front never lets through in a method, a target or a header's name."""

KEY = f"Basic {b64encode(b'admin:s3cret').decode()}"


class ServerError(Exception):
    """An answer that is the server's own fault."""


@cache
def application():
    """The application over a store of its own, signed in to as an administrator."""
    folder = Path(tempfile.mkdtemp(prefix="lrs-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    app = create_app(Settings(data=folder, public_url="https://lrs.example", rate_limit=10**9))
    app.config["PROPAGATE_EXCEPTIONS"] = True
    app.extensions["lrs"].credentials.ensure("admin", "s3cret", name="Administrator")

    def again(error):
        raise error

    for kind in (Exception, StoreError):
        app.register_error_handler(kind, again)
    return app


def environment(octets):
    """The WSGI environment of a request that reads `octets`, as the web server would make it.

    It is signed in unless it brings an Authorization of its own.
    """
    head, _, body = octets.partition(b"\r\n\r\n")
    line, *fields = head.split(b"\r\n")
    method, _, target = line.partition(b" ")
    path, _, query = NEVER_SENT.sub(b"", target.rpartition(b" ")[0]).partition(b"?")
    made = {
        "REQUEST_METHOD": NEVER_SENT.sub(b"", method).decode() or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/" + unquote_to_bytes(path).decode("latin-1").lstrip("/"),
        "QUERY_STRING": query.decode(),
        "SERVER_NAME": "lrs.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "HTTP_AUTHORIZATION": KEY,
    }
    for field in fields:
        name, _, value = field.partition(b":")
        key = NEVER_SENT.sub(b"", name).decode().upper().replace("-", "_")
        text = re.sub(rb"[\x00-\x08\x0a-\x1f\x7f]", b"", value).strip().decode("latin-1")
        made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = text
    made["CONTENT_LENGTH"] = str(len(body))
    return made


def requests(octets):
    status = []
    parts = application().wsgi_app(environment(octets), lambda line, *_: status.append(line))
    try:
        for _ in parts:
            pass
    finally:
        getattr(parts, "close", lambda: None)()
    if status[0].startswith("5"):
        raise ServerError(status[0])


def request(line, body=b"", kind="application/json", version="2.0.0", **headers):
    head = [line.encode() + b" HTTP/1.1", b"Host: lrs.example"]
    head.append(b"X-Experience-API-Version: " + version.encode())
    head += [f"{name.replace('_', '-')}: {value}".encode() for name, value in headers.items()]
    if body:
        head.append(b"Content-Type: " + kind.encode())
    return b"\r\n".join(head) + b"\r\n\r\n" + body


UUID = "8f87ccde-bb56-4c2e-ab83-44982ef22df0"
AGENT = "%7B%22mbox%22%3A%22mailto%3Aa%40example.cn%22%7D"


def examples(statement, parts):
    """Requests of every room, well-formed. `parts` is a multipart body with its content type."""
    document = f"?activityId=https%3A%2F%2Fa.example%2F1&agent={AGENT}&stateId=s"
    form = "application/x-www-form-urlencoded"
    old = b"X-Experience-API-Version=1.0.3&Content-Type=application/json&statementId="
    return [
        request("POST /xapi/statements", b"[" + statement + b"]"),
        request("POST /xapi/statements", statement, version="1.0.3"),
        request(f"PUT /xapi/statements?statementId={UUID}", statement),
        request("POST /xapi/statements", parts[0], kind=parts[1]),
        request(
            f"GET /xapi/statements?agent={AGENT}&verb=http%3A%2F%2Fa.example%2Fv&limit=5"
            "&since=2026-01-01T00:00:00Z&related_agents=true&format=canonical&attachments=true",
            Accept_Language="zh-CN,en;q=0.5",
        ),
        request(f"GET /xapi/statements?statementId={UUID}&format=ids"),
        request("POST /xapi/statements?method=GET", old + UUID.encode(), form, "1.0.3"),
        request("PUT /xapi/activities/state" + document, b'{"a": 1}', If_Match="*"),
        request("POST /xapi/activities/state" + document, b'{"b": [1, 2]}'),
        request("GET /xapi/activities/state" + document + "&since=2026-01-01T00:00:00Z"),
        request("GET /xapi/activities?activityId=https%3A%2F%2Fa.example%2F1"),
        request(f"GET /xapi/agents?agent={AGENT}"),
        request(f"PUT /xapi/agents/profile?agent={AGENT}&profileId=p", b"x", "text/plain"),
        request(f"DELETE /xapi/agents/profile?agent={AGENT}&profileId=p"),
        request(f"GET /api/v1/records?persona={UUID}&limit=10&cursor=kwECAw"),
        request("GET /api/v1/personas?name=a&limit=3"),
        request("GET /api/v1/achievements?state=verified&unit=U-1"),
        request("GET /api/v1/ledger/consistency?first=1&second=2"),
        request(f"GET /api/v1/audit-events?persona={UUID}&limit=3"),
        request("POST /api/v1/sources", b'{"name": "t", "provenance": "server", "scopes": []}'),
        request("POST /api/v1/units", b'{"code": "U-1", "version": 1, "title": {"en": "U"}}'),
        request("POST /api/v1/what-if", b'{"persona": "a", "unit": "U-1"}'),
        request("POST /api/v1/device-batches", b"eyJhbGciOiJFUzI1NiJ9.e30.c2ln"),
        request(
            "POST /oauth/token", b"grant_type=client_credentials&scope=statements/read", kind=form
        ),
        request("POST /oauth/introspect", b"token=eyJhbGciOiJFUzI1NiJ9.e30.c2ln", kind=form),
        request("POST /sign-in", b"name=admin&password=x&next=/learners", kind=form),
        request("GET /statements?verb=http%3A%2F%2Fa.example%2Fv&cursor=oWE"),
        request("GET /learners?q=%E6%9D%8E"),
        request("GET /ledger/tile/0/000.p/3"),
        request("GET /metrics", Authorization=KEY),
        request("GET /api/v1/me", Authorization="Bearer eyJhbGciOiJFUzI1NiJ9.e30.c2ln"),
        request("GET /readyz?exclude=outbox"),
    ]
