"""What a partner's file looks like and what its columns mean: the model of `partners/<name>.yml`.

Here: the specification and the checks that it fits the record models. Never here: how it is carried out (`ingest.mapping.compiled`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from schemas.fields import Field as RecordField
from schemas.fields import Kind, fields_of
from schemas.specification import Specification, Unfit, read_specification, specification_error
from schemas.template_columns import VALUE_SEPARATOR, headers, other_headers, template_fields
from schemas.units import MODELS, Unit
from schemas.vocabulary import MISSING_CODES, Language, vocabulary

MissingCode = Literal["unknown", "not_collected", "not_applicable"]
Name = Field(pattern=r"^[a-z][a-z0-9-]*$")
DAY_NUMBERS = ("excel", "excel-1904")
"""Date formats of spreadsheets' day numbers, by the epoch of the workbook."""
COUNTED_IN = {"victim": Unit.VICTIM, "accused": Unit.PERPETRATOR, "convicted": Unit.PERPETRATOR}
"""What the rows of a file are about, by the unit that they count."""
RETURNED_COLUMNS = ("casehouse_problems", "casehouse_remedies")
"""What `casehouse check --annotated` adds to a partner's own file; reading leaves both out when the file is sent again."""


class FileFormat(Specification):
    """How the bytes become a table of text."""

    kind: Literal["csv", "spreadsheet", "either"] = Field(
        "csv", description="A spreadsheet is .xlsx, .xls or .ods; either where text and spreadsheet are agreed alike"
    )
    encoding: str = Field("utf-8", description="As Python names it: what the partner uses; a file saved otherwise is recognised and noted")
    separator: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    sheet: str | None = Field(None, description="Name of the sheet; when absent, the sheet whose header fits best")
    other_sheets: tuple[str, ...] = Field((), description="Names of sheets that are known and hold no records, such as a guide")
    label_rows: int = Field(0, ge=0, le=3, description="Rows of titles right below the header that are no records")
    totals_marker: str | None = Field(None, description="First cell of a totals row, such as 'Total'")

    def allows(self, kind: str) -> bool:
        """Whether a file that is really of this kind is as agreed."""
        return self.kind in (kind, "either")


class Column(Specification):
    """What one column of the file means."""

    field: str = Field(description="The field of the record model it fills")
    also: tuple[str, ...] = Field((), description="Other headers that the column goes by, such as those of other languages")
    lookup: dict[str, str] = Field(
        default_factory=dict, description="Partner's text -> code; codes and labels of the vocabulary need no entry"
    )
    date_format: str | None = Field(
        None,
        description="strptime format of a date column; its directives give the precision; excel or excel-1904 for day numbers. "
        "Without it the format must follow from the column's own dates, or the rows are held and the partner is asked",
    )
    separator: str | None = Field(None, description="Between several values of one cell")
    holds_codes: bool = Field(
        False,
        description="The column holds the codes of its vocabulary; without it the two- and three-letter codes that people also write "
        "for no answer, or for yes and no, are no codes (NA, NR, SD, NO, SI ...) and their rows are held",
    )


class Flags(Specification):
    """Several columns of yes and no that together fill one field that holds a list of codes."""

    columns: dict[str, str] = Field(description="Column -> the code it stands for")
    yes: tuple[str, ...] = ("1",)
    no: tuple[str, ...] = ("0",)


class ActionByColumn(Specification):
    """A column that says what a row asks for: to add a record, to replace it, or to withdraw it."""

    column: str
    also: tuple[str, ...] = ()
    values: dict[str, Literal["add", "replace", "withdraw"]] = Field(description="Partner's text -> what it asks for; an empty cell adds")


class UnitByColumn(Specification):
    """What a row is about, read from one of its columns."""

    column: str
    values: dict[str, Unit]
    set_aside: tuple[str, ...] = Field((), description="Values whose rows are about someone else: counted, not stored")


class Join(Specification):
    """Columns of another file of the same batch, looked up by a shared number."""

    file: str
    on: str
    take: dict[str, Column] = Field(description="Column of the other file -> what it means here")


class Counts(Specification):
    """What one row of a file stands for, when that is no whole report: so that nobody takes rows for persons.

    The unit is a code of the vocabulary counting_unit, the rule one of count_rule.
    """

    unit: Literal["victim", "accused", "convicted"]
    rule: Literal["person_by_form"] = Field(description="person_by_form: one row a person and form of exploitation, in each case")


