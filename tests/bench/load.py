"""A load generator: requests made beforehand, sent over connections that stay open."""

from __future__ import annotations

import base64
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import json


@dataclass(frozen=True)
class Sent:
    """How a load went: requests, seconds, and each request's seconds, sorted."""

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def percentile(self, share: float) -> float:
        """Return the latency (seconds) that `share` of the requests kept within."""
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


def request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Return a whole HTTP/1.1 request."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send(address: tuple[str, int], requests: Sequence[bytes], connections: int) -> Sent:
    """Send the requests over so many connections at once, from a process of its own.

    Raises RuntimeError where an answer is no success.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )
    job = json.encode({"address": address, "requests": requests, "connections": connections})
    output, _ = child.communicate(job)
    if child.returncode:
        raise RuntimeError("the load could not be sent")
    return json.decode(output, type=Sent)


class Connection:
    """One connection that is kept open."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request; return the status and the body of the answer."""
        self._socket.sendall(request)
        received = self._rest
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        head = received[:end].lower()
        length = 0
        chunked = b"transfer-encoding: chunked" in head
        place = head.find(b"content-length:")
        if place >= 0:
            length = int(head[place + 15 :].split(b"\r\n", 1)[0])
        body = received[end + 4 :]
        if chunked:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._more()
            self._rest = b""
        else:
            while len(body) < length:
                body += self._more()
            body, self._rest = body[:length], body[length:]
        return int(head[9:12]), body

    def _more(self) -> bytes:
        piece = self._socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server closed the connection")
        return piece


def main() -> None:
    """Read a job from standard input, do it, and write how it went."""
    job = json.decode(sys.stdin.buffer.read())

    requests = [base64.b64decode(one) for one in job["requests"]]
    address = (job["address"][0], job["address"][1])
    count = job["connections"]
    latencies: list[float] = []
    faults: list[str] = []

    def work(share: list[bytes]) -> None:
        connection = Connection(address)
        for one in share:
            began = time.perf_counter()
            status, body = connection.ask(one)
            latencies.append(time.perf_counter() - began)
            if status >= 300:
                faults.append(f"{status} {body[:300]!r}")
                return

    threads = [
        threading.Thread(target=work, args=(requests[number::count],)) for number in range(count)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        sys.exit(f"{len(faults)} requests failed, first: {faults[0]}")
    sys.stdout.buffer.write(json.encode(Sent(len(latencies), seconds, sorted(latencies))))


if __name__ == "__main__":
    main()
