"""Write docs/generated from what the code declares, and say when it is out of date.

Here: pages that follow from models, catalogue and spec tests. Never here: prose that a person should write.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from anonymize.policy import Policy
from pipelines.settings import ROOT
from schemas.case import Person
from schemas.fields import RecordModel, fields_of
from schemas.partner import Partner
from schemas.problems import catalogue
from schemas.product import Product
from schemas.units import MODELS, Unit
from schemas.vocabulary import LANGUAGES, vocabulary, vocabulary_names

FOLDER = ROOT / "docs" / "generated"
LANGUAGE_NAMES = {"en": "English", "fr": "Français", "es": "Español", "ar": "العربية"}


def pages() -> dict[str, str]:
    """Every generated file: its name and its text."""
    return {
        "partner.schema.json": _json_schema(Partner),
        "product.schema.json": _json_schema(Product),
        "policy.schema.json": _json_schema(Policy),
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


def _dictionary() -> Iterator[str]:
    yield "# Dictionary\n\nGenerated from `schemas` by `casehouse docs`. Every field of every record, and every code list.\n"
    for unit in Unit:
        yield f"\n## A report about a {unit.value} (restricted zone)\n\n"
        yield from _fields(MODELS[unit].report)
        yield f"\n## A record about a {unit.value} (pseudonymous zone)\n\n"
        yield from _fields(MODELS[unit].record)
    yield "\n## A person (master table)\n\n"
    yield from _fields(Person)
    yield "\n## Code lists\n"
    for name in vocabulary_names():
        if name == "country":
            yield "\n### country\n\nISO 3166-1 alpha-2 under the subregions and regions of UN M49.\n"
            yield "Alpha-3 codes and the names in four languages are read too.\n"
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
