"""Every file and folder of the repository that README.md and CONTRIBUTING.md name is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OURS = (".py", ".md", ".yml", ".toml")
"""Whatever ends like this is a file of the repository, in whichever folder; other names may be of an instance or a release."""
ELSEWHERE = ("var/", ".venv/", "../", "http")
SAID = re.compile(r"```.*?```|`[^`\n]+`|\]\([^)\s]+\)", re.DOTALL)


def paths() -> set[str]:
    """Every file that git knows or would add, and every folder above one."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    files = {Path(name) for name in listed if name and (ROOT / name).exists()}
    return {path.as_posix() for file in files for path in (file, *file.parents)}


def named(text: str) -> set[str]:
    """What looks like a path of ours in code and links, as far as it has no placeholder."""
    top = {path.name for path in ROOT.iterdir()}
    words = {word.strip("[]'\";:") for said in SAID.findall(text) for word in re.split(r"[\s`(),]+", said)}
    words = {re.split(r"[<*#]", word)[0] for word in words if not word.startswith((*ELSEWHERE, *OURS))}
    return {word for word in words if word.rstrip("/").endswith(OURS) or ("/" in word and word.split("/")[0] in top)}


def absent(text: str) -> list[str]:
    """What is named and not there; a name may leave out the folders above, and may be how several files begin (`hierarchy_`)."""
    there = paths()
    return sorted(
        name
        for name in named(text)
        if not any(path == name.rstrip("/") or path.endswith("/" + name.rstrip("/")) for path in there)
        and not (name.endswith(("_", "-")) and any(path.startswith(name) for path in there))
    )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_path_that_a_page_names_is_in_the_repository(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert len(named(text)) > 10
    assert absent(text) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("the number in `anonymize/policy.yml`, asked in `search/asking.py`", []),
        ("`anonymize/policies.yml`, `asked.py`", ["anonymize/policies.yml", "asked.py"]),
        (
            "```sh\npython benchmarks/nothing.py docs/examples/hierarchy_ docs/examples/tree_\n```",
            ["benchmarks/nothing.py", "docs/examples/tree_"],
        ),
        ("[why](docs/decisions/none.md#price), [how](docs/linkage.md)", ["docs/decisions/none.md"]),
        ("`partners/<name>.yml`, `var/nothing.yml`, `ledger/`, `datapackage.json`, `model-9.json`", []),
    ],
)
def test_a_path_that_is_not_there_is_found(text: str, missing: list[str]) -> None:
    assert absent(text) == missing
