"""A real sandbox bank in a process of its own, for tests that cross the boundary."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from adapters.outbound import Receiver
from lrs.lifeline import bound_to_this_process

START_TIMEOUT = 30


def client_key(kid: str = "client-1") -> ECKey:
    """Return a new private client key."""
    key = ECKey.generate_key("P-256")
    return ECKey.import_key({**key.as_dict(private=True), "kid": kid, "use": "sig", "alg": "ES256"})


def write_jwks(path: Path, *keys: ECKey) -> str:
    """Write the keys' public halves as a JWK set and return the file's name."""
    path.write_text(json.dumps({"keys": [key.as_dict(private=False) for key in keys]}))
    return str(path)


class BankProcess:
    """`lrs bank` on a port of its own; `clients` as the option `--client` takes them."""

    def __init__(self, folder: Path, clients: dict[str, str], *options: str) -> None:
        self.data = folder / "bank"
        self.clients = clients
        self.options = options
        self._log = folder / "bank.log"
        self._process: subprocess.Popen[bytes] | None = None
        # Bound and never listening, the socket keeps the port from others for as long as we live,
        # over restarts too; the server may share it, because both ask for SO_REUSEPORT.
        self._reservation = socket.socket()
        self._reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._reservation.bind(("127.0.0.1", 0))
        self.port: int = self._reservation.getsockname()[1]
        self.url = f"{'https' if '--tls' in options else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> "BankProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._reservation.close()

    def start(self) -> None:
        """Start the process and return when it answers."""
        options = [f"--client={name}={place}" for name, place in self.clients.items()]
        options += self.options
        command = [sys.executable, "-c", "from lrs.cli import main; main()", "bank"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, f"--port={self.port}", f"--data={self.data}", *options],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **bound_to_this_process()},
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the bank did not start:\n{self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Ask the process to end and wait for it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """Kill the process and its worker at once, as a power cut would (SIGKILL)."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    @property
    def log(self) -> str:
        """Everything the process wrote so far."""
        return self._log.read_text()

    def receiver(self, client_id: str, key: ECKey) -> Receiver:
        """Return the bank as the adapter's receiver."""
        return Receiver(name="Credit Bank", url=self.url, client_id=client_id, client_key=key)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON of a resource that needs no token, past an expired certificate too."""
        trusting = ssl._create_unverified_context()
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusting)
        )
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with opener.open(request, timeout=5) as answer:
            return json.load(answer)

    def _answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz") == {"status": "ok"}
        except OSError:
            return False
