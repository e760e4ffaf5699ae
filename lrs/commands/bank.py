"""`lrs bank`: the sandbox Credit Bank, a process of its own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from adapters.outbound_http import is_loopback
from lrs import web_server
from lrs.bank.app import Bank
from lrs.bank.settings import BankSettings
from lrs.lifeline import bound_to_this_process, exit_with_parent

BLOCKING_THREADS = 8


def _host(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not is_loopback(value):
        raise click.BadParameter(
            f"{value} is not an address of this machine alone; the sandbox speaks plain http and "
            "shows its books to whoever asks, so give 127.0.0.1 or ::1"
        )
    return "127.0.0.1" if value.lower() == "localhost" else value


def _clients(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> dict[str, str]:
    clients: dict[str, str] = {}
    for text in value:
        client_id, equals, place = text.partition("=")
        if not (client_id and equals and place):
            raise click.BadParameter(f"{text!r} is not ID=JWKS_URL_OR_FILE")
        if client_id in clients:
            raise click.BadParameter(f"the client {client_id!r} is given twice")
        clients[client_id] = place if "://" in place else str(Path(place).absolute())
    return clients


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, callback=_host)
@click.option("--port", default=9090, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/bank"),
    show_default=True,
    help="The folder of the bank's own file and keys.",
)
@click.option(
    "--client",
    "clients",
    metavar="ID=JWKS_URL_OR_FILE",
    multiple=True,
    required=True,
    callback=_clients,
    help="Who may put claims, and where its public keys are. Repeat for more.",
)
def bank(host: str, port: int, data: Path, clients: dict[str, str]) -> None:
    """Serve a sandbox Credit Bank for trying claims out."""
    exit_with_parent()
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    settings = BankSettings(data=data.absolute(), url=url, clients=clients)
    os.environ.update({**settings.to_environment(), **bound_to_this_process()})
    Bank(settings).close()  # what is wrong with data or clients is said here, in one line
    web_server.expect_free(host, port)
    click.echo(f"Credit Bank sandbox at {url}  (data in {settings.data}; Ctrl-C ends)")
    web_server.run(
        "lrs.bank.app:create_app", host=host, port=port, workers=1, threads=BLOCKING_THREADS
    )
