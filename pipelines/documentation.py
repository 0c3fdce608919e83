"""Write docs/generated from what the code declares, and say when it is out of date.

Here: pages that follow from models, catalogue and spec tests. Never here: prose that a person should write.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from anonymize.policy import Policy
from ingest.report.document import CheckReport
from pipelines.settings import ROOT
from schemas.case import Person
from schemas.crosswalk import Crosswalk, FieldRow, Status, crosswalks
from schemas.fields import RecordModel, fields_of
from schemas.partner import Partner
from schemas.problems import catalogue
from schemas.product import Product
from schemas.render import json_schema
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES, vocabulary, vocabulary_names

FOLDER = ROOT / "docs" / "generated"
LONG_LISTS = {
    "country": "ISO 3166-1 alpha-2, and XK for Kosovo, under the subregions and regions of UN M49; former countries that broke up by the\n"
    "four letters of ISO 3166-3. Alpha-3 codes, the names in four languages and nationalities are read too.",
    "currency": "ISO 4217.",
    "spoken_language": "ISO 639-1 by two letters, some languages by the three of ISO 639-2; the three letters and the names are read too.",
    "age_at_start": "The bands of age_band; an age in years is read as its band.",
}
"""Lists that are made from standards, and what they hold."""
LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}


def pages() -> dict[str, str]:
    """Every generated file: its name and its text."""
    return {
        "partner.schema.json": _json_schema(Partner),
        "product.schema.json": _json_schema(Product),
        "check-report.schema.json": _json_schema(CheckReport),
        "policy.schema.json": _json_schema(Policy),
        "crosswalk.schema.json": _json_schema(Crosswalk),
        **{f"{unit.value.replace('_', '-')}-report.schema.json": _report_schema(unit) for unit in Unit},
        "crosswalk.md": "".join(_crosswalk()),
        "dictionary.md": "".join(_dictionary()),
        "problems.md": "".join(_problems()),
        "rules.md": "".join(_rules(ROOT / "tests" / "spec")),
    }


def outdated() -> list[str]:
    """The names of generated files that do not say what the code says now."""
    return [name for name, text in pages().items() if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text]


def write() -> None:
    """Write every generated file."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _json_schema(model: type[BaseModel]) -> str:
    return json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _report_schema(unit: Unit) -> str:
    return json.dumps(json_schema(MODELS[unit].report), indent=2, ensure_ascii=False) + "\n"


def _dictionary() -> Iterator[str]:
    yield "# Dictionary\n\nGenerated from `schemas` by `casehouse docs`. Every field of every record, and every code list.\n"
    for unit in Unit:
        yield f"\n## Report, unit {unit.value} (restricted zone)\n\n"
        yield from _fields(MODELS[unit].report)
        yield f"\n## Record, unit {unit.value} (pseudonymous zone)\n\n"
        yield from _fields(MODELS[unit].record)
    yield "\n## A person (master table)\n\n"
    yield from _fields(Person)
    yield "\n## Code lists\n"
    for name in vocabulary_names():
        if name in LONG_LISTS:
            yield f"\n### {name}\n\n{LONG_LISTS[name]}\n"
            continue
        yield from _code_list(name)


def _fields(model: type[RecordModel]) -> Iterator[str]:
    yield (
        "| field | "
        + " | ".join(LANGUAGE_NAMES.values())
        + " | kind | codes | sensitivity | HTCDS | CTDC |\n|---|---|---|---|---|---|---|---|---|---|\n"
    )
    for field in fields_of(model):
        declared = field.declared
        labels = " | ".join(declared.labels.of(language) for language in LANGUAGES)
        standards = f"{declared.htcds or ''} | {declared.ctdc or ''}"
        yield f"| `{field.name}` | {labels} | {field.kind} | {declared.vocabulary or ''} | {field.sensitivity} | {standards} |\n"


def _code_list(name: str) -> Iterator[str]:
    listed = vocabulary(name)
    yield f"\n### {name}\n\n| code | under | " + " | ".join(LANGUAGE_NAMES.values()) + " |\n|---|---|---|---|---|---|\n"
    for term in listed.terms:
        yield f"| `{term.code}` | {term.parent or ''} | " + " | ".join(term.labels.of(language) for language in LANGUAGES) + " |\n"


def _crosswalk() -> Iterator[str]:
    yield "# Crosswalk\n\nGenerated from `schemas/crosswalk` by `casehouse docs`. How every field and code of each standard stands in\n"
    yield "ours: covered by a field or code of its own, merged into one that says less (with the rule), or left out on purpose\n"
    yield "(with the reason).\n"
    for walk in crosswalks().values():
        yield f"\n## {walk.title}\n\n<{walk.source}>. {_tally(walk)}\n\n| field | standing | ours | rule or reason |\n|---|---|---|---|\n"
        for name, row in walk.fields.items():
            yield from _crosswalk_rows(name, row)
        if walk.lacks:
            yield f"\nWhat {walk.standard} lacks and we hold:\n\n"
            yield from (f"- {lack.what}: {_in_code(lack.ours.split())}\n" for lack in walk.lacks)


def _crosswalk_rows(name: str, row: FieldRow) -> Iterator[str]:
    code = f" = `{row.code}`" if row.code else ""
    yield f"| {name} | {row.status} | {_in_code(row.targets)}{code} | {row.left or row.rule or ''} |\n"
    for text, each in row.codes.items():
        yield f"| {name}: {text} | {each.status} | {_in_code([each.target] if each.target else [])} | {each.left or each.rule or ''} |\n"


def _tally(walk: Crosswalk) -> str:
    """How many fields and codes stand how."""
    fields = Counter(row.status for row in walk.fields.values())
    codes = Counter(each.status for row in walk.fields.values() for each in row.codes.values())
    told = [f"{sum(fields.values())} fields: {_counted(fields)}."] + ([f"{sum(codes.values())} codes: {_counted(codes)}."] if codes else [])
    return " ".join(told)


def _counted(times: Counter[Status]) -> str:
    return ", ".join(f"{times[status]} {status}" for status in get_args(Status) if times[status])


def _in_code(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def _problems() -> Iterator[str]:
    yield "# Problems\n\nGenerated from `schemas/problems.yml` by `casehouse docs`.\n"
    yield "Everything that can be wrong with a batch, and what the partner can do.\n\n"
    yield "| code | severity | what | what to do |\n|---|---|---|---|\n"
    for code, problem in catalogue().items():
        yield f"| `{code}` | {problem.severity} | {problem.text.en} | {problem.remedy.en} |\n"


def _rules(folder: Path) -> Iterator[str]:
    yield "# Rules\n\nGenerated from `tests/spec` by `casehouse docs`. Each line is a test that runs.\n"
    for path in sorted(folder.glob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        yield f"\n## {(ast.get_docstring(module) or path.stem).splitlines()[0]}\n\n"
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                said = (ast.get_docstring(node) or node.name.removeprefix("test_").replace("_", " ")).splitlines()[0]
                yield f"- {said.rstrip('.')}\n"
