"""`lrs bank`: the sandbox Credit Bank, a process of its own."""

from __future__ import annotations

from pathlib import Path

import click

from adapters.outbound_http import is_loopback
from lrs import web_server
from lrs.bank import server
from lrs.bank.app import create_app
from lrs.bank.certificates import ensure_certificates, server_context
from lrs.bank.dial import FAULTS, Fault, FaultError, parse_faults
from lrs.bank.settings import BankSettings, read_catalogue, read_learners
from lrs.lifeline import exit_with_parent


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
        kind, colon, path = place.partition(":")
        if colon and kind in ("secret", "certificate"):
            clients[client_id] = f"{kind}:{Path(path).absolute()}"
        else:
            clients[client_id] = place if "://" in place else str(Path(place).absolute())
    return clients


def _faults(
    context: click.Context, parameter: click.Parameter, value: tuple[str, ...]
) -> dict[str, Fault]:
    settings: dict[str, str] = {}
    for text in value:
        for one in text.split(","):
            name, _, amount = one.strip().partition("=")
            settings[name] = amount
    try:
        return parse_faults(settings)
    except FaultError as error:
        raise click.BadParameter(str(error)) from error


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
    help="Who may put claims, and where its public keys are; or ID=secret:FILE, or "
    "ID=certificate:FILE (PEM, with --tls). Repeat for more.",
)
@click.option(
    "--catalogue",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The units that it recognises (YAML); without it, all.",
)
@click.option(
    "--learners",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The learners with accounts, who can be looked up (YAML).",
)
@click.option("--dpop", is_flag=True, help="Give no token without a DPoP proof.")
@click.option("--tls", is_flag=True, help="Speak https, under an authority made in the folder.")
@click.option(
    "--fault",
    "faults",
    metavar="NAME[=CHANCE[:AMOUNT]]",
    multiple=True,
    callback=_faults,
    help=f"Misbehave. Faults: {', '.join(FAULTS)}. Repeat, or part by commas.",
)
@click.option("--seed", default=1, show_default=True, help="Misbehave the same way each time.")
def bank(
    *,
    host: str,
    port: int,
    data: Path,
    clients: dict[str, str],
    catalogue: Path | None,
    learners: Path | None,
    dpop: bool,
    tls: bool,
    faults: dict[str, Fault],
    seed: int,
) -> None:
    """Serve a sandbox Credit Bank for trying claims out."""
    exit_with_parent()
    scheme = "https" if tls else "http"
    url = f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
    app = create_app(
        BankSettings(
            data=data.absolute(),
            url=url,
            clients=clients,
            catalogue=read_catalogue(catalogue) if catalogue else None,
            learners=read_learners(learners) if learners else (),
            dpop=dpop,
            faults=faults,
            seed=seed,
        )
    )
    context = None
    if tls:
        folder = data.absolute() / "tls"
        ensure_certificates(folder)
        shown = [
            Path(place.removeprefix("certificate:"))
            for place in clients.values()
            if place.startswith("certificate:")
        ]
        dial = app.extensions["bank"].dial
        context = server_context(folder, shown, lambda: "expired-certificate" in dial.draw())
    web_server.expect_free(host, port)
    click.echo(f"Credit Bank sandbox at {url}  (data in {data.absolute()}; Ctrl-C ends)")
    server.run(app, host, port, context)
