"""Faults of cells: dates, numbers, codes and texts that are not what their column holds.

Here: what single cells say. Never here: rows, columns or bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

from faults.files import FaultFile, Line, agreed, changed, clean, fault, row
from faults.layouts import Layout, arabic, csv_layouts, english, french, spanish, ukrainian
from faults.people import Victim, victims
from faults.real_layouts import harbour, hotline, real_csv_layouts, shelter

ARABIC_INDIC, PERSIAN, FULL_WIDTH = "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９"
DATE_CODES = ("date_invalid", "date_order_ambiguous", "date_is_serial", "date_out_of_range")
EXCEL_DAY_ONE = date(1899, 12, 30)


def _all() -> tuple[Layout, ...]:
    return (*csv_layouts(), *real_csv_layouts())


def _with_digits(text: str, digits: str) -> str:
    return text.translate(str.maketrans("0123456789", digits))


def _rewritten(layout: Layout, kind: str, of: str, pattern: str, people: list[Victim] | None = None) -> list[Line]:
    """The clean table with the dates of one column written in another format."""
    at = layout.place(kind)
    found = people or victims(layout.words)
    lines = clean(layout, people=found)
    rows = iter(found)
    rewritten = []
    for line in lines:
        moment = getattr(next(rows), of) if line.record is not None else None
        rewritten.append(line if moment is None else line.with_cell(at, moment.strftime(pattern)))
    return rewritten


def _mixed(layout: Layout) -> list[Victim]:
    """Victims registered on days of which half could be months."""
    return victims(layout.words, days_apart=11, first_day=date(2023, 2, 3))


def month_first_dates() -> Iterator[FaultFile]:
    """A whole column of month/day/year where day/month/year was agreed: no day is ever read as a month."""
    for layout in (french(), spanish(), arabic(), ukrainian(), hotline(), shelter()):
        mark = {"fr": "/", "es": "-", "ar": "/", "uk": "."}[layout.words]
        lines = _rewritten(layout, "day", "registered", f"%m{mark}%d{mark}%Y", _mixed(layout))
        lines = [line if line.record is None else line.right_or(*DATE_CODES, "age_contradicts_birth", "dates_contradict") for line in lines]
        yield fault("month-first-dates", layout, lines)


def one_month_first_date() -> Iterator[FaultFile]:
    """One American date among European ones: held, and where another day fits both orders it may be asked about too."""
    for layout in (french(), arabic(), shelter()):
        lines = [line if line.record is None else line.right_or("date_order_ambiguous") for line in clean(layout)]
        lines = changed(lines, 5, row(lines, 5).with_cell(layout.place("day"), "02/27/2023").held(*DATE_CODES))
        yield fault("one-month-first-date", layout, lines)


def dates_that_fit_both_orders() -> Iterator[FaultFile]:
    """Every day could be a month: read as agreed, and asked about where nothing was agreed."""
    for layout in (french(), spanish(), arabic(), ukrainian()):
        people = [replace(v, registered=date(2023, 1 + n % 12, 1 + (n * 5) % 12), born=None) for n, v in enumerate(victims(layout.words))]
        yield fault("ambiguous-dates", layout, clean(layout, people=people), variant="agreed")
        undeclared = layout.with_partner(_without_date_formats)
        lines = [line if line.record is None else line.held("date_order_ambiguous") for line in clean(layout, people=people)]
        same = {n for n, v in enumerate(people) if v.registered.day == v.registered.month}
        rows = [at for at, line in enumerate(lines) if line.codes]
        for n in same:  # the same day in both orders: right either way
            lines[rows[n]] = Line(lines[rows[n]].cells, layout.record(people[n])).right_or("date_order_ambiguous")
        yield fault("ambiguous-dates", undeclared, lines, variant="undeclared")


def dates_that_fit_one_order() -> Iterator[FaultFile]:
    """No format agreed, but some days are beyond the twelfth: only one order fits, and it is said that it was used."""
    for layout in (french(), spanish(), arabic(), ukrainian(), english()):
        undeclared = layout.with_partner(_without_date_formats)
        yield fault("inferred-dates", undeclared, clean(layout), says={"date_format_found"}, variant="day-first")
    layout = english().with_partner(_without_date_formats)
    lines = _rewritten(layout, "day", "registered", "%m/%d/%Y")
    yield fault("inferred-dates", layout, lines, says={"date_format_found"}, variant="month-first")


def _without_date_formats(file: dict) -> None:
    for column in file["columns"].values():
        column["date_format"] = None


def iso_dates_in_another_format() -> Iterator[FaultFile]:
    """Two rows with ISO dates where another format was agreed: the same day in any country, or held."""
    for layout in (french(), spanish(), arabic(), ukrainian()):
        lines = clean(layout)
        for which, victim in ((2, victims(layout.words)[2]), (9, victims(layout.words)[9])):
            lines = changed(
                lines, which, row(lines, which).with_cell(layout.place("day"), victim.registered.isoformat()).right_or(*DATE_CODES)
            )
        yield fault("iso-dates", layout, lines)


def serial_dates() -> Iterator[FaultFile]:
    """A spreadsheet's day numbers between dates."""
    for layout in _all():
        lines = clean(layout)
        for which in (1, 8):
            serial = str((victims(layout.words)[which].registered - EXCEL_DAY_ONE).days)
            lines = changed(
                lines, which, row(lines, which).with_cell(layout.place("day"), serial).right_or("date_is_serial", "date_invalid")
            )
        yield fault("serial-dates", layout, lines)


