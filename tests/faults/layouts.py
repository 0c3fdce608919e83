"""How each partner of the tests writes the clean table, and the record that each row must become.

Here: columns, words, formats; six invented partners as models and five of `partners/`. Never here: a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path

from faults.people import COUNTRIES, FORMS, GENDERS, GROUP_OF_FORM, Victim
from schemas.partner import Partner

PARTNERS = Path(__file__).resolve().parents[2] / "partners"
Record = Mapping[str, object]
"""Field -> the value that an accepted report must hold."""
FLAGS = {"forced_labour_code": "labour", "sexual_exploitation_code": "sexual", "other_exploitation_code": "other"}


@dataclass(frozen=True)
class Written:
    """One column: its header, the field it fills, what its cell says, and what the record must hold."""

    header: str
    field: str | None
    cell: Callable[[Victim], str]
    value: Callable[[Victim], object] = lambda _: None
    typed: Callable[[Victim], object] | None = None
    """The cell in a spreadsheet, where it is no text: a date, a number."""
    kind: str = "text"


@dataclass(frozen=True)
class Layout:
    """One partner of the tests and its only file; `words` is the language of names and labels."""

    name: str
    words: str
    partner: Partner
    columns: tuple[Written, ...]
    separator: str = ","
    encoding: str = "utf-8"
    total: str = "Total"
    above: tuple[tuple[str, ...], ...] = ()
    label_rows: int = 0
    constants: Mapping[str, object] = field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        """The header row."""
        return tuple(column.header for column in self.columns)

    @property
    def is_spreadsheet(self) -> bool:
        """Whether the partner sends a spreadsheet."""
        return self.partner.files[0].format.kind == "spreadsheet"

    def place(self, kind: str) -> int:
        """Where the first column of a kind stands: number, day, name, born, age, code, country, forms, document, note."""
        return next(at for at, column in enumerate(self.columns) if column.kind == kind)

    def has(self, kind: str) -> bool:
        """Whether the partner has a column of the kind."""
        return any(column.kind == kind for column in self.columns)

    def cells(self, victim: Victim) -> tuple[str, ...]:
        """The row as text."""
        return tuple(column.cell(victim) for column in self.columns)

    def record(self, victim: Victim) -> Record:
        """What the accepted report must hold, in the fields that the partner fills."""
        flags = {} if not self.has("forms") else {name: _flag(victim, group) for name, group in FLAGS.items()}
        return {**flags, **self.constants, **{column.field: column.value(victim) for column in self.columns if column.field}}

    def declared(self, **changes: object) -> Layout:
        """The layout of a partner whose file format is declared otherwise."""
        changed = self.with_partner(lambda file: file["format"].update(changes))
        return replace(changed, encoding=str(changes.get("encoding", self.encoding)))

    def only(self, *kinds: str) -> Layout:
        """The layout of a partner that sends fewer columns."""
        kept = tuple(column for column in self.columns if column.kind in kinds)

        def drop(file: dict) -> None:
            file["columns"] = {column.header: file["columns"][column.header] for column in kept if column.field}
            file["ignored"] = {}

        return replace(self.with_partner(drop), columns=kept)

    def with_partner(self, change: Callable[[dict], object]) -> Layout:
        """The layout of a partner whose file is specified otherwise: `change` edits the specification as plain data."""
        spec = self.partner.model_dump(mode="json")
        change(spec["files"][0])
        return replace(self, partner=Partner.model_validate(spec))


def _flag(victim: Victim, group: str) -> str:
    if not victim.forms:
        return "unknown"
    return "yes" if group in {GROUP_OF_FORM[form] for form in victim.forms} else "no"


def number(header: str) -> Written:
    """The record's number, with its zeros."""
    return Written(header, "source_record_id", lambda v: v.number, lambda v: v.number, kind="number")


def text(header: str, name: str, of: str, kind: str = "text") -> Written:
    """A text as it is."""
    return Written(header, name, lambda v: getattr(v, of), lambda v: getattr(v, of), kind=kind)


