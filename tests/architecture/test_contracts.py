"""The walls of the house: imports go one way, each named module exists, files and functions stay small."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "engine", "ingest", "linkage", "anonymize", "warehouse", "pipelines", "portal", "sample_data")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def calls_of(name: str) -> set[str]:
    """The files in which something of that name is called."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == name:
                found.add(path.relative_to(ROOT).as_posix())
    return found


def percentile(sizes: list[int], share: float) -> int:
    return sorted(sizes)[int(share * (len(sizes) - 1))]


def test_the_import_contracts_are_kept() -> None:
    found = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout


def test_every_module_that_a_contract_names_exists() -> None:
    contracts = CONFIG["tool"]["importlinter"]["contracts"]
    named = {module for contract in contracts for key in ("source_modules", "forbidden_modules") for module in contract.get(key, ())}
    named |= {module.strip() for contract in contracts for layer in contract.get("layers", ()) for module in layer.split("|")}
    assert [module for module in sorted(named) if find_spec(module) is None] == []


@pytest.mark.parametrize(
    "module",
    [
        "schemas.case", "schemas.incident", "schemas.vocabulary", "schemas.render", "schemas.problems", "schemas.zones", "schemas.partner",
        "schemas.product", "engine.duck", "ingest.landing", "ingest.reading", "ingest.mapping", "ingest.validation", "linkage.features",
        "linkage.registry", "anonymize.deidentify", "anonymize.freetext", "anonymize.policy", "anonymize.generalize", "anonymize.risk",
        "anonymize.release", "warehouse.store", "warehouse.publication", "warehouse.verification", "pipelines.cli", "pipelines.definitions",
    ],
)  # fmt: skip
def test_each_named_part_of_the_design_exists(module: str) -> None:
    assert find_spec(module) is not None


def test_only_the_gate_constructs_anonymous() -> None:
    assert calls_of("Anonymous") == {"anonymize/release.py"}


def test_only_de_identification_its_reader_and_derived_tables_make_pseudonymised() -> None:
    """A frame becomes pseudonymised where identity is taken off, or where it is read from the zone it already was in."""
    allowed = {
        "anonymize/deidentify.py",
        "anonymize/product.py",
        "warehouse/session.py",
        "pipelines/publishing.py",
        "pipelines/flagging.py",
    }
    assert calls_of("Pseudonymised") <= allowed


def test_connections_are_opened_in_engine_alone() -> None:
    opened = {path.relative_to(ROOT).as_posix() for path in SOURCES if "duckdb.connect(" in path.read_text(encoding="utf-8")}
    assert opened == {"engine/duck.py"}


def test_files_stay_small() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {path.name: lines for path, lines in lengths.items() if lines > 400} == {}
    assert percentile(list(lengths.values()), 0.9) <= 250


def test_functions_stay_small() -> None:
    lengths = {f"{path.name}:{each.name}": (each.end_lineno or 0) - each.lineno + 1 for path in SOURCES for each in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > 60} == {}
    assert percentile(list(lengths.values()), 0.9) <= 30


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_module_says_what_belongs_there_and_what_never_does(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert "Here:" in said
    assert "Never here:" in said


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_public_function_says_what_it_promises(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    public = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_one_yaml_extension() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in tracked if name.endswith(".yaml")] == []