def serial_dates_agreed() -> Iterator[FaultFile]:
    """A column of day numbers, as agreed, in both epochs."""
    for name, first in (("excel", EXCEL_DAY_ONE), ("excel-1904", date(1904, 1, 1))):
        for layout in (english(), french()):

            def declare(file: dict, name: str = name, header: str = layout.headers[1]) -> None:
                file["columns"][header]["date_format"] = name

            lines = clean(layout)
            for which, victim in enumerate(victims(layout.words)):
                lines = changed(lines, which, row(lines, which).with_cell(layout.place("day"), str((victim.registered - first).days)))
            yield fault("serial-dates-agreed", layout.with_partner(declare), lines, variant=name)


def impossible_dates() -> Iterator[FaultFile]:
    """The 31st of February, words, a year alone, a year that cannot be."""
    for layout in (english(), french(), spanish(), arabic(), ukrainian()):
        day_31 = layout.columns[layout.place("day")].cell(victims(layout.words)[0])
        wrong = day_31.replace("03", "31").replace("01", "02").replace("2031", "2023")
        for variant, text in (("february", wrong), ("words", "about spring"), ("far", day_31.replace("2023", "1123"))):
            lines = clean(layout)
            lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("day"), text).held("date_invalid", "date_out_of_range"))
            yield fault("impossible-date", layout, lines, variant=variant)


def times_behind_dates() -> Iterator[FaultFile]:
    """Midnight behind every date, as a database exports it: read or held."""
    for layout in (english(), french(), harbour()):
        at = layout.place("day")
        lines = [
            line if line.record is None else line.with_cell(at, f"{line.cells[at]} 00:00:00").right_or("date_invalid")
            for line in clean(layout)
        ]
        yield fault("times-behind-dates", layout, lines)


def foreign_digits() -> Iterator[FaultFile]:
    """Arabic-Indic, Persian and full-width digits in dates and ages."""
    for layout in [layout.declared(encoding="utf-8") for layout in (*csv_layouts(), shelter())]:
        for name, digits in (("arabic-indic", ARABIC_INDIC), ("persian", PERSIAN), ("full-width", FULL_WIDTH)):
            lines = clean(layout)
            for which in range(0, 12, 3):
                line = row(lines, which)
                line = line.with_cell(layout.place("day"), _with_digits(str(line.cells[layout.place("day")]), digits))
                if layout.has("age"):
                    line = line.with_cell(layout.place("age"), _with_digits(str(line.cells[layout.place("age")]), digits))
                if name == "full-width":  # the issue asks for the first; these may be held, but not misread
                    line = line.right_or("date_invalid", "number_invalid")
                lines = changed(lines, which, line)
            yield fault("foreign-digits", layout, lines, variant=name)


def unseen_characters() -> Iterator[FaultFile]:
    """No-break spaces, zero-width characters and marks of writing direction around values."""
    around: dict[str, tuple[str, str]] = {
        "no-break-space": ("\u00a0", "\u202f"),
        "zero-width": ("\u200b", "\ufeff"),
        "direction": ("\u200f", "\u200e"),
        "isolates": ("\u2067", "\u2069"),
    }
    for layout in [layout.declared(encoding="utf-8") for layout in (*csv_layouts(), harbour(), shelter())]:
        for name, (before, after) in around.items():
            lines = clean(layout)
            for which in (1, 6):
                line = row(lines, which)
                for kind in ("number", "day", "name", "gender", "country"):
                    text = str(line.cells[layout.place(kind)])
                    line = line.with_cell(layout.place(kind), f"{before}{text}{after}" if text else text)
                lines = changed(lines, which, line.right_or("category_unknown", "date_invalid", "number_invalid", "text_undecodable"))
            yield fault("unseen-characters", layout, lines, agreed(layout, encoding="utf-8"), variant=name)


