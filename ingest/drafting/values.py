"""How well the cells of a column fit a field, whoever sent them: dates, numbers, codes, texts.

Here: shares, counts and row numbers, and which format, separator or sign makes the most cells readable. Never here: a cell
in what is returned, or a guess at what a text means that no list knows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Literal

import polars as pl

from ingest.mapping.codes import Readings, folded_labels, readings
from ingest.mapping.date_formats import FAMILIES
from ingest.mapping.dates import ascii_digits, iso_date, whole_number
from schemas.fields import Field, Kind

FORMATS = tuple(dict.fromkeys(date_format for family in FAMILIES for date_format in family))
"""Formats of dates that files carry: those that the reader tries too. Of those that read equally much the first counts, when
they read the same."""
SEPARATORS = (";", "|", ",", "،", "/", "+")
"""Signs that files put between several values of one cell."""
SHOWN_ROWS = 20
_YES = ("1", "y", "yes", "true", "x", "o", "oui", "si", "sí", "s", "نعم")
_NO = ("0", "n", "no", "false", "non", "لا")
_MISSING = (
    "n/a",
    "na",
    "n.a.",
    "n/k",
    "nk",
    "nd",
    "n.d.",
    "ns/nc",
    "ns",
    "nr",
    "-",
    "--",
    "?",
    "-99",
    "99",
    "999",
    "unknown",
    "null",
    "none",
)
_NO_ANSWER = ("not known", "not asked", "not recorded", "inconnu", "non renseigné", "desconocido", "sin datos", "s/d", "غير معروف")


@dataclass(frozen=True, repr=False)
class Cells:
    """The filled cells of one column: each distinct trimmed text, how often it stands there and in which rows first.

    `frame`: text, count, rows (List of Int64, at most `SHOWN_ROWS`). `filled`: cells with a text. `separators`: signs that may
    stand between several values and do stand in some cells, the commonest first.
    """

    frame: pl.DataFrame
    filled: int
    separators: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Cells {self.frame.height} distinct of {self.filled}>"


@dataclass(frozen=True)
class Fit:
    """How a column's cells fit a field: the share that does, and how many do not and where; what of the format makes it so."""

    share: float
    unmatched: int = 0
    rows: tuple[int, ...] = ()
    date_format: str | None = None
    is_ambiguous: bool = False
    """Whether day and month could stand either way round."""
    separator: str | None = None
    categories: int = 0
    """How many different texts a column of codes holds, several of one cell told apart."""
    known_elsewhere: Mapping[str, tuple[str, int]] | None = None
    """Texts that another partner's file reads: text of that file -> its code, and how many cells hold it."""


def cells_of(frame: pl.DataFrame, column: str, row_number: str) -> Cells:
    """The filled cells of a column of a text frame."""
    found = (
        frame.select(pl.col(row_number).alias("row"), pl.col(column).str.strip_chars().alias("text"))
        .filter(pl.col("text") != "")
        .group_by("text", maintain_order=True)
        .agg(pl.len().alias("count"), pl.col("row").head(SHOWN_ROWS).alias("rows"))
    )
    holding = found.select(pl.col("text").str.contains(sign, literal=True).sum().alias(sign) for sign in SEPARATORS).row(0)
    counts = dict(zip(SEPARATORS, holding, strict=True))
    return Cells(found, int(found["count"].sum()), tuple(sorted((sign for sign in counts if counts[sign]), key=lambda sign: -counts[sign])))


def missing_texts(cells: Cells, signs: Iterable[str] = ()) -> dict[str, int]:
    """Of the signs for no value that files use, those in the column: the sign as we list it -> how many cells."""
    listed = [*_MISSING, *_NO_ANSWER, *(sign.casefold() for sign in signs if sign.strip() and not sign.isdigit())]
    folded = cells.frame.with_columns(pl.col("text").str.to_lowercase().alias("sign")).filter(pl.col("sign").is_in(listed))
    return dict(folded.group_by("sign", maintain_order=True).agg(pl.col("count").sum()).rows())


def fit_of(field: Field, cells: Cells, lookups: Mapping[str, str], *, is_spreadsheet: bool) -> Fit:
    """How the cells fit the field; `lookups` are the texts that other partners' files read for it. 1 where any text goes."""
    if not cells.filled:
        return Fit(1.0)
    match field.kind:
        case Kind.DATE:
            return _date_fit(cells, is_spreadsheet=is_spreadsheet)
        case Kind.INTEGER | Kind.YEAR:
            return _fit(cells, _is_number_of(field, decimal_of(cells)))
        case Kind.CODE | Kind.CODES:
            return _code_fit(field, cells, lookups)
        case _:
            return _fit(cells, _is_text_of(field, cells))


def decimal_of(cells: Cells) -> Literal[".", ","]:
    """The sign before the decimals of whole numbers such as 27,0."""
    return "," if cells.frame.select((pl.col("text").str.contains(r"^[0-9]+,0{1,2}$")).any()).item() else "."


