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
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise click.ClickException(
                f"cannot listen on {host} port {port}: {error.strerror}; "
                "choose another with --host or --port"
            ) from None


def run(application: str, *, host: str, port: int, workers: int, threads: int) -> None:
    """Serve `application` (module:factory) until SIGTERM or SIGINT.

    Each of the `workers` processes answers `threads` requests at a time.
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