def text_late_in_a_number_column() -> Iterator[FaultFile]:
    """Words in a column of numbers, after two thousand rows of numbers."""
    for layout in (english(), hotline()):
        people = [replace(v, number=f"{n:06d}") for n, v in enumerate(victims(layout.words, 2000))]
        lines = clean(layout, people=people)
        lines = changed(lines, 1990, row(lines, 1990).with_cell(layout.place("age"), "about 30").held("number_invalid"))
        yield fault("late-text", layout, lines)


def wrong_numbers() -> Iterator[FaultFile]:
    """Numbers with words, halves, thousands and impossible ones."""
    for layout in (english(), french(), spanish(), arabic(), ukrainian(), hotline()):
        for variant, text in (("words", "about 30"), ("half", "23.5"), ("half-comma", "23,5"), ("large", "2 300"), ("negative", "-4")):
            lines = clean(layout)
            lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("age"), text).held("number_invalid", "number_out_of_range"))
            yield fault("wrong-number", layout, lines, variant=variant)


def leading_zeros() -> Iterator[FaultFile]:
    """Numbers and documents that begin with zeros, in every row, and nothing that is no digit."""
    for layout in _all():
        people = [replace(v, number=f"{n:08d}", document=f"{n:012d}") for n, v in enumerate(victims(layout.words))]
        yield fault("leading-zeros", layout, clean(layout, people=people))


def shortened_numbers() -> Iterator[FaultFile]:
    """Numbers that a spreadsheet shortened: their last digits are gone."""
    for layout in _all():
        for kind in ("number", "document") if layout.has("document") else ("number",):
            for variant, text in (("point", "1.2E+11"), ("comma", "1,2E+11")):
                if variant == "comma" and layout.separator == ",":
                    continue
                lines = clean(layout)
                lines = changed(lines, 3, row(lines, 3).with_cell(layout.place(kind), text).held("number_shortened"))
                yield fault("shortened-number", layout, lines, variant=f"{kind}-{variant}")


def error_cells() -> Iterator[FaultFile]:
    """A spreadsheet's error signs, in four columns and in the words of its language."""
    signs = {"en": "#REF!", "fr": "#NOM?", "es": "#¡REF!", "ar": "#VALUE!", "uk": "#N/A"}
    for layout in _all():
        for kind in ("day", "name", "gender", "country"):
            lines = clean(layout)
            lines = changed(lines, 3, row(lines, 3).with_cell(layout.place(kind), signs[layout.words]).held("cell_error"))
            yield fault("error-cell", layout, lines, variant=kind)


def unknown_categories() -> Iterator[FaultFile]:
    """A word in no list, and a list of several joined by another sign than agreed."""
    for layout in _all():
        lines = clean(layout)
        lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("country"), "Ruritania").held("category_unknown"))
        yield fault("unknown-category", layout, lines, variant="country")
        if layout.has("forms"):
            several = str(row(clean(layout), 1).cells[layout.place("forms")])
            lines = clean(layout)
            lines = changed(
                lines, 1, row(lines, 1).with_cell(layout.place("forms"), _joined_otherwise(several)).right_or("category_unknown")
            )
            yield fault("unknown-category", layout, lines, variant="joined-otherwise")


def _joined_otherwise(text: str) -> str:
    for sign in ("; ", " / ", " | ", "، ", ", "):
        text = text.replace(sign, " + ")
    return text


def codes_in_other_letters() -> Iterator[FaultFile]:
    """Categories in capitals and without their accents."""

    def capitals(text: str) -> str:
        return text.upper()

    for layout in (english(), french(), spanish(), harbour(), hotline()):
        for variant, write in (("capitals", capitals), ("small", str.lower)):
            yield fault("other-letters", layout, _with_words(layout, write), variant=variant)


def _with_words(layout: Layout, write: Callable[[str], str]) -> list[Line]:
    at = layout.place("country")
    return [line if line.record is None else line.with_cell(at, write(str(line.cells[at]))) for line in clean(layout)]


def namibia() -> Iterator[FaultFile]:
    """NA among names of countries may be Namibia or no answer: it is held, and never read as either."""
    for layout in (english(), french(), spanish(), arabic(), hotline()):
        lines = clean(layout)
        lines = changed(lines, 3, row(lines, 3).with_cell(layout.place("country"), "NA").held("category_unknown"))
        yield fault("namibia", layout, lines)


FAMILIES = (
    month_first_dates,
    one_month_first_date,
    dates_that_fit_both_orders,
    dates_that_fit_one_order,
    iso_dates_in_another_format,
    serial_dates,
    serial_dates_agreed,
    impossible_dates,
    times_behind_dates,
    foreign_digits,
    unseen_characters,
    text_late_in_a_number_column,
    wrong_numbers,
    leading_zeros,
    shortened_numbers,
    error_cells,
    unknown_categories,
    codes_in_other_letters,
    namibia,
)
