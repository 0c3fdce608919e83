"""Cells that a spreadsheet spoilt before they came here: error signs, shortened numbers, day numbers in place of dates.

Here: the shapes of such texts, as expressions. Never here: a repair; what was lost cannot be read back.
"""

from __future__ import annotations

import polars as pl

ERROR_SIGNS = tuple(
    f"#{sign}"
    for sign in (
        *("REF!", "N/A", "VALUE!", "NAME?", "DIV/0!", "NULL!", "NUM!", "SPILL!", "CALC!", "FIELD!", "BUSY!", "ERROR!", "GETTING_DATA"),
        *("VALEUR!", "NOM?", "NUL!", "NOMBRE!", "PROPAGATION!"),
        *("¡REF!", "N/D", "¡VALOR!", "¿NOMBRE?", "¡DIV/0!", "¡NULO!", "¡NUM!", "¡DESBORDAMIENTO!"),
        *("VALOR!", "NOME?", "NULO!", "NÚM!", "BEZUG!", "NV", "WERT!", "ZAHL!", "RIF!", "VALORE!", "NULLO!"),
    )
)
"""What spreadsheets in English, French, Spanish, Portuguese, German and Italian write in place of a value."""
_SHORTENED = r"^[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]{2,3}$"
_SERIAL = r"^([1-6][0-9]{4})(?:[.,][0-9]+)?$"
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 60_000  # 1927 to 2064, counted from 1900


def is_error_sign(text: pl.Expr) -> pl.Expr:
    """Whether a trimmed text is an error sign, or the hashes of a column too narrow for its numbers."""
    return (text.is_in(ERROR_SIGNS) | text.str.contains(r"^#{2,}$")).fill_null(False)


def is_shortened(text: pl.Expr) -> pl.Expr:
    """Whether a trimmed text is a long number in scientific notation, such as 1.23E+11."""
    return text.str.contains(_SHORTENED).fill_null(False)


def is_serial(text: pl.Expr) -> pl.Expr:
    """Whether a trimmed text in ASCII digits may be a spreadsheet's day number."""
    number = text.str.extract(_SERIAL, 1).cast(pl.Int64, strict=False)
    return number.is_between(_FIRST_SERIAL, _LAST_SERIAL).fill_null(False)
