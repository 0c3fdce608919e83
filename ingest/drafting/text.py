"""A draft as the text of `partners/<name>.yml`: what is proposed as specification, what is in doubt as comments.

Here: YAML and its comments. Never here: a cell; texts of categories stand in it only where another partner's file or our own list
of signs has them, and only as comments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import floor

import yaml

from ingest.drafting.draft import SHOWN_GUESSES, ColumnDraft, FileDraft, Guess
from ingest.drafting.flags import FlagGroup
from ingest.drafting.values import Fit
from ingest.reading.headers import may_name_a_person
from schemas.fields import Kind, fields_of
from schemas.shown import shown
from schemas.units import MODELS, Unit
from schemas.vocabulary import NOT_APPLICABLE, UNKNOWN

SHOWN_ROWS = 10
_NOT_APPLICABLE_SIGNS = ("n/a", "n.a.", "na")
_COUNTS = """\
# THIS SEEMS TO BE A TABLE OF COUNTS: {columns} columns hold totals beside their parts. Casehouse counts persons and events itself, one
# row each; a count taken for a record would make one person of many. Draft it anew with --unit observation to keep its figures as
# published, beside the cases and never among them; or ask for the records behind it.
"""


def draft_text(name: str, files: Sequence[FileDraft]) -> str:
    """The partner file that a data manager goes on with; it says itself what is left to decide."""
    languages = [file.language for file in files if file.language]
    lines = [
        "# yaml-language-server: $schema=../docs/generated/partner.schema.json",
        "# Drafted by `casehouse partner draft`. Describe the layout and its oddities here; then go through every `to decide`.",
        f"name: {name}",
        f"title: {name} # to decide: the name that people know it by",
        f"language: {languages[0]} # as its headers" if languages else "language: en # to decide: en, fr, es or ar",
        "agreement: none yet # to decide: the data sharing agreement; no real file may be taken in before there is one",
        "files:",
    ]
    return "\n".join([*lines, *(line for file in files for line in _file(file))]) + "\n"


def safe_header(column: ColumnDraft) -> str:
    """A header for a person to read, or its place when it looks like a cell that slipped into the header's row."""
    if column.applied is None and may_name_a_person(column.header):
        return f"column {column.position}"
    return shown(column.header)


def why(guess: Guess) -> str:
    """Why a field was guessed, in words."""
    return f"{guess.source}; {floor(100 * guess.fit.share)} % of its cells fit"


def _file(file: FileDraft) -> Iterable[str]:
    received, data = file.rows
    if file.is_table_of_counts and file.unit is not Unit.OBSERVATION:
        yield from (f"  {line}" for line in _COUNTS.format(columns=file.counts_of_totals).splitlines())
    yield f"  - name: {file.name} # {received} rows, {data} of them data"
    yield f"    unit: {file.unit.value}"
    yield f"    format: {_format(file)}"
    yield "    columns:" if any(column.applied for column in file.columns) else "    columns: {}"
    for column in file.columns:
        if column.applied is not None:
            yield from _column(file, column, column.applied)
    if file.flags:
        yield "    flags:"
        for group in file.flags:
            yield from _flags(group)
    yield from _missing(file)
    yield from _to_decide(file)


def _format(file: FileDraft) -> str:
    given = file.format.model_dump(exclude_defaults=True)
    return "{" + ", ".join(f"{key}: {_quoted(str(value)) if isinstance(value, str) else value}" for key, value in given.items()) + "}"


def _column(file: FileDraft, column: ColumnDraft, guess: Guess) -> Iterable[str]:
    fit = guess.fit
    kind = {field.name: field.kind for field in fields_of(MODELS[file.unit].report)}[guess.field]
    parts = [f"field: {guess.field}"]
    if kind is Kind.DATE and fit.date_format and not fit.is_ambiguous:
        parts.append(f"date_format: {_quoted(fit.date_format)}")
    if fit.separator:
        parts.append(f"separator: {_quoted(fit.separator)}")
    yield f"      {_quoted(column.header)}: {{{', '.join(parts)}}} # {guess.confidence:.2f}, {why(guess)}"
    if fit.is_ambiguous:
        yield f"        # to decide: date_format; day and month could stand either way round (such as {fit.date_format}): ask the partner"
    if fit.unmatched:
        yield f"        # to decide: {fit.unmatched} cells are not read yet{_rows(fit)}{_remedy(kind)}"
    for text, (code, count) in (fit.known_elsewhere or {}).items():
        yield f"        #   lookup {{{_quoted(text)}: {_quoted(code)}}} is what others mean by it; {count} cells"


def _remedy(kind: Kind) -> str:
    return "; give each text its code under lookup" if kind in (Kind.CODE, Kind.CODES) else ""


def _rows(fit: Fit) -> str:
    more = ", ..." if len(fit.rows) > SHOWN_ROWS or fit.unmatched > len(fit.rows) else ""
    return f" (rows {', '.join(map(str, fit.rows[:SHOWN_ROWS]))}{more})" if fit.rows else ""


def _flags(group: FlagGroup) -> Iterable[str]:
    yield f"      {group.field}:"
    for name, signs in (("yes", group.yes), ("no", group.no)):
        yield f"        {_quoted(name)}: [{', '.join(_quoted(sign) for sign in signs)}]"
    yield "        columns:"
    for header, code in group.columns.items():
        yield f"          {_quoted(header)}: {_quoted(code)}"


def _missing(file: FileDraft) -> Iterable[str]:
    if not file.missing:
        return
    yield "    # to decide: signs that often mean no value stand in cells; keep what is true (unknown: asked, not_collected: never asked)"
    entries = [f"{_quoted(sign)}: {NOT_APPLICABLE if sign in _NOT_APPLICABLE_SIGNS else UNKNOWN}" for sign in sorted(file.missing)]
    yield f'    # missing: {{"": unknown, {", ".join(entries)}}} # in {sum(file.missing.values())} cells'


def _to_decide(file: FileDraft) -> Iterable[str]:
    filled = {column.applied.field for column in file.columns if column.applied} | {group.field for group in file.flags}
    needed = [field.name for field in fields_of(MODELS[file.unit].report) if field.declared.is_required and field.name not in filled]
    for name in needed:
        choice = " or record_id: [columns that together number a record]" if name == "source_record_id" else ""
        yield f"    # to decide: every record needs {name}: a column for it{choice}"
    undecided = [column for column in file.columns if column.applied is None]
    if undecided:
        yield "    # to decide: each column below; move it to columns, or to ignored with the reason:"
        yield "    # ignored:"
    for column in undecided:
        guesses = ", ".join(f"{guess.field} {guess.confidence:.2f}" for guess in column.guesses[:SHOWN_GUESSES])
        yield f"    #   {_quoted(safe_header(column))}: {column.doubt}{f' ({guesses})' if guesses else ''}; {column.filled} cells filled"


def _quoted(text: str) -> str:
    """A text as YAML, in quotes where it would not be read as that text."""
    if shown(text) != text:
        return json.dumps(text)  # a text of YAML as well, and all of it ASCII
    return str(yaml.safe_dump(text, default_flow_style=True, allow_unicode=True, width=10_000)).removesuffix("\n").removesuffix("\n...")
