"""What the tests of the xAPI resources share: an application of their own, and a client of it."""

import json
from contextlib import contextmanager
from hashlib import sha256

from lrs.app import create_app
from lrs.settings import Settings

V1, V2 = "1.0.3", "2.0.0"
LI_NA = json.dumps({"mbox": "mailto:li.na@example.edu.cn"})
ACTIVITY = "https://lms.example.edu.cn/course/view.php?id=101"


@contextmanager
def service_client(folder, **settings):
    app = create_app(Settings(data=folder, public_url="http://lrs.example", **settings))
    service = app.extensions["lrs"]
    service.credentials.ensure("admin", "s3cret", name="Administrator")
    try:
        yield Client(app)
    finally:
        service.close()


class Client:
    """An HTTP client of the application, signed in, that speaks 2.0.0 unless told otherwise."""

    def __init__(self, app, key="admin", secret="s3cret"):
        self.app = app
        self.service = app.extensions["lrs"]
        self._auth = (key, secret)
        self._client = app.test_client()

    def signed_in_with(self, *scopes):
        _, secret = self.service.credentials.issue(
            name="Tool", key="tool", provenance="server", scopes=scopes
        )
        return Client(self.app, "tool", secret)

    def __call__(self, method, url, version=V2, headers=(), query=None, **rest):
        headers = {"X-Experience-API-Version": version, **dict(headers)}
        headers = {name: value for name, value in headers.items() if value is not None}
        return self._client.open(
            f"/xapi/{url}",
            method=method,
            auth=self._auth,
            headers=headers,
            query_string=query,
            **rest,
        )

    def post_statements(self, statements, version=V2):
        answer = self("POST", "statements", version, json=statements)
        assert answer.status_code == 200, answer.json
        return answer.json

    def statement(self, statement_id, version=V2, **query):
        return self("GET", "statements", version, query={"statementId": statement_id, **query}).json

    def post_parts(self, statements, contents, version=V2, **changes):
        body, kind = multipart(statements, contents, **changes)
        return self("POST", "statements", version, data=body, content_type=kind)


def attachment(content, **properties):
    return {
        "usageType": "http://id.example/certificate",
        "display": {"en": "Certificate"},
        "contentType": "application/pdf",
        "length": len(content),
        "sha2": sha256(content).hexdigest(),
        **properties,
    }


def multipart(statements, contents, first="application/json", boundary="b0undary", **headers):
    """A multipart/mixed body; `headers` (hash, encoding) stand in each attachment's part."""
    parts = [f"Content-Type: {first}\r\n\r\n".encode() + json.dumps(statements).encode()]
    for content in contents:
        hashed = headers.get("hash", sha256(content).hexdigest())
        encoding = headers.get("encoding", "binary")
        head = "Content-Type: application/pdf\r\n"
        head += f"X-Experience-API-Hash: {hashed}\r\n" if hashed else ""
        head += f"Content-Transfer-Encoding: {encoding}\r\n" if encoding else ""
        parts.append(head.encode() + b"\r\n" + content)
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return body, f"multipart/mixed; boundary={boundary}"
