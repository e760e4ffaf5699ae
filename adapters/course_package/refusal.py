"""Why a course package is refused."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 500
"""Characters of a rule, which may quote what stands in the file."""


class PackageRefused(ValueError):
    """The package is not read; nothing of it is kept.

    `file` is the package, or the file in it (`geology.zip/cmi5.xml`), `line` counts from 1 and is
    None where the rule is about the whole file, `rule` says what is wrong and what to do;
    `chinese` says all of it in Chinese.
    """

    def __init__(self, file: str, rule: str, line: int | None = None, *, chinese: str) -> None:
        if len(rule) > _LONGEST:
            rule = f"{rule[:_LONGEST]}…"
        super().__init__(f"{file}:{line}: {rule}" if line else f"{file}: {rule}")
        self.file = file
        self.line = line
        self.rule = rule
        where = f"{file} 第 {line} 行" if line else file
        if len(chinese) > _LONGEST:
            chinese = f"{chinese[:_LONGEST]}…"
        self.chinese = f"{where}：{chinese}"
