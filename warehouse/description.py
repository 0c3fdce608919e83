"""Describe a release for machines: `datapackage.json` and `proof.json`, the same text for the same tables.

Here: the Data Package v2 descriptor (https://datapackage.org/standard/) of the tables of a release, which also holds
every text of a product, so that the release can be written again from it.
Never here: a clock, a measure being taken, or the pages that people read (`codebook`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from schemas.fields import Field, Kind, Sensitivity
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP, published_field
from schemas.release import ReleaseProof
from schemas.vocabulary import vocabulary
from warehouse.errata import ERRATA_COLUMNS
from warehouse.flag_totals import TOTAL_COLUMNS
from warehouse.labels import LABEL_COLUMNS, NOT_VALUES, occurring_codes
from warehouse.persons_found import found_members, found_sentence
from warehouse.published import PublishedTable
from warehouse.release_files import ERRATA, LABELS, TOTALS, csv_name, parquet_name

LICENCE = {"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/", "title": "Creative Commons Attribution 4.0"}
PROFILES = "https://datapackage.org/profiles/2.0"

ROLES = {
    Sensitivity.QUASI: "quasi-identifier: published as finely as its class of at least k persons allows",
    Sensitivity.SENSITIVE: "sensitive: never generalized, kept diverse within a class",
    Sensitivity.SAFE: "the release in which the row first appeared",
}

_ROLES_BY_NAME = {FLAG_GROUP: "whole classes of one cohort, in which the flags are shuffled; 0 where none are published"} | dict.fromkeys(
    FLAG_COLUMNS, "sensitive: shuffled inside the group, and suppressed where few flags would point at few persons"
)


def proof_text(proof: ReleaseProof) -> str:
    """The statement of the release as JSON, keys in order."""
    return _json(proof.model_dump(mode="json"), is_sorted=True)


def title_of(proof: ReleaseProof) -> str:
    """The title of a release; invented data say so first."""
    title = "Casehouse: victims of trafficking, anonymized"
    return f"Invented sample data, no real person. {title}" if proof.is_simulated else title


def package_text(tables: Sequence[PublishedTable], proof: ReleaseProof, csv_payloads: Mapping[str, bytes]) -> str:
    """The descriptor of a release; `csv_payloads` holds the bytes of every CSV file by its name."""
    resources: list[object] = []
    for table in tables:
        name = table.product.name
        resources.append(_resource(table, parquet_name(name), table.payload, is_csv=False))
        resources.append(_resource(table, csv_name(name), csv_payloads[csv_name(name)], is_csv=True))
    descriptor: dict[str, object] = {
        "$schema": f"{PROFILES}/datapackage.json",
        "name": "casehouse-release",
        "version": proof.version,
        "title": title_of(proof),
        "description": f"One row a person. No cell is empty: codes say why a value is missing. {found_sentence(proof)} See codebook.html "
        "and proof.json.",
        "licenses": [LICENCE],
        "isSimulated": proof.is_simulated,
        "personsFound": found_members(proof),
        "resources": [
            *resources,
            _labels_resource(csv_payloads[LABELS]),
            _errata_resource(csv_payloads[ERRATA]),
            _totals_resource(csv_payloads[TOTALS]),
        ],
    }
    return _json(descriptor, is_sorted=False)


def describe_column(field: Field) -> str:
    """What the column is for the protection of persons, and its names in the standards of the field."""
    names = [f"{standard}: {name}" for standard, name in (("CTDC", field.declared.ctdc), ("HTCDS", field.declared.htcds)) if name]
    return "; ".join([_ROLES_BY_NAME.get(field.name, ROLES[field.sensitivity]), *names])


def _resource(table: PublishedTable, path: str, payload: bytes, *, is_csv: bool) -> dict[str, object]:
    product = table.product
    form: dict[str, object] = {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": f"{product.name}-csv" if is_csv else product.name,
        "path": path,
        "title": product.title.en,
        "description": product.description.en,
        "titles": product.title.model_dump(),
        "descriptions": product.description.model_dump(),
        **(_csv_form() if is_csv else form),
        **_size_and_hash(payload),
        "unit": product.unit,
        "countRule": product.count_rule,
        "coarsen": product.coarsen,
        "filters": {column: list(labels) for column, labels in product.filters.items()},
        "schema": {"$schema": f"{PROFILES}/tableschema.json", "fields": [_column(table, name) for name in table.proof.columns]},
    }


def _labels_resource(payload: bytes) -> dict[str, object]:
    types = dict.fromkeys(LABEL_COLUMNS, "string") | {"level": "integer"}
    fields = [{"name": name, "description": meaning, "type": types[name]} for name, meaning in LABEL_COLUMNS.items()]
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": "labels",
        "path": LABELS,
        "title": "Labels",
        "description": "Every label of the tables, those above it, and their texts: for rolling fine labels up to one level.",
        **_csv_form(),
        **_size_and_hash(payload),
        "schema": {"$schema": f"{PROFILES}/tableschema.json", "fields": fields, "primaryKey": ["column", "label"]},
    }


def _errata_resource(payload: bytes) -> dict[str, object]:
    types = dict.fromkeys(ERRATA_COLUMNS, "string") | {"persons": "integer"}
    fields = [{"name": name, "description": meaning, "type": types[name]} for name, meaning in ERRATA_COLUMNS.items()]
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": "errata",
        "path": ERRATA,
        "title": "Errata",
        "description": "How many published labels are known to be wrong by now; published rows themselves are never edited.",
        **_csv_form(),
        **_size_and_hash(payload),
        "schema": {"$schema": f"{PROFILES}/tableschema.json", "fields": fields, "primaryKey": ["cohort", "column", "label"]},
    }


def _totals_resource(payload: bytes) -> dict[str, object]:
    types = dict.fromkeys(TOTAL_COLUMNS, "string") | dict.fromkeys(("cohort", "persons"), "integer")
    fields = [{"name": name, "description": meaning, "type": types[name]} for name, meaning in TOTAL_COLUMNS.items()]
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": "flag-totals",
        "path": TOTALS,
        "title": "Totals of flags",
        "description": "Of how many persons each flag was stated, in all and by one column, counted before any flag was suppressed.",
        **_csv_form(),
        **_size_and_hash(payload),
        "schema": {"$schema": f"{PROFILES}/tableschema.json", "fields": fields, "primaryKey": ["cohort", "flag", "column", "label"]},
    }


def _csv_form() -> dict[str, object]:
    dialect = {"delimiter": ",", "lineTerminator": "\r\n", "quoteChar": '"', "doubleQuote": True, "header": True}
    return {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "dialect": dialect}


def _size_and_hash(payload: bytes) -> dict[str, object]:
    return {"bytes": len(payload), "hash": f"sha256:{sha256(payload).hexdigest()}"}


def _column(table: PublishedTable, name: str) -> dict[str, object]:
    field = published_field(name)
    found: dict[str, object] = {"name": name, "title": field.declared.labels.en, "description": describe_column(field)}
    if field.kind is Kind.INTEGER:
        return found | {"type": "integer", "constraints": {"required": True, "minimum": (field.declared.limits or (0,))[0]}}
    values = [
        {"value": each.code, "label": each.texts.get("en", each.code)}
        for each in occurring_codes(table, name)
        if each.code not in NOT_VALUES
    ]
    missing = [{"value": code, "label": vocabulary("missing").label(code, "en")} for code in NOT_VALUES]
    return found | {"type": "string", "categories": values, "missingValues": missing}


def _json(content: object, *, is_sorted: bool) -> str:
    return json.dumps(content, indent=2, sort_keys=is_sorted, ensure_ascii=False, allow_nan=False) + "\n"
