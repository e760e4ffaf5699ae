"""A real service in a process of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

from lrs.lifeline import bound_to_this_process

START_TIMEOUT = 30
KEY, SECRET = "acceptance", "acceptance-secret"


@contextlib.contextmanager
def lrs_process(folder, *options):
    """Serve on a port of its own; gives the address of xAPI."""
    # Bound and never listening, the socket keeps the port from others; the server may share it.
    with socket.socket() as reservation:
        reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind(("127.0.0.1", 0))
        port = reservation.getsockname()[1]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "lrs",
                    "serve",
                    f"--port={port}",
                    f"--data={folder}/data",
                    *options,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={
                    **os.environ,
                    **bound_to_this_process(),
                    "LRS_ADMIN_KEY": KEY,
                    "LRS_ADMIN_SECRET": SECRET,
                },
            )
        try:
            wait_for(process, f"http://127.0.0.1:{port}/healthz", folder / "log")
            yield f"http://127.0.0.1:{port}/xapi/"
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def wait_for(process, url, log):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        with contextlib.suppress(OSError), opener.open(url, timeout=2):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the service did not start:\n{log.read_text()}")
        time.sleep(0.05)
