"""Draft how the file of a new partner may be read: for each column the likeliest field, with a confidence and its reason.

Here: headers and cells judged together, and what is proposed outright. Never here: a cell's text, a field applied in doubt, or
the text of the partner file (`ingest.drafting.text`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from ingest.drafting.flags import FlagGroup, flag_groups
from ingest.drafting.headers import HeaderGuess, header_index, language_of, openings_of
from ingest.drafting.layout import GuessedLayout, guess_layout
from ingest.drafting.values import Cells, Fit, answers_of, cells_of, decimal_of, fit_of, missing_texts
from ingest.reading.non_records import TOTALS
from ingest.reading.payloads import Payload
from ingest.reading.reader import ROW_NUMBER, TextTable, column_name, open_reading
from schemas.fields import Field, Kind, fields_of
from schemas.folding import folded_header
from schemas.partner import Column, FileFormat, Partner, PartnerFile
from schemas.template_columns import template_fields
from schemas.units import MODELS, Unit
from schemas.vocabulary import Language

THRESHOLD = 0.75
"""The least confidence at which a column is given its field; what lies below is left to a person."""
MARGIN = 0.05
"""Two fields nearer to each other than this are a question, not an answer."""
ROWS_JUDGED = 100_000
SHOWN_GUESSES, LEAST_SHOWN = 3, 0.3
_BY_VALUES_ALONE = 0.35
_SHARE_BY_VALUES, _MOST_DISTINCT = 0.9, 300
_UNCONFIRMED = 0.7
_SAME_HEADER = 0.95  # one letter more, such as that of a plural
_FEW_CATEGORIES = 30
_CONFIDENT_CATEGORIES = 0.8
_WHOLES = TOTALS | {"all", "overall"}
"""How tables of counts name what is the sum of other rows."""
_COLUMNS_OF_TOTALS, _SHARE_OF_TOTALS = 2, 0.1


@dataclass(frozen=True)
class Guess:
    """A field that a column may fill: how sure that is, 0 to 1, where its header is known from, and how its cells fit."""

    field: str
    confidence: float
    source: str
    fit: Fit


@dataclass(frozen=True)
class ColumnDraft:
    """What is proposed for one column: the field when `applied`, else the best guesses and why none was taken."""

    header: str
    position: int
    filled: int
    guesses: tuple[Guess, ...]
    applied: Guess | None
    doubt: str = ""


@dataclass(frozen=True)
class FileDraft:
    """What is proposed for one file of a new partner; holds counts, row numbers and headers, no cell."""

    name: str
    unit: Unit
    format: FileFormat
    columns: tuple[ColumnDraft, ...]
    flags: tuple[FlagGroup, ...]
    missing: Mapping[str, int]
    """Known signs for no value that its cells hold, and how many do."""
    rows: tuple[int, int]
    """Rows received, and those of them that are data."""
    language: Language | None
    counts_of_totals: int
    """Columns that hold totals beside their parts: two or more make it a table of counts, not of cases."""

    @property
    def is_table_of_counts(self) -> bool:
        """Whether its rows seem to count cases instead of being cases."""
        return self.counts_of_totals >= _COLUMNS_OF_TOTALS


def draft_file(payload: Payload, name: str, unit: Unit, partners: Mapping[str, Partner], *, threshold: float = THRESHOLD) -> FileDraft:
    """The draft of one file, judged by everything the known partners' files teach; the same for the same arguments.

    Raises `BatchRefused` when no header can be found, or the file cannot be read.
    """
    fields = fields_of(MODELS[unit].report)
    layout = guess_layout(payload, header_index(fields, partners), name)
    reading = _first_rows(payload, _as_read(name, layout))
    judge = _Judge(unit, partners, layout)
    headers = [(position, header) for position, header in enumerate(layout.headers, start=1) if header]
    cells = {position: cells_of(reading.frame, _frame_column(reading.frame, header, position), ROW_NUMBER) for position, header in headers}
    flags = flag_groups(fields, partners, [(header, cells[position]) for position, header in headers])
    in_flags = {column for group in flags for column in group.columns}
    drafts = [
        ColumnDraft(header, position, cells[position].filled, () if header in in_flags else judge.guesses(header, cells[position]), None)
        for position, header in headers
    ]
    decimals = [decimal_of(found) for found in cells.values() if found.filled]
    return FileDraft(
        name=name,
        unit=unit,
        format=layout.format.model_copy(update={"decimal": "," if "," in decimals else ".", "totals_marker": _marker(reading.frame)}),
        columns=tuple(
            _settled([column for column in drafts if column.header not in in_flags], {group.field for group in flags}, threshold)
        ),
        flags=flags,
        missing=_signs(cells.values(), partners),
        rows=(reading.received, reading.frame.height),
        language=language_of(layout.headers, fields),
        counts_of_totals=sum(_holds_totals(found) for found in cells.values()),
    )


class _Judge:
    """What is known of all fields, put to one column after the other."""

    def __init__(self, unit: Unit, partners: Mapping[str, Partner], layout: GuessedLayout) -> None:
        fields = fields_of(MODELS[unit].report)
        self.fields = {field.name: field for field in fields}
        self.order = tuple(dict.fromkeys([*(field.name for field in template_fields(unit)), *self.fields]))
        self.index, self.lookups = header_index(fields, partners), _lookups(partners)
        self.openings = openings_of(layout.headers)
        self.is_spreadsheet = layout.format.kind == "spreadsheet"

    def guesses(self, header: str, cells: Cells) -> tuple[Guess, ...]:
        """The fields a column may fill, surest first, then in the order of the template."""
        by_header = [self._guess(guess, cells) for guess in self.index.guesses(header, self.openings)]
        named = {guess.field for guess in by_header}
        is_found = any(guess.confidence >= THRESHOLD for guess in by_header)
        by_values = [] if is_found or answers_of(cells) else [guess for guess in self._by_values(cells) if guess.field not in named]
        found = [guess for guess in (*by_header, *by_values) if guess.confidence >= LEAST_SHOWN]
        return tuple(sorted(found, key=lambda guess: (-guess.confidence, self.order.index(guess.field))))

    def _guess(self, guess: HeaderGuess, cells: Cells) -> Guess:
        field = self.fields[guess.field]
        fit = fit_of(field, cells, self.lookups.get(field.name, {}), is_spreadsheet=self.is_spreadsheet)
        return Guess(field.name, round(_confidence(field, guess, fit, cells), 2), guess.source, fit)

    def _by_values(self, cells: Cells) -> list[Guess]:
        """Fields whose list or form the cells have, whatever the header says: a hint, never enough alone."""
        found: list[Guess] = []
        fits: dict[tuple[str | None, Kind], Fit] = {}
        for field in self.fields.values():
            if not _tells_something(field, cells):
                continue
            key = (field.declared.vocabulary, field.kind)
            if key not in fits:
                fits[key] = fit_of(field, cells, {}, is_spreadsheet=self.is_spreadsheet)
            if fits[key].share >= _SHARE_BY_VALUES:
                source = (
                    f"its cells are of the list {field.declared.vocabulary}" if field.declared.vocabulary else "its cells have that form"
                )
                found.append(Guess(field.name, _BY_VALUES_ALONE, source, fits[key]))
        return found


def _tells_something(field: Field, cells: Cells) -> bool:
    """Whether cells that fit the field say anything for it: a list or a form that other texts do not have."""
    if field.kind is Kind.DATE:
        return cells.frame.height > 1
    if field.name == "source_record_id":
        return cells.frame.height == cells.filled > 1
    return field.declared.vocabulary is not None and 1 < cells.frame.height <= _MOST_DISTINCT


def _confidence(field: Field, guess: HeaderGuess, fit: Fit, cells: Cells) -> float:
    """How sure a field is: as sure as its header, less what its cells say against it.

    A header that is known, over few categories that recur, is sure enough before their texts are known: a person types them.
    Where any text fits, the cells confirm nothing, so that the header must be known for itself.
    """
    if not cells.filled:
        return guess.likeness if guess.likeness >= _SAME_HEADER else _UNCONFIRMED * guess.likeness
    elsewhere = sum(count for _, count in (fit.known_elsewhere or {}).values()) / cells.filled
    confidence = guess.likeness * (0.4 + 0.6 * min(fit.share + elsewhere, 1.0))
    is_text = field.kind in (Kind.TEXT, Kind.NARRATIVE)
    if (is_text and guess.likeness < 1) or (field.declared.vocabulary is None and guess.is_of_one_partner):
        return _UNCONFIRMED * confidence
    recurs = fit.categories <= min(_FEW_CATEGORIES, cells.filled / 2)
    if guess.likeness >= _SAME_HEADER and field.declared.vocabulary is not None and recurs:
        return max(confidence, _CONFIDENT_CATEGORIES)
    return confidence


def _settled(columns: Sequence[ColumnDraft], by_flags: set[str], threshold: float) -> list[ColumnDraft]:
    """Each field to the column that is surest of it, and no field to two; a column in doubt keeps its guesses."""
    taken = dict.fromkeys(by_flags, "columns of yes and no")
    settled: dict[int, ColumnDraft] = {}
    for column in sorted(columns, key=lambda one: (-(one.guesses[0].confidence if one.guesses else 0.0), one.position)):
        best = column.guesses[0] if column.guesses else None
        rival = column.guesses[1] if len(column.guesses) > 1 else None
        if best is None:
            settled[column.position] = replace(column, doubt="no field is like it")
        elif best.confidence < threshold:
            settled[column.position] = replace(column, doubt="not sure enough")
        elif rival is not None and best.confidence - rival.confidence < MARGIN and rival.field not in taken:
            settled[column.position] = replace(column, doubt=f"{best.field} or {rival.field}")
        elif best.field in taken:
            settled[column.position] = replace(column, doubt=f"{best.field} is filled by {taken[best.field]}")
        else:
            taken[best.field] = column.header
            settled[column.position] = replace(column, applied=best)
    return [settled[column.position] for column in columns]


def _first_rows(payload: Payload, file: PartnerFile) -> TextTable:
    """The rows that are judged: the first hundred thousand or so of a larger file."""
    tables: list[TextTable] = []
    with open_reading(payload, file) as reading:
        for table in reading.chunks():
            tables.append(table)
            if sum(one.frame.height for one in tables) >= ROWS_JUDGED:
                break
    frame, problems = pl.concat([one.frame for one in tables]), pl.concat([one.problems for one in tables])
    return TextTable(frame, problems, sum(one.received for one in tables))


def _as_read(name: str, layout: GuessedLayout) -> PartnerFile:
    """A specification that only names the columns, so that the file is read as any other is."""
    columns = {header: Column(field="narrative") for header in layout.headers if header and layout.headers.count(header) == 1}
    repeated = {header: "stands twice" for header in layout.headers if header and layout.headers.count(header) > 1}
    return PartnerFile(name=name, format=layout.format, columns=columns, ignored=repeated)


def _frame_column(frame: pl.DataFrame, header: str, position: int) -> str:
    """The column of the frame under a header; of a header that stands twice, the one at its place."""
    name = column_name(header)
    return name if frame.columns.index(name) == position else frame.columns[position]


def _lookups(partners: Mapping[str, Partner]) -> dict[str, dict[str, str]]:
    """Field -> the texts that the known partners' files read for it; a text that means two codes is left out."""
    meant: dict[str, dict[str, set[str]]] = {}
    for partner in partners.values():
        for file in partner.files:
            for column in file.columns.values():
                for text, code in column.lookup.items():
                    meant.setdefault(column.field, {}).setdefault(text, set()).add(code)
    return {field: {text: min(codes) for text, codes in texts.items() if len(codes) == 1} for field, texts in meant.items()}


def _signs(cells: Iterable[Cells], partners: Mapping[str, Partner]) -> dict[str, int]:
    known = {text for partner in partners.values() for file in partner.files for text in file.missing}
    counts: dict[str, int] = {}
    for found in cells:
        for sign, count in missing_texts(found, known).items():
            counts[sign] = counts.get(sign, 0) + count
    return counts


def _marker(frame: pl.DataFrame) -> str | None:
    """The word that opens the last row, where it is one of those for a total, as we list it."""
    if frame.height == 0 or frame.width < 2:
        return None
    word = folded_header(str(frame.item(frame.height - 1, 1)))
    return word if word in _WHOLES else None


def _holds_totals(cells: Cells) -> bool:
    """Whether a word for a total recurs among the cells of a column."""
    totals = cells.frame.filter(pl.col("text").str.to_lowercase().is_in(_WHOLES))
    return int(totals["count"].sum()) > max(_SHARE_OF_TOTALS * cells.filled, 1)
