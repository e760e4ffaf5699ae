"""Traces, as OpenTelemetry's own exporter brings them to a collector."""

import json
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.acceptance.lrs_process import lrs_process
from tests.faults.test_disk_and_clock import BASIC, ask
from tests.unit.unit_service import learner

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Collector:
    """Takes what an exporter sends (OTLP 1.x over HTTP, binary protobuf)."""

    def __init__(self):
        self.spans, self.paths, self.services = [], set(), set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                collector.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, path, octets):
        request = ExportTraceServiceRequest.FromString(octets)
        self.paths.add(path)
        for resource in request.resource_spans:
            self.services |= {
                one.value.string_value
                for one in resource.resource.attributes
                if one.key == "service.name"
            }
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def span(self, name, within=20):
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for one in self.spans:
                if one.name == name:
                    return one
            time.sleep(0.05)
        raise AssertionError(f"no span {name} came, but {[one.name for one in self.spans]}")


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.server.shutdown()
    collector.server.server_close()


def test_a_request_is_a_span_within_the_trace_of_its_caller(tmp_path, monkeypatch, collector):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with lrs_process(tmp_path) as xapi:
        request = urllib.request.Request(
            f"{xapi}statements",
            json.dumps([learner(1)]).encode(),
            {
                "Authorization": f"Basic {BASIC}",
                "Content-Type": "application/json",
                "X-Experience-API-Version": "2.0.0",
                "X-Request-ID": "request-0001",
                "traceparent": f"00-{TRACE}-{PARENT}-01",
            },
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            assert answer.status == 200
        span = collector.span("POST /xapi/statements")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert span.end_time_unix_nano > span.start_time_unix_nano > 0
    told = {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
    assert told == {
        "http.request.method": "POST",
        "http.route": "/xapi/statements",
        "http.response.status_code": 200,
        "lrs.request_id": "request-0001",
    }
    assert collector.paths == {"/v1/traces"}
    assert collector.services == {"learning-record-store"}
    attributes = [one for sent in collector.spans for one in sent.attributes]
    assert attributes
    assert "@" not in str(attributes)


def test_a_collector_that_is_away_keeps_no_one_from_being_answered(tmp_path, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    with lrs_process(tmp_path) as xapi:
        assert [ask(xapi, number) for number in range(5)] == [200] * 5
