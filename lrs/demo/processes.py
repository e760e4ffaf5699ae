"""The processes of the demonstration, all of which end with the one that started them."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import click
import requests

from lrs.lifeline import bound_to_this_process

READY_WITHIN = 60.0
PORT_PATIENCE = 2.0
"""Seconds to wait for a port that a run before this one may be about to let go."""


def lrs_command(*arguments: str) -> list[str]:
    """Return the command line of `lrs` in this very environment."""
    return [sys.executable, "-m", "lrs", *arguments]


def reserve_port(preferred: int) -> int:
    """Return the preferred port where it can be had, else any free one.

    The port is this process's until it ends, also against another demonstration that looks for
    one before ours has begun to listen.
    """
    deadline = time.monotonic() + PORT_PATIENCE
    while time.monotonic() < deadline:
        if _is_free(preferred) and _lock(preferred):
            return preferred
        time.sleep(0.1)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _lock(port: int) -> bool:
    """Lock the file that stands for the port; the lock goes with this process."""
    try:
        path = Path(tempfile.gettempdir()) / f"lrs-demo-{port}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Processes:
    """Child processes that serve until `stop`, or until this process is gone."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []

    def start(
        self, *arguments: str, ready: str, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start `lrs ARGUMENTS` and wait until the address `ready` answers.

        Raises click.ClickException where it ends or does not answer in time.
        """
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                lrs_command(*arguments),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {}), **bound_to_this_process()},
            )
        self._running.append(process)
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if requests.get(ready, timeout=2).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise click.ClickException(f"`lrs {arguments[0]}` did not start; see {self._log}")

    def wait(self) -> None:
        """Wait until one of the processes ends."""
        while all(process.poll() is None for process in self._running):
            time.sleep(0.5)

    def stop(self) -> None:
        """End all processes, the last started first."""
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
