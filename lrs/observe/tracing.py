"""OpenTelemetry traces, where OTEL_EXPORTER_OTLP_ENDPOINT (or its sibling for traces) is set.

Nothing of OpenTelemetry is imported otherwise. Spans tell the route, never path or query, which
name people; its own instrumentation of WSGI would.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")

StartSpan: TypeAlias = Callable[[str, Mapping[str, str]], AbstractContextManager[Any]]
"""Starts a span by its name, as a child of the one that the headers (`traceparent`) tell of."""


class TracingMissing(Exception):
    """Traces are asked for and the packages for them are not installed."""


def start_span() -> StartSpan | None:
    """Return what starts spans, None where no traces are asked for. Raises TracingMissing."""
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return None
    try:
        from opentelemetry import propagate, trace  # noqa: PLC0415 - only where it is asked for
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
            OTLPSpanExporter,
        )
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        raise TracingMissing(
            "traces are asked for (OTEL_EXPORTER_OTLP_ENDPOINT), and the packages for them are "
            "missing: pip install 'learning-record-store[tracing]'"
        ) from error
    name = os.environ.get("OTEL_SERVICE_NAME", "learning-record-store")
    provider = TracerProvider(resource=Resource.create({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = trace.get_tracer("lrs", tracer_provider=provider)

    def start(name: str, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
        lowered = {key.lower(): value for key, value in headers.items()}
        parent = propagate.extract(lowered)
        span: AbstractContextManager[Any] = tracer.start_as_current_span(
            name, parent, kind=trace.SpanKind.SERVER, record_exception=False
        )
        return span

    return start
