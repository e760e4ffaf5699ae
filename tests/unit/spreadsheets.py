"""What the tests of sheets share: writing them and reading them."""

import csv

from openpyxl import Workbook

from adapters.spreadsheet import Options, open_sheet

OPTIONS = Options(home_page="https://lms.example", course_base="https://lms.example/course/")


def write_xlsx(folder, rows, name="sheet.xlsx"):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    book.save(folder / name)
    return folder / name


def write_csv(folder, rows, name="sheet.csv"):
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder / name


def read(path):
    return list(open_sheet(path, OPTIONS))


def statement(folder, header, row):
    (found,) = read(write_xlsx(folder, [header, row]))
    assert not found.problems, [problem.text() for problem in found.problems]
    (made,) = found.statements
    return made
