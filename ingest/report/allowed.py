"""What a column accepts, in the reader's language: the categories, dates, numbers and headers that were agreed.

Here: the partner's specification and our code lists, put into words. Never here: what the file holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from ingest.mapping.cells import years_allowed
from ingest.mapping.dates import EPOCHS
from schemas.fields import Field, Kind, fields_of
from schemas.messages import Message, list_text, percent_text, say, say_count, spoken
from schemas.partner import Column, Flags, Partner, PartnerFile
from schemas.units import MODELS, Unit
from schemas.vocabulary import Language, vocabulary

SHOWN_CATEGORIES, SHOWN_HEADERS = 15, 5
_EXAMPLE = date(2024, 12, 31)  # its day can be taken for no month
_DATES = ("date_invalid", "date_is_serial", "date_order_ambiguous", "date_format_found")
_COUNTRY = "country"


def allowed_texts(
    code: str, partner: Partner, file: str | None, column: str | None, field: str | None, language: Language
) -> tuple[str, ...]:
    """What stands in the column when all is well, for a problem's code; nothing where the problem's own text says all."""
    if code == "assertion_failed":
        return (_expected_batch(partner, field, language),)
    specification = next((one for one in partner.files if one.name == file), None)
    if specification is None:
        return ()
    return _Column(partner, specification, column, field, language).allowed(code)


class _Column:
    """One column of a partner's file with all that is agreed about it."""

    def __init__(self, partner: Partner, file: PartnerFile, column: str | None, field: str | None, language: Language) -> None:
        self.file, self.column, self.language = file, column, language
        joined = {} if file.join is None else dict(file.join.take)
        by_field = next((each for each in (*file.columns.values(), *joined.values()) if each.field == field), None)
        flags = file.flags.get(field or "")
        self.meaning: Column | Flags | None = file.columns.get(column or "") or joined.get(column or "") or flags or by_field
        self.home = file if file.join is None or column not in joined else partner.file(file.join.file)
        self.field = _field(file, field)

    def allowed(self, code: str) -> tuple[str, ...]:
        """The words for one code."""
        if code == "category_unknown":
            return tuple(self._categories())
        if code in _DATES:
            return (self._date(),)
        if code == "date_out_of_range" and self.field is not None:
            return (self._years(self.field),)
        if code in ("number_invalid", "number_out_of_range"):
            return (self._number(),)
        if code in ("column_missing", "column_required_missing"):
            return tuple(self._other_headers())
        return ()

    def _categories(self) -> Iterator[str]:
        """The listed texts, how several of them are parted, and how a missing value is written."""
        own, listed = self._own_texts(), self._vocabulary()
        labels = [] if listed is None or listed == _COUNTRY else _labels(listed, self.language)
        if own or labels:
            yield _shown([*own, *labels], self.language)
        if listed == _COUNTRY:
            yield self._spoken(say("the name of a country in English, French, Spanish or Arabic, or its ISO code"))
        separator = self.meaning.separator if isinstance(self.meaning, Column) else None
        if separator is not None:
            yield self._spoken(say("between several of them: {sign}", sign=sign_name(separator)))
        missing = [text for text in self.home.missing if text.strip()]
        if missing:
            yield self._spoken(say("where nothing is known: an empty cell, or {texts}", texts=missing))
        else:
            yield self._spoken(say("where nothing is known: an empty cell"))

    def _vocabulary(self) -> str | None:
        """The code list whose labels may stand in the column."""
        if self.field is None or isinstance(self.meaning, Flags) or self.field.kind not in (Kind.CODE, Kind.CODES):
            return None
        return self.field.declared.vocabulary

    def _own_texts(self) -> list[str]:
        """The texts that the partner's specification lists for the column."""
        file = self.file
        if not isinstance(file.unit, Unit) and self.column == file.unit.column:
            return [*file.unit.values, *file.unit.set_aside]
        if file.action is not None and self.column == file.action.column:
            return list(file.action.values)
        if isinstance(self.meaning, Flags):
            return [*self.meaning.yes, *self.meaning.no]
        return [] if self.meaning is None else [text for text in self.meaning.lookup if text.strip()]

    def _date(self) -> str:
        agreed = (self.meaning.date_format if isinstance(self.meaning, Column) else None) or "%Y-%m-%d"
        if agreed in EPOCHS:
            number = str((_EXAMPLE - EPOCHS[agreed]).days)
            return self._spoken(say("a date of the spreadsheet, or its day number, such as {number}", number=number))
        return self._spoken(say("a date such as {example}", example=_EXAMPLE.strftime(agreed)))

    def _years(self, field: Field) -> str:
        first, last = years_allowed(field)
        return self._spoken(say("a year from {first} to {last}", first=str(first), last=str(last)))

    def _number(self) -> str:
        limits = None if self.field is None else self.field.declared.limits
        if limits is None:
            return self._spoken(say("a whole number in digits, such as {example}", example="17"))
        return self._spoken(say("a whole number from {first} to {last}", first=limits[0], last=limits[1]))

    def _other_headers(self) -> Iterator[str]:
        also = [other for other, name in self.file.synonyms().items() if name == self.column]
        if also:
            yield self._spoken(say("the header may also be {headers}", headers=also[:SHOWN_HEADERS]))

    def _spoken(self, text: Message) -> str:
        return spoken(text, self.language)


def sign_name(separator: str) -> str:
    """A separator so that it can be seen: a tab and a space by their names, any other as it is."""
    names = {"\t": say("tab"), " ": say("space")}
    return names.get(separator, f"\u201c{separator}\u201d")


def _field(file: PartnerFile, name: str | None) -> Field | None:
    return next((field for unit in file.units() for field in fields_of(MODELS[unit].report) if field.name == name), None)


def _labels(name: str, language: Language) -> list[str]:
    listed = vocabulary(name)
    return [listed.label(code, language) for code in listed.leaves()]


def _shown(texts: Iterable[str], language: Language) -> str:
    """The first of the texts, each once in whatever letters, and how many more there are."""
    distinct: dict[str, str] = {}
    for text in texts:
        distinct.setdefault(text.strip().casefold(), text.strip())
    shown, more = list(distinct.values())[:SHOWN_CATEGORIES], len(distinct) - SHOWN_CATEGORIES
    if more <= 0:
        return list_text(shown, language)
    return spoken(say_count("{shown} and {count} more", "{shown} and {count} more", shown=shown, count=more), language)


def _expected_batch(partner: Partner, what: str | None, language: Language) -> str:
    expected = partner.assertions
    if what == "rows":
        return spoken(say("from {first} to {last} rows that are data", first=expected.rows_min, last=expected.rows_max), language)
    share = percent_text(expected.accepted_share_min, language)
    return spoken(say("at least {share} of the rows accepted", share=share), language)
