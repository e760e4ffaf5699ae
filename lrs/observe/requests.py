"""Every request: its id, its line in the log, its part of the metrics, its span."""

from __future__ import annotations

import logging
import time
from functools import lru_cache

from flask import Flask, Response, g, request

from lrs.observe import request_id
from lrs.observe.metrics import REQUESTS, SECONDS
from lrs.observe.tracing import StartSpan

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are counted each; whatever else a client thinks of is one more."""

_log = logging.getLogger("lrs.access")


def install(app: Flask, start_span: StartSpan | None) -> None:
    """Observe every request of the application. To be installed before anything else that acts
    on requests, so that it sees what that comes to.
    """

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = request_id.accepted(request.headers.get(request_id.HEADER))
        request_id.current.set(g.request_id)
        if start_span is not None:
            g.span_context = start_span(f"{_method()} {_route()}", dict(request.headers))
            g.span = g.span_context.__enter__()

    @app.after_request
    def end(response: Response) -> Response:
        if "began" not in g:
            return response
        seconds = time.perf_counter() - g.began
        response.headers[request_id.HEADER] = g.request_id
        method, route, status = _method(), _route(), response.status_code
        if "span" in g:
            g.span.set_attribute("http.request.method", method)
            g.span.set_attribute("http.route", route)
            g.span.set_attribute("http.response.status_code", status)
            g.span.set_attribute("lrs.request_id", g.request_id)
        note(method, route, status, seconds)
        return response

    @app.teardown_request
    def leave(error: BaseException | None) -> None:
        if "span_context" in g:
            g.span_context.__exit__(None, None, None)
        request_id.current.set(None)


def note(method: str, route: str, status: int, seconds: float) -> None:
    """Count the request that was answered, and log it."""
    _counted(method, route, str(status)).inc()
    _timed(route).observe(seconds)
    if _log.isEnabledFor(logging.INFO):
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        }
        _log.info("request", extra={"fields": fields})


_counted = lru_cache(1000)(REQUESTS.labels)
_timed = lru_cache(1000)(SECONDS.labels)


def _route() -> str:
    """The rule that the path falls under, of which there are few; the path may name a person."""
    return request.url_rule.rule if request.url_rule is not None else "none"


def _method() -> str:
    return request.method if request.method in METHODS else "other"
