"""Serving the sandbox: a thread for each request, so that it can hang up in the middle of one."""

from __future__ import annotations

import ssl

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        pass


class _Server(ThreadedWSGIServer):
    allow_reuse_port = True
    request_queue_size = 128


def run(app: Flask, host: str, port: int, context: ssl.SSLContext | None) -> None:
    """Serve the application until the process is ended; with `context` over TLS."""
    _Server(host.strip("[]"), port, app, _Quiet, ssl_context=context).serve_forever()
