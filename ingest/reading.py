"""Read one file of a batch as a table of text, and account for every row that is no record.

Here: the header row, blank rows, titles, totals, ragged and undecodable rows. `identify` and `best_partner` tell whose
file it is. Never here: types, meanings, or a row that vanishes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from ingest.headers import SHARE_NEEDED, best_header, best_partner, folded, identify, mapped_headers
from ingest.refusals import refusal
from ingest.rows import Row, is_undecodable, rows_of
from schemas.partner import PartnerFile
from schemas.problems import problem_frame

__all__ = ["ROW_NUMBER", "TextTable", "best_partner", "column_name", "identify", "read"]

ROW_NUMBER = "row_number"


@dataclass(frozen=True, repr=False)
class TextTable:
    """A file as text.

    `frame`: `row_number`, then one String column a header, in the file's order. `problems`: each row that is not in
    the frame, with its reason. `received`: all rows but the header, so frame rows + rows with a problem = received.
    """

    frame: pl.DataFrame
    problems: pl.DataFrame
    received: int

    def __repr__(self) -> str:
        return f"<TextTable {self.frame.height} of {self.received} rows>"


def column_name(header: str) -> str:
    """The column of the frame for a header of the specification; a partner's own `row_number` must not hide ours."""
    return f"{ROW_NUMBER} " if header == ROW_NUMBER else header


def read(payload: bytes, file: PartnerFile) -> TextTable:
    """The table of the bytes, by the format that the partner's file names.

    Rows are numbered by physical lines, the header's included; a cell that spans lines counts where it starts.
    Raises `BatchRefused`: file_empty, file_unreadable, header_not_found, column_repeated.
    """
    rows = rows_of(payload, file.format, file.name)
    fit = best_header(rows, file)
    if fit is None or fit.mapped_share < SHARE_NEEDED:
        raise refusal(
            "header_not_found", where=file.name, allowed=f"at least half of the columns {', '.join(sorted(mapped_headers(file)))}"
        )
    header = rows[fit.index]
    names = _column_names(header.cells, file)
    above = [(row.number, "row_blank" if _is_blank(row) else "preamble") for row in rows[: fit.index]]
    records, below = _sorted_out(rows[fit.index + 1 :], header, file)
    cells = list(zip(*(row.cells for row in records), strict=True)) if records else [() for _ in names]
    columns = [pl.Series(name, values, dtype=pl.String) for name, values in zip(names, cells, strict=True)]
    frame = pl.DataFrame([pl.Series(ROW_NUMBER, [row.number for row in records], dtype=pl.Int64), *columns])
    problems = problem_frame([(file.name, number, code, None) for number, code in (*above, *below)])
    return TextTable(frame, problems, received=len(rows) - 1)


def _column_names(cells: Sequence[str], file: PartnerFile) -> list[str]:
    """The header's texts in the specification's spelling; unnamed and repeated columns by their position."""
    spelling = {folded(name): name for name in sorted(file.known_headers())}
    keys = [folded(cell) for cell in cells]
    times = Counter(keys)
    doubled = sorted(name for name in mapped_headers(file) if times[folded(name)] > 1)
    if doubled:
        raise refusal("column_repeated", where=f"{file.name}: {', '.join(doubled)}", allowed="each mapped column once")
    names: list[str] = []
    for position, (key, cell) in enumerate(zip(keys, cells, strict=True), start=1):
        name = column_name(spelling.get(key, cell.replace("\ufeff", "").strip()))
        if not name or name in names or is_undecodable([cell]):
            name = f"column {position}"
        while name in names:
            name += "'"
        names.append(name)
    return names


def _sorted_out(rows: Sequence[Row], header: Row, file: PartnerFile) -> tuple[list[Row], list[tuple[int, str]]]:
    """The records among the rows below the header, and the others with their reason."""
    records: list[Row] = []
    others: list[tuple[int, str]] = []
    titles = {row.number for row in rows[: file.format.label_rows]}
    reason_of = _reason_finder(header, file, titles)
    for row in rows:
        code = reason_of(row)
        if code is None:
            records.append(row)
        else:
            others.append((row.number, code))
    return records, others


def _reason_finder(header: Row, file: PartnerFile, titles: set[int]) -> Callable[[Row], str | None]:
    """A function that says why a row is no readable record, or None."""
    repeated = [folded(cell) for cell in header.cells]
    marker = None if file.format.totals_marker is None else folded(file.format.totals_marker)

    def reason(row: Row) -> str | None:
        if _is_blank(row):
            return "row_blank"
        first = folded(row.cells[0])
        if row.number in titles or (first == repeated[0] and [folded(cell) for cell in row.cells] == repeated):
            return "header_repeated"
        if marker is not None and first == marker:
            return "totals_row"
        if is_undecodable(row.cells):
            return "text_undecodable"
        return "row_ragged" if len(row.cells) != len(header.cells) else None

    return reason


def _is_blank(row: Row) -> bool:
    return not any(cell.strip() for cell in row.cells)
