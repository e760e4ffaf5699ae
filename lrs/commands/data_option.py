"""The options `--data` and `--mongo`, the same for every command that opens the store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


def _remember(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    os.environ["LRS_DATA"] = str(value.absolute())
    return value.absolute()


def _remember_store(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> str | None:
    if value is not None:
        os.environ["LRS_STORE"] = value
    return value


def data_option(command: Any) -> Any:
    """Add `--data DIR` and `--mongo ADDRESS`, also read from LRS_DATA and LRS_STORE, which child
    processes inherit.
    """
    command = click.option(
        "--mongo",
        metavar="ADDRESS",
        expose_value=False,
        is_eager=True,
        callback=_remember_store,
        help="Keep the store in MongoDB (mongodb://HOST/lrs); with a password, set LRS_STORE.",
    )(command)
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="LRS_DATA",
        default=Path("data"),
        show_default=True,
        expose_value=False,
        is_eager=True,
        callback=_remember,
        help="The folder of the embedded store, and of files.",
    )(command)
