"""What is wrong with a dossier, and where."""

from __future__ import annotations


class Fault(Exception):
    """Something in a dossier that is not as it must be: `where` it is, and which `rule`."""

    def __init__(self, where: str, rule: str) -> None:
        super().__init__(f"{where}: {rule}")
        self.where = where
        self.rule = rule