class PartnerFile(Specification):
    """One file of a batch: most partners send one, some send several that belong together."""

    name: str = Name
    unit: Unit | UnitByColumn = Unit.VICTIM
    format: FileFormat = FileFormat()
    columns: dict[str, Column]
    flags: dict[str, Flags] = Field(default_factory=dict, description="Field -> its columns of yes and no")
    ignored: dict[str, str] = Field(default_factory=dict, description="Column left out on purpose -> why")
    optional: tuple[str, ...] = Field(
        (), description="Columns that a sound file may lack: it is known without them, and nothing is said of it"
    )
    missing: dict[str, MissingCode] = Field({"": "unknown"}, description="Text that means no value -> the reason")
    constants: dict[str, str] = Field(default_factory=dict, description="Field -> the code that all rows carry")
    record_id: tuple[str, ...] = Field((), description="Columns that together number a record when the file has no number of its own")
    repeats: Literal["held", "counted"] = Field(
        "held", description="Rows alike in every cell: all but the first are held, or each counts as a record where a file has no numbers"
    )
    counts: Counts | None = Field(None, description="What one row counts, where it is not a report of its own")
    action: ActionByColumn | None = Field(None, description="Where the file says itself whether a row adds, replaces or withdraws")
    join: Join | None = None

    def units(self) -> tuple[Unit, ...]:
        """What the rows may be about."""
        return (self.unit,) if isinstance(self.unit, Unit) else tuple(dict.fromkeys(self.unit.values.values()))

    def known_headers(self) -> frozenset[str]:
        """Every column the file is expected to have."""
        flags = {column for flag in self.flags.values() for column in flag.columns}
        unit = set() if isinstance(self.unit, Unit) else {self.unit.column}
        join = {self.join.on} if self.join else set()
        action = {self.action.column} if self.action else set()
        return frozenset({*self.columns, *flags, *unit, *join, *action, *self.record_id, *self.ignored})

    def for_withdrawing(self) -> PartnerFile:
        """The same file when its rows only withdraw records: nothing but the columns of the record number must be there."""
        own = {name for name, column in self.columns.items() if column.field == "source_record_id"}
        rest = self.known_headers() - (own or set(self.record_id))
        return self.model_copy(update={"optional": tuple(sorted(rest)), "join": None})

    def synonyms(self) -> dict[str, str]:
        """Other header -> the column it stands for."""
        other = {also: name for name, column in self.columns.items() for also in column.also}
        return other | ({also: self.action.column for also in self.action.also} if self.action else {})

    def filled_fields(self) -> dict[str, Column | Flags | str]:
        """Field -> what fills it; a constant is its code."""
        joined = self.join.take.values() if self.join else ()
        by_column: dict[str, Column | Flags | str] = {column.field: column for column in (*joined, *self.columns.values())}
        return by_column | self.flags | self.constants


class Assertions(Specification):
    """What a batch of this partner is expected to be; outside it, someone should look."""

    rows_min: int = Field(1, ge=0)
    rows_max: int = Field(1_000_000, ge=1)
    accepted_share_min: float = Field(0.5, ge=0, le=1)


class Partner(Specification):
    """A partner: who it is and how each of its files is read."""

    name: str = Name
    title: str
    language: Language
    country: str | None = None
    agreement: str = Field(description="The data sharing agreement that allows the intake")
    simulated: bool = Field(False, description="Everyone in it is invented")
    names: Literal["allowed", "never"] = Field(
        "allowed", description="never: it may send no names; a batch without tokens, or with a column called as names are, is refused"
    )
    schedule: Literal["weekly", "monthly", "quarterly", "yearly", "irregular"] = "irregular"
    template: tuple[Unit, ...] = Field(
        (), description="The units whose standard template it fills in, in place of files; without either, that of victims"
    )
    files: tuple[PartnerFile, ...] = Field((), min_length=1, description="Absent where the partner fills in the standard template")
    assertions: Assertions = Assertions()

    @model_validator(mode="before")
    @classmethod
    def _fills_in_the_template(cls, content: object) -> object:
        """Without `files`, those of the standard template in the partner's language."""
        if isinstance(content, dict) and "files" in content and content.get("template"):
            raise Unfit(["template and files exclude each other: a file of the template is described nowhere else"])
        if not isinstance(content, dict) or "files" in content or content.get("language") not in get_args(Language):
            return content
        units = content.get("template") or [Unit.VICTIM]
        if not isinstance(units, (list, tuple)) or not set(map(str, units)) <= set(Unit):
            return content
        return content | {"files": [standard_file(Unit(unit), content["language"]) for unit in units]}

    @model_validator(mode="after")
    def _fits_the_record_models(self) -> Self:
        faults = [fault for file in self.files for fault in _faults_of_file(file, {other.name for other in self.files})]
        if faults:
            raise Unfit(faults)
        return self

    def for_withdrawing(self) -> Partner:
        """The same partner for a batch whose rows only withdraw records: nobody must send names again to be forgotten."""
        return self.model_copy(update={"files": tuple(file.for_withdrawing() for file in self.files)})

    def file(self, name: str) -> PartnerFile:
        """One file of the batch by name; `KeyError` when there is none."""
        return {file.name: file for file in self.files}[name]


