"""What can go wrong with a store as a whole."""

from __future__ import annotations


class StoreError(Exception):
    """The store cannot be opened or written; the message tells what to do."""
