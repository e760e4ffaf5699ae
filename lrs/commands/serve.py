"""`lrs serve`: the web workers and the background work, together."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import click

from lrs import web_server
from lrs.auth.sources import SourceCredentials
from lrs.commands.data_option import data_option
from lrs.lifeline import bound_to_this_process, exit_with_parent
from lrs.observe import counters_folder, logs
from lrs.receiving import AT_ONCE, RECEIVING
from lrs.service import Service
from lrs.settings import Settings

ADMINISTRATOR = "admin"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--demo",
    is_flag=True,
    help="Fill the store with a made-up cohort, in a folder of its own under --data, to look at.",
)
@data_option
def serve(host: str, port: int, workers: int, demo: bool) -> None:
    """Serve xAPI under /xapi and do the background work."""
    web_server.expect_free(host, port)
    if demo:
        os.environ["LRS_DATA"] = str(Path(os.environ["LRS_DATA"]) / "demo-cohort")
    os.environ.setdefault("LRS_PUBLIC_URL", f"http://{_name_of(host)}:{port}")
    exit_with_parent()
    os.environ.update(bound_to_this_process())
    logs.configure()
    settings = Settings.from_environment()
    service = Service(settings)
    ensure_administrator(service)
    service.close()
    counters_folder.prepare(settings.data)
    background = Background()
    background.start()
    click.echo(f"Serving {settings.public_url}/xapi  (data in {settings.data}; Ctrl-C ends)")
    if demo:
        click.echo(f"A made-up cohort comes in; look at {settings.public_url}/")
        subprocess.Popen([sys.executable, "-m", "lrs.demo.fill", settings.public_url])
    try:
        web_server.run(
            "lrs.app:create_app",
            host=host,
            port=port,
            workers=workers,
            threads=AT_ONCE + RECEIVING,
        )
    finally:
        background.stop()
        counters_folder.remove()


def ensure_administrator(service: Service) -> None:
    """Take the administrator's key from LRS_ADMIN_KEY and LRS_ADMIN_SECRET, or make one.

    One that is made is printed, this once: only a keyed hash of it is kept.
    """
    credentials: SourceCredentials = service.credentials
    key, secret = os.environ.get("LRS_ADMIN_KEY"), os.environ.get("LRS_ADMIN_SECRET")
    if bool(key) != bool(secret):
        raise click.UsageError("set both LRS_ADMIN_KEY and LRS_ADMIN_SECRET, or neither")
    if key and secret:
        credentials.ensure(key, secret, name="Administrator")
    elif not any(source.may() for source in service.store.sources.all().values()):
        _, secret = credentials.issue(
            name="Administrator", provenance="server", scopes=("all",), key=ADMINISTRATOR
        )
        click.echo("The administrator's key, shown this once (HTTP Basic authentication):")
        click.echo(f"  key     {ADMINISTRATOR}\n  secret  {secret}")


class Background:
    """The background process, started again where it ends by itself."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name="background", daemon=True)

    def start(self) -> None:
        """Start the process and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the process to finish what it is at, and wait for it."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(10)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._process = subprocess.Popen([sys.executable, "-m", "lrs.background"])
            code = self._process.wait()
            if not self._stopping.is_set():
                logging.getLogger("lrs").error("background work ended with %s, again", code)
                self._stopping.wait(1)


def _name_of(host: str) -> str:
    """Return the address under which clients on this machine reach a bound host."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return f"[{name}]" if ":" in name and not name.startswith("[") else name