def load_partner(path: Path) -> Partner:
    """The partner of one file; `SpecificationError` with every fault, also when its name is not the file's."""
    partner = read_specification(path, Partner, kind="partner")
    if partner.name != path.stem:
        raise specification_error([f"name: is not the name of the file, {path.stem}"], path, "partner")
    return partner


def load_partners(folder: Path) -> dict[str, Partner]:
    """Every partner of a folder by name, in alphabetical order."""
    return {path.stem: load_partner(path) for path in sorted(folder.glob("*.yml"))}


def standard_file(unit: Unit, language: Language) -> PartnerFile:
    """How the standard template of a unit is read, under its headers in any language and with the labels of any.

    Its dates have no declared format, since a spreadsheet program writes them back in its own; what nobody must fill in may
    be absent.
    """
    from schemas.template import other_sheets  # it needs the classes above

    header, others = headers(unit, language), other_headers(unit, language)
    columns = {
        header[field.name]: Column(
            field=field.name,
            also=others[field.name],
            separator=VALUE_SEPARATOR if field.kind is Kind.CODES else None,
        )
        for field in template_fields(unit)
    }
    optional = tuple(header[field.name] for field in template_fields(unit) if not field.declared.is_required)
    either = FileFormat(kind="either", other_sheets=other_sheets())
    return PartnerFile(name=unit.value, unit=unit, format=either, columns=columns, optional=optional)


def _faults_of_file(file: PartnerFile, siblings: set[str]) -> list[str]:
    faults: list[str] = []
    known: dict[str, RecordField] = {}
    for unit in file.units():
        known |= {field.name: field for field in fields_of(MODELS[unit].report)}
    for name, source in file.filled_fields().items():
        if name not in known:
            faults.append(f"{file.name}: no field {name} in a report about {' or '.join(file.units())}")
        else:
            faults += [f"{file.name}.{name}: {fault}" for fault in _faults_of_source(known[name], source)]
    filled = set(file.filled_fields()) | ({"source_record_id"} if file.record_id else set())
    faults += [
        f"{file.name}: nothing fills {name}, which every report needs"
        for name, field in known.items()
        if field.declared.is_required and name not in filled
    ]
    if file.repeats == "counted" and "source_record_id" in file.filled_fields():
        faults.append(f"{file.name}.repeats: counted is for files without a record number of their own")
    if not _is_encoding(file.format.encoding):
        faults.append(f"{file.name}.format.encoding: {file.format.encoding} is no encoding that Python knows")
    if file.counts and file.units() != (COUNTED_IN[file.counts.unit],):
        faults.append(f"{file.name}.counts: {file.counts.unit} is counted in a file about {COUNTED_IN[file.counts.unit]}")
    if file.join and (file.join.file == file.name or file.join.file not in siblings):
        faults.append(f"{file.name}.join: no other file {file.join.file} in this partner")
    return faults


def _faults_of_source(field: RecordField, source: Column | Flags | str) -> list[str]:
    if isinstance(source, Flags):
        wrong_kind = [] if field.kind is Kind.CODES else ["several columns of yes and no need a field that holds a list of codes"]
        return wrong_kind + _unlisted(field, source.columns.values())
    if isinstance(source, str):
        return _unlisted(field, [source])
    faults = _unlisted(field, source.lookup.values())
    if field.kind is not Kind.DATE and source.date_format is not None:
        faults.append("date_format is for date columns only")
    elif source.date_format is not None and source.date_format not in DAY_NUMBERS and "%" not in source.date_format:
        faults.append(f"date_format has no directive such as %Y, and is none of {', '.join(DAY_NUMBERS)}")
    return faults


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name) is not None
    except LookupError:
        return False


def _unlisted(field: RecordField, codes: Iterable[str]) -> list[str]:
    allowed = set(MISSING_CODES) if field.declared.vocabulary is None else set(vocabulary(field.declared.vocabulary).codes())
    if field.kind is Kind.TEXT and field.declared.vocabulary is None:
        return []
    return [
        f"{code} is no code of {field.declared.vocabulary or 'the reasons for a missing value'}" for code in codes if code not in allowed
    ]