def day(header: str, name: str, of: str, pattern: str, kind: str) -> Written:
    """A date in a format; blank where it is not known; a date cell in a spreadsheet."""
    precision = {"%Y": "%Y", "%m/%Y": "%Y-%m"}.get(pattern, "%Y-%m-%d")

    def said(victim: Victim, its_format: str) -> str | None:
        moment: date | None = getattr(victim, of)
        return None if moment is None else moment.strftime(its_format)

    typed = (lambda v: getattr(v, of)) if precision == "%Y-%m-%d" else None
    return Written(header, name, lambda v: said(v, pattern) or "", lambda v: said(v, precision), typed, kind)


def age(header: str, decimals: str = "", unknown: str = "") -> Written:
    """The age in years, perhaps written as a decimal number."""
    return Written(
        header, "age_years", lambda v: unknown if v.age is None else f"{v.age}{decimals}", lambda v: v.age, lambda v: v.age, kind="age"
    )


def gender(header: str, words: str, own: Mapping[str, str] | None = None, unknown: str = "") -> Written:
    """The gender in a language's word or the partner's own."""
    said = own or {code: labels[words] for code, labels in GENDERS.items()}
    return Written(header, "gender_code", lambda v: said[v.gender] if v.gender else unknown, lambda v: v.gender or "unknown", kind="gender")


def country(header: str, name: str, of: str, words: str, unknown: str = "", kind: str = "country") -> Written:
    """A country by its name."""

    def said(victim: Victim) -> str:
        code = getattr(victim, of)
        return COUNTRIES[code][words] if code else unknown

    return Written(header, name, said, lambda v: getattr(v, of) or "unknown", kind=kind)


def forms(header: str, words: str, separator: str, unknown: str = "", own: Mapping[str, str] | None = None) -> Written:
    """The forms of exploitation, several in a cell."""
    said = own or {code: labels[words] for code, labels in FORMS.items()}
    return Written(
        header,
        "exploitation_codes",
        lambda v: separator.join(said[form] for form in v.forms) or unknown,
        lambda v: sorted(v.forms) or ["unknown"],
        kind="forms",
    )


def constant(header: str, text_of_all: str = "", name: str | None = None, value: object = None, kind: str = "other") -> Written:
    """A column that says the same on every row; without a field it is ignored on purpose."""
    return Written(header, name, lambda _: text_of_all, lambda _: value, kind=kind)


def _headers(words: str) -> tuple[str, ...]:
    return {
        "en": ("Record no", "Date registered", "Given name", "Family name", "Date of birth", "Age in years", "Gender", "Citizenship",
               "Country", "Forms of exploitation", "Document no", "Office", "Notes"),
        "fr": ("N° de dossier", "Date d'enregistrement", "Prénom", "Nom de famille", "Date de naissance", "Âge", "Genre", "Nationalité",
               "Pays d'exploitation", "Formes d'exploitation", "N° de pièce", "Antenne", "Récit"),
        "es": ("N.º de registro", "Fecha de alta", "Nombre", "Apellidos", "Fecha de nacimiento", "Edad", "Género", "Nacionalidad",
               "País de explotación", "Formas de explotación", "Documento n.º", "Oficina", "Relato"),
        "ar": ("رقم السجل", "تاريخ التسجيل", "الاسم", "اسم العائلة", "تاريخ الميلاد", "العمر بالسنوات", "الجنس", "الجنسية",
               "بلد الاستغلال", "أشكال الاستغلال", "رقم الوثيقة", "المكتب", "ملاحظات"),
        "uk": ("Номер запису", "Дата реєстрації", "Ім'я", "Прізвище", "Дата народження", "Вік", "Стать", "Громадянство",
               "Країна експлуатації", "Форми експлуатації", "Номер документа", "Відділ", "Примітки"),
    }[words]  # fmt: skip


