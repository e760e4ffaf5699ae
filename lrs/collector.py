"""Python's collector of cycles, in processes that make and drop many objects in no cycle."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 50_000
"""Objects made and not yet dropped before cycles are looked for among them: the objects of a batch
of statements, which hold no cycles, are then gone by themselves. Python's own 700 had every batch
looked through several times.
"""


def look_less_often() -> None:
    """Never look again through what stands now, and through new objects less often than Python
    would. To be called once a process has started.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 10)


@contextmanager
def not_looking() -> Iterator[None]:
    """Look for no cycles meanwhile: for a long piece of work on very many objects, which makes
    none. Looking costs a rebuild of the records a fifth of its time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