def answers_of(cells: Cells) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The signs for yes and for no where a column holds nothing else, as we list them; None where it does, or never says yes."""
    known = readings(dict.fromkeys(_YES, "yes") | dict.fromkeys(_NO, "no"), {}, "yes_no")
    judged = cells.frame.filter(~_is_sign())
    said = judged.select(folded_labels(pl.col("text")).alias("sign"), known.apply(pl.col("text")).alias("answer"))
    if said.height == 0 or said["answer"].null_count() or "yes" not in said["answer"]:
        return None
    yes, no = (tuple(sorted(set(said.filter(pl.col("answer") == answer)["sign"]))) for answer in ("yes", "no"))
    return yes, no


def _date_fit(cells: Cells, *, is_spreadsheet: bool) -> Fit:
    """The format that reads most cells; ambiguous where another reads as many and reads some of them as another day."""
    read = cells.frame.select(
        "count",
        "rows",
        *(iso_date(_digits(), [date_format], is_spreadsheet=is_spreadsheet).alias(date_format) for date_format in FORMATS),
    )
    counts = {name: int(read.filter(pl.col(name).is_not_null())["count"].sum()) for name in FORMATS}
    best = max(FORMATS, key=lambda name: counts[name])
    if not counts[best]:
        return _fit(cells, pl.lit(False))
    equals = [name for name in FORMATS if counts[name] == counts[best]]
    is_ambiguous = any(not read[one].equals(read[other], check_names=False) for one, other in combinations(equals, 2))
    fit = _fit(cells, iso_date(_digits(), [best], is_spreadsheet=is_spreadsheet).is_not_null())
    return replace(fit, date_format=best, is_ambiguous=is_ambiguous)


def _digits() -> pl.Expr:
    return ascii_digits(pl.col("text"))


def _code_fit(field: Field, cells: Cells, lookups: Mapping[str, str]) -> Fit:
    """What the field's vocabulary reads of the cells, whole or in parts; and what only another partner's lookup reads."""
    known = _of_list(field.declared.vocabulary)
    whole = _fit(cells, known.apply(pl.col("text")).is_not_null())
    is_list = field.kind is Kind.CODES
    for separator in cells.separators if is_list and whole.share < 1 else ():
        split = _fit(cells, _all_parts_known(known, separator))
        whole = replace(split, separator=separator) if split.share > whole.share else whole
    if field.declared.vocabulary == "yes_no":
        lookups = {**dict.fromkeys(_YES, "yes"), **dict.fromkeys(_NO, "no"), **lookups}
    elsewhere = _known_elsewhere(cells, known, whole.separator, lookups) if lookups and whole.share < 1 else {}
    return replace(whole, known_elsewhere=elsewhere, categories=_categories(cells, is_list=is_list))


def _known_elsewhere(cells: Cells, known: Readings, separator: str | None, lookups: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Of the cells that the list does not read, those that a lookup has: its text -> its code, and how many cells."""
    is_unread = _all_parts_known(known, separator).not_() if separator else known.apply(pl.col("text")).is_null()
    spelling = {text.casefold(): text for text in lookups}
    unread = cells.frame.filter(is_unread).with_columns(pl.col("text").str.to_lowercase().alias("folded"))
    found = unread.filter(pl.col("folded").is_in(list(spelling))).group_by("folded", maintain_order=True).agg(pl.col("count").sum())
    return {spelling[folded]: (lookups[spelling[folded]], count) for folded, count in found.iter_rows()}


@cache
def _of_list(name: str | None) -> Readings:
    return readings({}, {}, name)


def _categories(cells: Cells, *, is_list: bool) -> int:
    """How many different texts there are, split at the sign that most cells hold where a cell may list several."""
    texts = pl.col("text").str.split(cells.separators[0]).list.explode() if is_list and cells.separators else pl.col("text")
    return int(cells.frame.select(texts.str.strip_chars().n_unique()).item())


def _all_parts_known(known: Readings, separator: str) -> pl.Expr:
    parts = pl.col("text").str.split(separator)
    return parts.list.eval(known.apply(pl.element().str.strip_chars()).is_not_null()).list.all()


def _is_text_of(field: Field, cells: Cells) -> pl.Expr:
    """What can be said of a text by its field: a number is on one row, a mail address has its sign, a name has letters."""
    text = pl.col("text")
    match field.name:
        case "source_record_id":
            return pl.col("count") == 1
        case "email":
            return text.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
        case "phone":
            return text.str.replace_all(r"[^0-9]", "").str.len_chars().is_between(5, 16)
        case "given_name" | "family_name":
            return text.str.contains(r"\p{L}") & ~text.str.contains(r"[0-9]")
        case _:
            return pl.lit(True)


def _is_number_of(field: Field, decimal: str) -> pl.Expr:
    is_number, number = whole_number(pl.col("text"), decimal)
    return is_number & number.is_between(*(field.declared.limits or (-(2**62), 2**62))).fill_null(False)


def _fit(cells: Cells, fits: pl.Expr) -> Fit:
    """The share of cells that fit, those left aside that do not and hold a known sign for no value."""
    judged = cells.frame.filter(fits.fill_null(False) | ~_is_sign())
    unmatched = judged.filter(~fits.fill_null(False))
    count, all_judged = int(unmatched["count"].sum()), int(judged["count"].sum())
    return Fit(1 - count / all_judged if all_judged else 1.0, count, _rows(unmatched))


def _is_sign() -> pl.Expr:
    return pl.col("text").str.to_lowercase().is_in([*_MISSING, *_NO_ANSWER])


def _rows(frame: pl.DataFrame) -> tuple[int, ...]:
    return tuple(sorted(frame["rows"].list.explode().drop_nulls().to_list())[:SHOWN_ROWS])