def _columns(words: str, pattern: str, separator: str, decimals: str) -> tuple[Written, ...]:
    head = _headers(words)
    return (
        number(head[0]),
        day(head[1], "registration_date", "registered", pattern, "day"),
        text(head[2], "given_name", "given", "name"),
        text(head[3], "family_name", "family"),
        day(head[4], "birth_date", "born", pattern, "born"),
        age(head[5], decimals),
        gender(head[6], words),
        country(head[7], "citizenship_code", "citizenship", words),
        country(head[8], "exploitation_country_code", "country", words, kind="place"),
        forms(head[9], words, separator),
        text(head[10], "document_number", "document", "document"),
        constant(head[11], "A1"),
        text(head[12], "narrative", "note", "note"),
    )


def _own_words(words: str) -> dict[str, dict[str, str]]:
    """Lookups for a language that the vocabularies do not speak."""
    if words != "uk":
        return {}
    tables = {"gender_code": GENDERS, "citizenship_code": COUNTRIES, "exploitation_country_code": COUNTRIES, "exploitation_codes": FORMS}
    return {name: {labels[words]: code for code, labels in table.items()} for name, table in tables.items()}


def invented(
    name: str, words: str, pattern: str, separator: str, *, within: str, decimals: str = "", total: str = "Total", **file_format: object
) -> Layout:
    """A partner of the tests: thirteen columns in its own language, described as a partner file would be."""
    columns = _columns(words, pattern, within, decimals)
    lookups = _own_words(words)
    described = {
        column.header: {
            "field": column.field,
            **({"date_format": pattern} if column.kind in ("day", "born") else {}),
            **({"separator": within.strip()} if column.kind == "forms" else {}),
            **({"lookup": lookups[column.field]} if column.field in lookups else {}),
        }
        for column in columns
        if column.field
    }
    spec = {
        "name": name,
        "title": name,
        "language": "en" if words == "uk" else words,
        "agreement": "Invented for the tests",
        "simulated": True,
        "assertions": {"rows_min": 0, "accepted_share_min": 0},
        "files": [
            {
                "name": "cases",
                "format": {"separator": separator, "decimal": "," if decimals else ".", **file_format},
                "columns": described,
                "constants": {"phenomenon_code": "trafficking"},
                "ignored": {column.header: "Not about the case" for column in columns if not column.field},
            }
        ],
    }
    constants = {"phenomenon_code": "trafficking"}
    encoding = str(file_format.get("encoding", "utf-8"))
    return Layout(name, words, Partner.model_validate(spec), columns, separator, encoding, total, constants=constants)


@cache
def english() -> Layout:
    """Commas, UTF-8, ISO dates."""
    return invented("en-commas", "en", "%Y-%m-%d", ",", within="; ")


@cache
def french() -> Layout:
    """Semicolons, cp1252, days before months, a decimal comma."""
    return invented("fr-semicolons", "fr", "%d/%m/%Y", ";", within=" / ", decimals=",0", encoding="cp1252")


@cache
def spanish() -> Layout:
    """Tabs, UTF-8, days before months with hyphens."""
    return invented("es-tabs", "es", "%d-%m-%Y", "\t", within=" | ", total="Totales")


@cache
def arabic() -> Layout:
    """Commas, UTF-8, days before months, the Arabic comma within cells."""
    return invented("ar-commas", "ar", "%d/%m/%Y", ",", within="، ", total="المجموع")


@cache
def ukrainian() -> Layout:
    """Semicolons, UTF-8, Cyrillic headers and a partner's own words; days before months with full stops."""
    return invented("uk-semicolons", "uk", "%d.%m.%Y", ";", within=", ", total="Всього")


@cache
def sheet() -> Layout:
    """A spreadsheet with English headers."""
    return invented("en-sheet", "en", "%Y-%m-%d", ",", within="; ", kind="spreadsheet")


def csv_layouts() -> tuple[Layout, ...]:
    """The invented partners that send text."""
    return english(), french(), spanish(), arabic(), ukrainian()
