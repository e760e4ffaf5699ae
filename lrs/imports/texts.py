"""What is said of imports and their rows, in English and Chinese."""

from __future__ import annotations

import msgspec

from adapters.spreadsheet import LANGUAGES, Language
from schemas.imports import Import, ImportRow, RowFault, Texts

TEXTS: dict[str, tuple[str, str]] = {
    "nothing": ("Nothing was imported.", "没有导入任何内容。"),
    "interrupted": (
        "The file changed while it was read; import it again: nothing is stored twice.",
        "读取过程中文件有变化；请重新导入，不会重复保存。",
    ),
    "taken": (
        "says otherwise than statement {id}, which was imported already; if the row "
        "is right, void that statement (docs/import.md) and import the row again",
        "与已导入的陈述 {id} 内容不一致；如以本行为准，请先作废该陈述"
        "（见 docs/import.md），再重新导入本行",
    ),
    "repeated": (
        "has the id of an earlier row of this file and says otherwise; give it an id of its own",
        "与本文件前面一行的 id 相同而内容不一致；请使用不同的 id",
    ),
    "rule": (
        "its statement breaks a rule of xAPI: {rule}",
        "生成的陈述不符合 xAPI 规则：{rule}",
    ),
    "attachment": (
        "needs the attachment {sha2}, which has no fileUrl and is not in the file; "
        "pack it as attachments/{sha2}",
        "需要附件 {sha2}，但它没有 fileUrl，文件中也没有；请打包为 attachments/{sha2}",
    ),
    "another sha2": (
        "the content packed as {sha2} has another SHA-2; pack the right file",
        "以 {sha2} 打包的内容 SHA-2 不符；请打包正确的文件",
    ),
    "no such cell": (
        "is no cell of this row; it has {headers}",
        "不是该行的列；该行有 {headers}",
    ),
    "not quarantined": (
        "the row is no longer in quarantine; see `lrs quarantine show`",
        "该行已不在待处理区；见 `lrs quarantine show`",
    ),
    "no such row": (
        "row {row} of the import {id} is not in quarantine; see `lrs quarantine list`",
        "导入 {id} 的第 {row} 行不在待处理区；见 `lrs quarantine list`",
    ),
    "duplicate": ("the same as row {other}", "与第 {other} 行相同"),
    "new": ("{count} to be stored", "将保存 {count} 条"),
    "known": ("stored already", "已经保存过"),
    "row": ("row {row}: {text}", "第 {row} 行：{text}"),
    "row in file": ("{file}, row {row}: {text}", "{file} 第 {row} 行：{text}"),
    "fault": ("row {row}, column {path}: {text}", "第 {row} 行“{path}”列：{text}"),
    "summary": (
        "{rows} rows: {stored} statements stored, {known} already there; "
        "{duplicates} duplicate rows, {refused} rows refused",
        "共 {rows} 行：保存 {stored} 条陈述，已有 {known} 条；"
        "重复 {duplicates} 行，拒绝 {refused} 行",
    ),
    "rehearsal": (
        "{rows} rows: {stored} statements would be stored, {known} are already there; "
        "{duplicates} duplicate rows, {refused} rows would be refused. Nothing was stored.",
        "共 {rows} 行：将保存 {stored} 条陈述，已有 {known} 条；重复 {duplicates} 行，"
        "将拒绝 {refused} 行。没有保存任何内容。",
    ),
    "quarantine": (
        "The refused rows wait in quarantine: lrs quarantine list --import {id}",
        "被拒绝的行在待处理区：lrs quarantine list --import {id}",
    ),
    "elsewhere": (
        "another process goes on with this import; see its progress in `lrs import-list`",
        "另一个进程正在继续这次导入；进度见 `lrs import-list`",
    ),
    "source": (
        "the source {name!r} is one of provenance {provenance!r}, not of imports; "
        "choose another source",
        "数据来源 {name!r} 的类别是 {provenance!r}，不是导入；请另选一个来源",
    ),
    "revoked": (
        "the source {name!r} is revoked; choose another source",
        "数据来源 {name!r} 已被撤销；请另选一个来源",
    ),
    "unreadable": (
        "the file could not be worked off ({what}); import it again",
        "文件未能处理完（{what}）；请重新导入",
    ),
}


def texts(key: str, **values: object) -> Texts:
    """Return a text in every language."""
    return {
        language: TEXTS[key][place].format_map(values) for place, language in enumerate(LANGUAGES)
    }


def summary(imported: Import, language: Language) -> str:
    """Return an import's counts in one line."""
    counts = msgspec.structs.asdict(imported.counts)
    return texts("rehearsal" if imported.rehearsal else "summary", **counts)[language]


def row_lines(row: ImportRow, language: Language, *, rehearsal: bool) -> list[str]:
    """Return what there is to say of a row, a line for each thing."""
    lines = [_fault_line(row, fault, language) for fault in row.faults]
    if row.duplicate_of is not None:
        lines.append(_line(row, texts("duplicate", other=row.duplicate_of)[language], language))
    elif rehearsal and row.state in ("stored", "known"):
        said = texts("new", count=row.new) if row.state == "stored" else texts("known")
        lines.append(_line(row, said[language], language))
    return lines


def fault_text(fault: RowFault, language: Language) -> str:
    """Return what is wrong with a row in one line, the place first."""
    return f"{fault.path}: {fault.rule[language]}" if fault.path else fault.rule[language]


def _fault_line(row: ImportRow, fault: RowFault, language: Language) -> str:
    if not fault.path or fault.path.startswith("$"):
        return _line(row, fault_text(fault, language), language)
    text = fault.rule[language]
    return texts("fault", row=row.number, path=fault.path, text=text)[language]


def _line(row: ImportRow, text: str, language: Language) -> str:
    key = "row in file" if row.file else "row"
    return texts(key, file=row.file, row=row.number, text=text)[language]
