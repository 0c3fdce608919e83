"""Describe a release for machines: `datapackage.json` and `proof.json`, the same text for the same tables.

Here: the Data Package v2 descriptor (https://datapackage.org/standard/) of the tables of a release.
Never here: a clock, a measure being taken, or the pages that people read (`codebook`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from schemas.case import Person, PublishedPerson
from schemas.fields import Field, Kind, Sensitivity, field_of
from schemas.product import Product
from schemas.release import ProductProof, ReleaseProof
from schemas.render import codebook
from schemas.vocabulary import LANGUAGES, MISSING_CODES, SUPPRESSED, vocabulary
from schemas.zones import Anonymous
from warehouse.release_files import csv_name, parquet_name

LICENCE = {"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/", "title": "Creative Commons Attribution 4.0"}
PROFILES = "https://datapackage.org/profiles/2.0"
NOT_VALUES = (*MISSING_CODES, SUPPRESSED)

ROLES = {
    Sensitivity.QUASI: "quasi-identifier: published as finely as its class of at least k persons allows",
    Sensitivity.SENSITIVE: "sensitive: never generalized, kept diverse within a class",
    Sensitivity.SAFE: "the release in which the row first appeared",
}


@dataclass(frozen=True)
class Table:
    """A product as the gate let it through, and what it promises."""

    product: Product
    anonymous: Anonymous
    proof: ProductProof


@dataclass(frozen=True)
class OccurringCode:
    """A code that stands in a published column, in how many rows, and its texts by language."""

    code: str
    rows: int
    level: int
    texts: Mapping[str, str]


def occurring_codes(table: Table, column: str) -> tuple[OccurringCode, ...]:
    """The codes of one column that the table really holds: values by level and code, then the reasons why one is missing."""
    known = _labels_of(column)
    counts = {str(code): int(rows) for code, rows in table.anonymous.frame[column].value_counts().iter_rows()}
    found = [OccurringCode(code, rows, *known.get(code, (0, {}))) for code, rows in counts.items()]
    return tuple(sorted(found, key=lambda each: (each.code in NOT_VALUES, each.level, each.code)))


@cache
def _labels_of(column: str) -> Mapping[str, tuple[int, Mapping[str, str]]]:
    """Each label that a column may hold, with its level and its texts by language."""
    texts: dict[str, dict[str, str]] = {}
    levels: dict[str, int] = {}
    for language in LANGUAGES:
        for row in codebook(Person, (column,), language):
            texts.setdefault(row.code, {})[language] = row.label
            levels[row.code] = row.level
    return {code: (levels[code], texts[code]) for code in texts}


def proof_text(proof: ReleaseProof) -> str:
    """The statement of the release as JSON, keys in order."""
    return _json(proof.model_dump(mode="json"), is_sorted=True)


def package_text(tables: Sequence[Table], proof: ReleaseProof, csv_payloads: Mapping[str, bytes]) -> str:
    """The descriptor of a release; `csv_payloads` holds the bytes of each product's CSV file."""
    resources: list[object] = []
    for table in tables:
        name = table.product.name
        resources.append(_resource(table, parquet_name(name), table.anonymous.payload, is_csv=False))
        resources.append(_resource(table, csv_name(name), csv_payloads[name], is_csv=True))
    descriptor: dict[str, object] = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": "casehouse-release",
        "version": proof.version,
        "title": "Casehouse: victims of trafficking, anonymized",
        "description": "One row a person. No cell is empty: codes say why a value is missing. See codebook.html and proof.json.",
        "licenses": [LICENCE],
        "resources": resources,
    }
    return _json(descriptor, is_sorted=False)


def describe_column(field: Field) -> str:
    """What the column is for the protection of persons, and its names in the standards of the field."""
    names = [f"{standard}: {name}" for standard, name in (("CTDC", field.declared.ctdc), ("HTCDS", field.declared.htcds)) if name]
    return "; ".join([ROLES[field.sensitivity], *names])


def _resource(table: Table, path: str, payload: bytes, *, is_csv: bool) -> dict[str, object]:
    product = table.product
    form: dict[str, object] = {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    if is_csv:
        dialect = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True}
        form = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "dialect": dialect}
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": f"{product.name}-csv" if is_csv else product.name,
        "path": path,
        "title": product.title.en,
        "description": product.description.en,
        **form,
        "bytes": len(payload),
        "hash": f"sha256:{sha256(payload).hexdigest()}",
        "unit": product.unit,
        "countRule": product.count_rule,
        "coarsen": product.coarsen,
        "filters": {column: list(labels) for column, labels in product.filters.items()},
        "schema": {"$schema": f"{PROFILES}/tableschema.json", "fields": [_column(table, name) for name in table.proof.columns]},
    }


def _column(table: Table, name: str) -> dict[str, object]:
    field = field_of(PublishedPerson, name)
    found: dict[str, object] = {"name": name, "title": field.declared.labels.en, "description": describe_column(field)}
    if field.kind is Kind.INTEGER:
        return found | {"type": "integer", "constraints": {"required": True, "minimum": 1}}
    values = [
        {"value": each.code, "label": each.texts.get("en", each.code)}
        for each in occurring_codes(table, name)
        if each.code not in NOT_VALUES
    ]
    missing = [{"value": code, "label": vocabulary("missing").label(code, "en")} for code in NOT_VALUES]
    return found | {"type": "string", "categories": values, "missingValues": missing}


def _json(content: object, *, is_sorted: bool) -> str:
    return json.dumps(content, indent=2, sort_keys=is_sorted, ensure_ascii=False, allow_nan=False) + "\n"
