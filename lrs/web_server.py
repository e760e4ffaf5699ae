"""Serving a WSGI application with Granian, on an address that is ours alone."""

from __future__ import annotations

import socket

import click
from granian import Granian
from granian.constants import Interfaces


def expect_free(host: str, port: int) -> None:
    """Raise click.ClickException where another program listens on the address already.

    Granian's sockets are opened so that several workers can share a port, and so a second
    service on the same port would silently take half of the first one's requests.
    """
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return
    raise click.ClickException(
        f"something listens on {host} port {port} already; choose another with --host or --port"
    )


def run(application: str, *, host: str, port: int, workers: int, threads: int) -> None:
    """Serve `application` (module:factory) until SIGTERM or SIGINT.

    Each of the `workers` processes has up to `threads` threads, started as they are needed.
    """
    Granian(
        application,
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        respawn_failed_workers=True,
        log_level="error",  # type: ignore[arg-type]
    ).serve()
