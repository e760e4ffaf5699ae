"""What is said of a sheet, a row or a cell that cannot be taken, in English and Chinese."""

from __future__ import annotations

from typing import Literal, get_args

Language = Literal["en", "zh-CN"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

# key: (rule, what to do) in English, (rule, what to do) in Chinese
_TEXTS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    # the file
    "suffix": (
        ("a file named {name} is not read", "save the sheet as .xlsx or as .csv (UTF-8)"),
        ("不支持名为 {name} 的文件", "请另存为 .xlsx 或 .csv（UTF-8）"),
    ),
    "old_format": (
        ("the file is in the old Excel format (.xls)", "open it and save it as .xlsx"),
        ("文件是旧版 Excel 格式（.xls）", "请打开后另存为 .xlsx"),
    ),
    "open_document": (
        ("the file is an OpenDocument sheet (.ods)", "open it and save it as .xlsx"),
        ("文件是 OpenDocument 表格（.ods）", "请打开后另存为 .xlsx"),
    ),
    "encrypted": (
        ("the file is protected by a password", "remove the password and save it again"),
        ("文件设有打开密码", "请取消密码后重新保存"),
    ),
    "not_xlsx": (
        ("the file is named .xlsx but is no Excel workbook", "open it and save it as .xlsx"),
        ("文件名为 .xlsx，但内容不是 Excel 工作簿", "请打开后另存为 .xlsx"),
    ),
    "not_csv": (
        ("the file is named .csv but is an Excel workbook", "name it .xlsx"),
        ("文件名为 .csv，但内容是 Excel 工作簿", "请把扩展名改为 .xlsx"),
    ),
    "empty": (
        ("the file is empty", "check that it was saved and copied whole"),
        ("文件为空", "请确认文件已完整保存和复制"),
    ),
    "too_large": (
        ("the file is larger than {limit} MiB", "divide it into several files"),
        ("文件超过 {limit} MiB", "请拆分为多个文件"),
    ),
    "bomb": (
        (
            "the workbook unpacks to more than is allowed ({what})",
            "copy the table into a new workbook and save that",
        ),
        ("工作簿解压后超过允许的大小（{what}）", "请把表格复制到新工作簿后保存"),
    ),
    "entities": (
        (
            "the part {part} declares a document type or entities, which no Excel workbook does",
            "do not use this file; copy the table into a new workbook",
        ),
        (
            "部件 {part} 声明了文档类型或实体，正常的 Excel 工作簿不会如此",
            "请勿使用此文件；把表格复制到新工作簿",
        ),
    ),
    "cell_too_long": (
        ("a cell holds more than {limit} characters", "shorten it"),
        ("有单元格超过 {limit} 个字符", "请缩短"),
    ),
    "damaged": (
        ("the file is damaged ({where})", "open it in Excel or WPS, save it again and try that"),
        ("文件已损坏（{where}）", "请用 Excel 或 WPS 打开，重新保存后再试"),
    ),
    "encoding": (
        ("the text is neither UTF-8 nor GB18030 ({what})", "save it as CSV UTF-8"),
        ("文本既不是 UTF-8 也不是 GB18030 编码（{what}）", "请另存为 CSV UTF-8"),
    ),
    "bad_csv": (
        ("row {row} is not well-formed CSV: {what}", "check its quotation marks"),
        ("第 {row} 行不是正确的 CSV：{what}", "请检查该行的引号"),
    ),
    "too_many_rows": (
        ("there are more than {limit} rows", "divide the sheet into several files"),
        ("超过 {limit} 行", "请拆分为多个文件"),
    ),
    "no_header": (
        (
            "no header is found in the first {within} rows; a sheet needs columns for {expected}; "
            "seen: {seen}",
            "name the columns as in the template (`lrs import-template`)",
        ),
        (
            "前 {within} 行中没有找到表头；需要的列：{expected}；看到的是：{seen}",
            "请按模板命名各列（`lrs import-template`）",
        ),
    ),
    "missing_columns": (
        (
            "the header in row {row} lacks columns for {expected}; seen: {seen}",
            "add them, named as in the template (`lrs import-template`)",
        ),
        (
            "第 {row} 行的表头缺少以下列：{expected}；看到的是：{seen}",
            "请补充这些列，名称见模板（`lrs import-template`）",
        ),
    ),
    "duplicate_header": (
        (
            "the columns {first} and {second} of row {row} mean the same ({meaning})",
            "keep one of them",
        ),
        ("第 {row} 行的 {first} 与 {second} 两列含义相同（{meaning}）", "请只保留一列"),
    ),
    "two_tables": (
        ("the worksheets {first} and {second} both hold a table", "put each in a file of its own"),
        ("工作表 {first} 与 {second} 都含有表格", "请分别保存为单独的文件"),
    ),
    "merged": (
        ("the cells {cells} are merged", "unmerge them and fill in each of them"),
        ("单元格 {cells} 是合并单元格", "请取消合并并逐格填写"),
    ),
    # the options
    "home_page": (
        ("the home page {value} is no absolute IRI", "give one such as https://lms.example.edu.cn"),
        ("账号主页 {value} 不是绝对 IRI", "请给出如 https://lms.example.edu.cn 的地址"),
    ),
    "course_base": (
        (
            "the course base {value} is no absolute IRI that ends in / # = or :",
            "give one such as https://lms.example.edu.cn/course/",
        ),
        (
            "课程前缀 {value} 不是以 / # = 或 : 结尾的绝对 IRI",
            "请给出如 https://lms.example.edu.cn/course/ 的前缀",
        ),
    ),
    "time_zone": (
        ("there is no time zone {value}", "give an IANA name such as Asia/Shanghai"),
        ("没有名为 {value} 的时区", "请给出 IANA 时区名，如 Asia/Shanghai"),
    ),
    # a cell
    "formula": (
        ("holds a formula", "paste it as a value"),
        ("单元格是公式", "请粘贴为数值"),
    ),
    "error_value": (
        ("holds the error {value}", "write the value itself"),
        ("单元格是错误值 {value}", "请填写实际内容"),
    ),
    "control": (
        ("holds the control character {value}", "type the text anew"),
        ("含有控制字符 {value}", "请重新输入文字"),
    ),
    "invisible": (
        ("holds the invisible character {value}", "type the text anew"),
        ("含有不可见字符 {value}", "请重新输入文字"),
    ),
    "too_long": (
        ("is longer than {limit} characters", "shorten it"),
        ("超过 {limit} 个字符", "请缩短"),
    ),
    "not_text": (
        ("must be text, is {value}", "format the column as text and type it anew"),
        ("应为文字，现为 {value}", "请把该列设为文本格式后重新输入"),
    ),
    "rounded": (
        (
            "is a number of more than 15 digits, {value}, of which a spreadsheet loses the last",
            "format the column as text and type it anew",
        ),
        ("是超过 15 位的数字 {value}，电子表格会丢失末尾几位", "请把该列设为文本格式后重新输入"),
    ),
    "required": (
        ("is empty", "fill it in"),
        ("为空", "请填写"),
    ),
    "not_number": (
        ("must be a number, is {value}", "write digits only, or leave it empty"),
        ("应为数字，现为 {value}", "请只填数字，或留空"),
    ),
    "out_of_range": (
        ("must be {range}, is {value}", "correct it"),
        ("应为 {range}，现为 {value}", "请更正"),
    ),
    "attendance": (
        ("must be one of {words}, is {value}", "write one of them, or leave it empty"),
        ("应为 {words} 之一，现为 {value}", "请填写其中之一，或留空"),
    ),
    "date": (
        (
            "must be a date such as 2026-03-02, 2026/3/2, 2026年3月2日 or with a time "
            "2026-03-02 14:30, from 1970 to 2199, is {value}",
            "write it so",
        ),
        (
            "应为日期，如 2026-03-02、2026/3/2、2026年3月2日，或带时间 2026-03-02 14:30，"
            "1970 至 2199 年，现为 {value}",
            "请按此格式填写",
        ),
    ),
    "iri": (
        ("must be a course code or an absolute IRI, is {value}", "correct it"),
        ("应为课程代码或绝对 IRI，现为 {value}", "请更正"),
    ),
    "email": (
        ("must be an e-mail address, is {value}", "correct it"),
        ("应为电子邮箱地址，现为 {value}", "请更正"),
    ),
    "uuid": (
        ("must be a UUID, is {value}", "copy it from the enrolment, or leave it empty"),
        ("应为 UUID，现为 {value}", "请从报名记录中复制，或留空"),
    ),
    "result": (
        ("must be one of {words}, is {value}", "write one of them"),
        ("应为 {words} 之一，现为 {value}", "请改为其中之一"),
    ),
    # a mapping of headers
    "no_such_column": (
        ("{header} cannot mean {column}", "choose one of: {keys}"),
        ("{header} 不能对应 {column}", "请从以下选择：{keys}"),
    ),
    "no_such_header": (
        (
            "the header in row {row} has no {header}, which the mapping names (it has {seen})",
            "name a column of the sheet",
        ),
        ("第 {row} 行表头中没有对应关系里的“{header}”列（现有 {seen}）", "请填写表中已有的列名"),
    ),
    # a row
    "no_learner": (
        ("names no learner", "fill in the learner id or the e-mail"),
        ("没有学员", "请填写学号或邮箱"),
    ),
    "no_result": (
        ("has neither attendance nor score", "fill in one of them, or delete the row"),
        ("既没有出勤也没有成绩", "请至少填写一项，或删除该行"),
    ),
    "no_practice": (
        ("has neither hours nor score nor result", "fill in one of them, or delete the row"),
        ("没有学时、成绩或结果", "请至少填写一项，或删除该行"),
    ),
    "no_examination": (
        ("has neither score nor result nor attendance", "fill in one of them, or delete the row"),
        ("没有成绩、结果或出勤", "请至少填写一项，或删除该行"),
    ),
    "absent_with_score": (
        ("is absent and has a score or a result", "delete one of the two"),
        ("缺考却有成绩或结果", "请删除其中一项"),
    ),
    "example": (
        ("is the example of the template", "delete it"),
        ("是模板中的示例行", "请删除"),
    ),
    "contradicts": (
        (
            "says otherwise than row {row} of the same learner and {what}",
            "keep the right one; two exams or sessions need names of their own",
        ),
        (
            "与第 {row} 行（同一学员、同一{what}）内容不一致",
            "请保留正确的一行；不同的考试或课次应使用不同的名称",
        ),
    ),
}


class Fault(Exception):
    """Something that cannot be taken, by the key of its text and the values shown in it.

    A value that is a tuple is the text of each of `LANGUAGES`.
    """

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key = key
        self._values = values

    def rule(self, language: Language = "en") -> str:
        """Return which rule is broken."""
        return self._text(0, language)

    def remedy(self, language: Language = "en") -> str:
        """Return what to do next."""
        return self._text(1, language)

    def text(self, language: Language = "en") -> str:
        """Return rule and remedy."""
        stop = {"en": "; ", "zh-CN": "；"}[language]
        return f"{self.rule(language)}{stop}{self.remedy(language)}"

    def __str__(self) -> str:
        return self.text()

    def _text(self, part: int, language: Language) -> str:
        place = LANGUAGES.index(language)
        values = {
            name: value[place] if isinstance(value, tuple) else value
            for name, value in self._values.items()
        }
        return _TEXTS[self.key][place][part].format_map(values)


class SheetError(Fault):
    """A file of which nothing can be taken."""


def shown(value: object) -> str:
    """Return a value as shown in a message: quoted, escaped, at most 60 characters of it."""
    text = repr(value if isinstance(value, str) else str(value))
    return text if len(text) <= 60 else text[:57] + "...'"
