"""Count what the tests notice when the search, the measures and the gate are changed in every small way.

    make mutants

Here: the score of each module from the records of one run of mutmut in `mutants/`, and the changes that no test noticed.
Never here: the run itself, or which changes are made (`[tool.mutmut]` in pyproject.toml).

A mutant is killed when a test fails, or when its tests take so long that something must be wrong. The score is the share
of the killed among all; those that no test reaches count as survivors. `--survivors` lists them one by one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

MUTANTS = Path("mutants")
LEAST = 0.9
KILLED = {1, 3}
"""How pytest ends when a test failed, or broke."""
TIMEOUT = {24, -24, 36, 152, 255}


def outcomes() -> Iterator[tuple[str, dict[str, int | None]]]:
    """Each mutated module with the exit code of the tests for every mutant."""
    for record in sorted(MUTANTS.rglob("*.py.meta")):
        codes = json.loads(record.read_text(encoding="utf-8"))["exit_code_by_key"]
        if codes:
            yield record.relative_to(MUTANTS).as_posix().removesuffix(".meta"), codes


def main() -> int:
    lines = ["| module | mutants | killed | too slow | survived | score |", "|---|---|---|---|---|---|"]
    everything: dict[str, int | None] = {}
    for module, codes in outcomes():
        lines.append(_line(module, codes))
        everything |= codes
    survivors = [name for name, code in everything.items() if code not in KILLED | TIMEOUT]
    lines.append(_line("all", everything))
    unchecked = list(everything.values()).count(None)
    lines += [f"{unchecked} mutant(s) were not run: the run is not complete"] if unchecked else []
    lines += survivors if "--survivors" in sys.argv[1:] else []
    sys.stdout.write("\n".join(lines) + "\n")
    return int(unchecked > 0 or len(survivors) > (1 - LEAST) * len(everything))


def _line(module: str, codes: dict[str, int | None]) -> str:
    killed, slow = (sum(code in known for code in codes.values()) for known in (KILLED, TIMEOUT))
    score = (killed + slow) / max(len(codes), 1)
    return f"| {module} | {len(codes)} | {killed} | {slow} | {len(codes) - killed - slow} | {score:.1%} |"


if __name__ == "__main__":
    sys.exit(main())
