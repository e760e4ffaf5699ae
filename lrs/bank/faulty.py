"""The faults as they are met: a WSGI application around the bank's own."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from lrs.bank.dial import Dial

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SKEW = "lrs.bank.clock_skew"
"""Where the request says by how many seconds the bank's clock is ahead."""

SPARED = ("/healthz", "/faults", "/static/", "/openapi.json")
_SIGNATURE = re.compile(rb'("receipt": ?"[^"]*\.)([^."]{8})([^."]*")')


class Faulty:
    """Lets requests meet the faults that the dial draws for them."""

    def __init__(self, application: WSGIApplication, dial: Dial) -> None:
        self._application = application
        self._dial = dial

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request, or fail to."""
        path = environ.get("PATH_INFO", "")
        if path == "/" or path.startswith(SPARED):
            return self._application(environ, start)
        faults = self._dial.draw()
        environ[SKEW] = faults.get("clock-skew", 0.0)
        if "latency" in faults:
            time.sleep(faults["latency"])
        if "429" in faults:
            return _refuse(start, "429 Too Many Requests", faults["429"])
        if "500" in faults:
            return _refuse(start, "500 Internal Server Error", None)
        return self._answer(environ, start, faults)

    def _answer(
        self, environ: WSGIEnvironment, start: StartResponse, faults: dict[str, float]
    ) -> Iterable[bytes]:
        begun: list[Any] = []

        def hold(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            begun[:] = [status, headers]
            return lambda data: None

        body = b"".join(self._application(environ, hold))
        if "drop-after-commit" in faults:
            _hang_up(environ)
            return []
        if "wrong-signature" in faults:
            body = _SIGNATURE.sub(rb"\1AAAAAAAA\3", body)
        start(begun[0], begun[1])
        return _trickle(body, faults["slow-body"]) if "slow-body" in faults else [body]


def _refuse(start: StartResponse, status: str, retry_after: float | None) -> Iterable[bytes]:
    code, _, title = status.partition(" ")
    body = json.dumps({"type": "about:blank", "title": title, "status": int(code)}).encode()
    headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
    if retry_after is not None:
        headers.append(("Retry-After", str(round(retry_after))))
    start(status, headers)
    return [body]


def _trickle(body: bytes, seconds: float) -> Iterator[bytes]:
    """Give the body in ten pieces over some seconds."""
    size = max(1, -(-len(body) // 10))
    for begin in range(0, len(body), size):
        time.sleep(seconds / 10)
        yield body[begin : begin + size]


def _hang_up(environ: WSGIEnvironment) -> None:
    """Close the connection with nothing said."""
    connection: socket.socket = environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("hung up")
