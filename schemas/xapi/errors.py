"""What is said when a statement breaks a rule."""

from __future__ import annotations


class RuleBroken(Exception):
    """A rule that does not hold at a path within one statement."""

    def __init__(self, path: str, rule: str) -> None:
        super().__init__(f"{path}: {rule}")
        self.path = path
        self.rule = rule


class StatementError(Exception):
    """A body that is not one or more valid statements.

    `index` is the statement's place in the batch (0 for a single one), None where the body as a
    whole is at fault; `path` is within the statement (`$.actor.mbox`); `rule` says what must hold.
    """

    def __init__(self, index: int | None, path: str, rule: str) -> None:
        where = path if index is None else f"statement {index}, {path}"
        super().__init__(f"{where}: {rule}")
        self.index = index
        self.path = path
        self.rule = rule


class VersionError(Exception):
    """The header `X-Experience-API-Version` names no version that is spoken here."""


def shown(value: object) -> str:
    """Return a value as shown in a message: quoted, and at most 80 characters of it."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
