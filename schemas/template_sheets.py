"""The standard template as a file to fill in: a workbook with lists to choose from, or a plain header.

Here: sheets, lists, formats and their bytes, the same each time. Never here: which columns there are, or what they mean.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

from schemas.fields import Kind
from schemas.template import TemplateColumn, advice, choices_of, template_of, words
from schemas.units import Unit
from schemas.vocabulary import Language, vocabulary

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

FILLABLE_ROWS = 5_000
"""How far down the lists and formats reach; a longer file is read all the same."""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_CHANGED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(<)")
_WIDTHS = {Kind.NARRATIVE: 60, Kind.CODES: 40, Kind.CODE: 24}
_FORMATS = {Kind.DATE: "yyyy-mm-dd", Kind.INTEGER: "0", Kind.YEAR: "0"}
_AS_TEXT, _PROMPT_LIMIT = "@", 250


def template_csv(unit: Unit, language: Language) -> bytes:
    """The header alone, as UTF-8 with the mark by which spreadsheet programs know it."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([column.header for column in template_of(unit, language)])
    return b"\xef\xbb\xbf" + written.getvalue().encode("utf-8")


def template_workbook(unit: Unit, language: Language) -> bytes:
    """A sheet to fill in with lists to choose from, a guide, and the lists; from right to left in Arabic.

    The same bytes for the same models and the same version of openpyxl.
    """
    from openpyxl import Workbook

    columns = template_of(unit, language)
    book = Workbook()
    book.properties.created = datetime(*_LONG_AGO)
    book.properties.creator = "Casehouse"
    sheet = book.active
    sheet.title = words(unit.value, language)
    places = _write_lists(book, columns, language)
    _write_header(sheet, columns, places)
    _write_guide(book, columns, language)
    for page in book.worksheets:
        page.sheet_view.rightToLeft = language == "ar"
    book.move_sheet(words("lists", language), offset=1)
    written = io.BytesIO()
    book.save(written)
    return timeless(written.getvalue())


def timeless(workbook: bytes) -> bytes:
    """The same workbook without the moment of its making: entries and properties carry one date, long ago."""
    packed = io.BytesIO()
    moment = datetime(*_LONG_AGO).isoformat().encode() + b"Z"
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            content = source.read(entry.filename)
            if entry.filename == "docProps/core.xml":
                content = _CHANGED.sub(rb"\g<1>" + moment + rb"\g<2>", content)
            target.writestr(zipfile.ZipInfo(entry.filename, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _write_header(sheet: Worksheet, columns: tuple[TemplateColumn, ...], places: dict[str, str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for position, column in enumerate(columns, start=1):
        letter = get_column_letter(position)
        sheet.column_dimensions[letter].width = max(_WIDTHS.get(column.field.kind, 18), len(column.header) + 2)
        sheet.column_dimensions[letter].number_format = _FORMATS.get(column.field.kind, _AS_TEXT)
        cell = sheet.cell(1, position, column.header)
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if column.field.declared.is_required:
            cell.fill = PatternFill("solid", fgColor="FFE699")
        validation = _validation(column, places)
        if validation is not None:
            sheet.add_data_validation(validation)
            validation.add(f"{letter}2:{letter}{FILLABLE_ROWS + 1}")
    sheet.freeze_panes = "B2"


def _validation(column: TemplateColumn, places: dict[str, str]) -> DataValidation | None:
    """What the cells of a column offer and warn of; a list of several values only offers, since it takes one at a time."""
    from openpyxl.worksheet.datavalidation import DataValidation

    field = column.field
    if field.declared.vocabulary is not None:
        made = DataValidation(type="list", formula1=places[field.declared.vocabulary], allow_blank=True)
        made.showErrorMessage = field.kind is Kind.CODE
    elif field.kind is Kind.DATE:
        made = DataValidation(type="date", operator="greaterThan", formula1="1", allow_blank=True, errorStyle="warning")
        made.showErrorMessage = True
    elif field.kind is Kind.INTEGER and field.declared.limits:
        low, high = field.declared.limits
        made = DataValidation(type="whole", operator="between", formula1=str(low), formula2=str(high), allow_blank=True)
        made.showErrorMessage = True
    else:
        return None
    made.error = made.prompt = column.allowed[:_PROMPT_LIMIT]
    made.showInputMessage = True
    return made


def _write_lists(book: Workbook, columns: tuple[TemplateColumn, ...], language: Language) -> dict[str, str]:
    """The sheet of lists; vocabulary -> the range of its texts."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter, quote_sheetname

    sheet = book.create_sheet(words("lists", language))
    names = dict.fromkeys(column.field.declared.vocabulary for column in columns if column.field.declared.vocabulary)
    places: dict[str, str] = {}
    for position, name in enumerate(names, start=1):
        texts = choices_of(name, language)
        letter = get_column_letter(position)
        sheet.cell(1, position, vocabulary(name).title.of(language)).font = Font(bold=True)
        for row, text in enumerate(texts, start=2):
            sheet.cell(row, position, text)
        places[name] = f"{quote_sheetname(sheet.title)}!${letter}$2:${letter}${len(texts) + 1}"
    return places


def _write_guide(book: Workbook, columns: tuple[TemplateColumn, ...], language: Language) -> None:
    from openpyxl.styles import Alignment, Font

    sheet = book.create_sheet(words("guide", language))
    for line in advice(language):
        sheet.append([line])
    sheet.append([words(name, language) for name in ("column", "needed", "meaning", "allowed", "example")])
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for column in columns:
        sheet.append([column.header, column.needed, column.meaning, column.allowed, column.example])
    for letter, width in zip("ABCDE", (32, 14, 60, 50, 36), strict=True):
        sheet.column_dimensions[letter].width = width
        for cell in sheet[letter][len(advice(language)) :]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
