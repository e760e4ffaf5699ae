"""The option `--data`, the same for every command that opens the store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click


def _remember(context: click.Context, parameter: click.Parameter, value: Path) -> Path:
    os.environ["LRS_DATA"] = str(value.absolute())
    return value.absolute()


def data_option(command: Any) -> Any:
    """Add `--data DIR`, also read from LRS_DATA, which child processes inherit."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="LRS_DATA",
        default=Path("data"),
        show_default=True,
        expose_value=False,
        is_eager=True,
        callback=_remember,
        help="The folder of the embedded store.",
    )(command)
