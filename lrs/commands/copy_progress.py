"""A bar for long copies, on a terminal alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress as Bar

from lrs.store.copies import Progress


@contextmanager
def copy_progress(what: str) -> Iterator[Progress]:
    """Give what is to be told how far a copy is."""
    console = Console(stderr=True)
    with Bar(console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
