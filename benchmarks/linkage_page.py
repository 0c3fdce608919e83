"""docs/linkage.md from the results that are kept: the words around them and the tables.

Here: text and layout. Never here: a measurement; a result that is not there is said to be missing.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Any

from linkage_corpora import BATCH, CORPORA, Corpus

from linkage.model import LinkageModel, load_model

HERE = Path(__file__).resolve().parent
SYSTEMS = {
    "casehouse": "**Casehouse**, best estimate",
    "casehouse-automatic": "**Casehouse**, automatic links only",
    "splink": "Splink as it comes",
    "goldenmatch": "goldenmatch, no settings",
}
HEAD = (
    "| | precision | recall | F1 | persons | records in questions | CPU s | wall s | peak MB |",
    "|---|---|---|---|---|---|---|---|---|",
)
Results = Mapping[str, Any]


def write_page(page: Path, folder: Path) -> None:
    """Write the page of every result in the folder."""
    results = {path.stem: json.loads(path.read_text(encoding="utf-8"))["result"] for path in sorted(folder.glob("*.json"))}
    parts = [_introduction(load_model()), *(_corpus(corpus, results) for corpus in CORPORA), *_extras(results), _reasons(results)]
    page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _introduction(model: LinkageModel) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("splink", "duckdb", "polars", "numba"))
    pins = (HERE / "peers" / "requirements" / "goldenmatch.txt").read_text(encoding="utf-8").split()
    goldenmatch = next(pin.removeprefix("goldenmatch==") for pin in pins if pin.startswith("goldenmatch=="))
    thresholds = model.thresholds
    return INTRODUCTION.format(
        cores=os.cpu_count(),
        machine=platform.machine(),
        python=platform.python_version(),
        packages=packages,
        goldenmatch=goldenmatch,
        model=model.version,
        made_of=fill(MADE_OF.format(made_by=model.made_by, reason=thresholds.reason), 138, subsequent_indent="  "),
        automatic=thresholds.automatic,
        link=thresholds.link,
        asked=thresholds.asked,
        review=thresholds.review,
    )


def _corpus(corpus: Corpus, results: Results) -> str:
    lines = [f"## {corpus.title}", "", *HEAD]
    notes: list[str] = []
    for system in ("casehouse", "splink", "goldenmatch"):
        for result in results.get(f"{corpus.name}--{system}", []):
            lines.append(_row(result))
            if result["note"]:
                notes.append(f"{SYSTEMS[result['system']].replace('**', '')}: {result['note']}.")
    if len(lines) == 2 + len(HEAD):
        lines.append("| not measured | | | | | | | | |")
    return "\n".join([*lines, *(["", " ".join(notes)] if notes else [])])


def _row(result: Mapping[str, Any]) -> str:
    name = SYSTEMS[result["system"]]
    cost = f"{result['seconds']:.1f} | {result['wall']:.1f} | {result['megabytes']:,.0f} |"
    if result["ended"]:
        return f"| {name} | {result['ended']} | | | | | {cost}"
    shares = " | ".join(_share(result[figure]) for figure in ("precision", "recall", "f1"))
    review = "" if result["review"] is None else f"{result['review']:.1%}"
    return f"| {name} | {shares} | {result['person_count_error']:+.1%} | {review} | {cost}"


def _share(share: float) -> str:
    text = f"{share:.4f}"
    return text.removeprefix("0") if share < 1 else "1"


def _extras(results: Results) -> Iterator[str]:
    for name, section in (("sample", _sample), ("batch", _batch), ("spark", _spark), ("tokens", _tokens)):
        found = results.get(f"extra--{name}")
        if found:
            yield section(found)


def _sample(found: Mapping[str, Any]) -> str:
    shares = " | ".join(_share(found[name]) for name in ("precision", "recall", "f1"))
    return f"""## The sample data, {found["records"]:,} victim records of ten batches

The whole pipeline (`casehouse run --sample`), scored against `truth.csv`, which no part of it reads. Partners of the sample send no names,
or half a birth date, more often than those of the other tables.

| | precision | recall | F1 | persons | records in questions | persons found | true | fewest to most |
|---|---|---|---|---|---|---|---|---|
| **Casehouse**, best estimate | {shares} | {found["person_count_error"]:+.1%} | {found["review"]:.1%} | {found["persons_found"]:,} \
| {found["persons_true"]:,} | {found.get("fewest", 0):,} to {found.get("most", 0):,} |"""


def _batch(found: Mapping[str, Any]) -> str:
    if found["ended"]:
        return f"## A batch of {BATCH:,} against a million\n\nNot finished: {found['ended']}."
    same = "the same groups and questions" if found["is_equal"] else "**other groups**"
    return f"""## A batch of {found["batch"]:,} reports against {found["rows"]:,}

The reports that stand are linked already; the batch is drawn from all over the table. Only what it touches is compared and grouped anew:
{found["seconds"]:.1f} CPU s, {found["wall"]:.1f} s by the clock; all at once takes {found["full_seconds"]:.0f} CPU s and gives {same}.
The process that did both took {found["megabytes"]:,.0f} MB at most."""


def _spark(found: Mapping[str, Any]) -> str:
    if found.get("ended"):
        return f"## On Spark\n\nNot measured: {found['ended']}."
    same = (
        "the same pairs with the same weights, to the thousandth of a bit"
        if found["is_equal"]
        else (f"{found['pairs_alike']:,} of {found['pairs']:,} pairs alike")
    )
    return f"""## On Spark

Below the seam of `linkage/scoring.py` everything is Splink's and plain SQL. The features, blocks and model of {found["records"]:,} reports,
scored by Splink's DuckDB backend and by its Spark backend (pyspark {found["pyspark"]}, local, two cores), give {same}.

| | pairs with a weight | seconds by the clock |
|---|---|---|
| DuckDB | {found["pairs"]:,} | {found["duckdb_wall"]:.1f} |
| Spark, start of {found["start_wall"]:.0f} s aside | {found["spark_pairs"]:,} | {found["spark_wall"]:.1f} |

For Spark the conditions of the model are written in its own words by sqlglot and three rules (`benchmarks/linkage_spark.py`). Its own
`jaro_winkler` differs from DuckDB's for words of more than ten letters, so that one function is registered anew. At this size Spark is
no gain; it is for tables that outgrow one machine."""


def _tokens(found: Sequence[Mapping[str, Any]]) -> str:
    rows = [f"| {row['tokens']} | {row['attack']} | {row['share']:.1%} | {row['chance']:.1%} |" for row in found]
    head = ["| tokens | attack | persons whose name is learnt | by guessing alone |", "|---|---|---|---|"]
    return "\n".join(["## What an attack gets from tokens", "", TOKENS, "", *head, *rows])


MISSED = ("limit of the evidence", "never compared", "threshold", "its group", "guard")
WRONG = ("limit of the evidence", "threshold", "its group")


def _reasons(results: Results) -> str:
    found = [(corpus, results.get(f"{corpus.name}--reasons")) for corpus in CORPORA if corpus.finds_reasons]
    measured = [(corpus.short, reasons) for corpus, reasons in found if reasons]
    missed = [_counts(f"{name} | {reasons['true_pairs']:,}", reasons["missed"], MISSED) for name, reasons in measured]
    wrong = [_counts(name, reasons["wrong"], WRONG) for name, reasons in measured]
    tables = [*_table("missed pairs of | true pairs", MISSED, missed), "", *_table("wrong pairs of", WRONG, wrong)]
    return "\n".join([REASONS, *tables, "", *(_limit(name, reasons) for name, reasons in measured)])


def _limit(name: str, reasons: Mapping[str, Any]) -> str:
    """What the tables do not say of a corpus."""
    said = [
        f"- {name}: the limit of the evidence is at {round(reasons['limit_bits'], 1) + 0.0:g} bits.",
        f"Were every question answered with same, {reasons['missed_asked']:,} of the missed pairs would be joined.",
        f"Of {reasons['missed_never_compared_at_all']:,} missed pairs that were never compared",
        f"{reasons['missed']['never compared']:,} would have weighed enough{_dropped(reasons['never_compared_by_rule'])}.",
    ]
    return fill(" ".join(said), 138, subsequent_indent="  ")


def _dropped(by_rule: Mapping[str, int]) -> str:
    """Which rules would have compared the pairs that were lost that way."""
    lost = [f"{count:,} by {rule}" for rule, count in by_rule.items() if rule != "no rule" and count]
    said = [f"in a block too large {', '.join(lost)}"] if lost else []
    if by_rule.get("no rule"):
        said.append(f"in no block at all {by_rule['no rule']:,}")
    return f": {'; '.join(said)}" if said else ""


def _table(first: str, reasons: Sequence[str], rows: Sequence[str]) -> list[str]:
    columns = 2 + len(reasons) + first.count("|")
    return [f"| {first} | in all | {' | '.join(reasons)} |", "|---" * columns + "|", *rows]


def _counts(first: str, counted: Mapping[str, int], reasons: Sequence[str]) -> str:
    total = sum(counted.values())
    cells = [f"{counted[reason]:,} ({counted[reason] / total:.0%})" if total else "0" for reason in reasons]
    return f"| {first} | {total:,} | {' | '.join(cells)} |"


INTRODUCTION = """# Linkers, side by side

Written by `make bench` (`benchmarks/linkers.py`) on {cores} shared cores ({machine}), Python {python}, {packages},
and goldenmatch {goldenmatch} in an environment of its own (`make peers`). Compare ratios of CPU, never single seconds.

- **Precision, recall, F1** are over pairs of records: of all pairs that are joined, those of one person; of all pairs of one person, those
  that are joined. **Persons** is how many more (+) or fewer (-) are counted than there are. One scorer, which shares no code with any
  of the systems, judges all of them.
- **Casehouse** is the command `casehouse link`, with the model it comes with ({model}) and one policy of thresholds for all tables. *Best
  estimate* is what a person key means (merges of {link:g} bits and more), *automatic* what is joined without asking anyone
  ({automatic:g}). A merge from {review:g} up to {asked:g} bits is a question for a human; **records in questions** is the share of
  records that questions name. Nothing was answered here.
{made_of}
- **Splink as it comes** is Splink 5 with the settings of its own example for that table (for reports of partners, which no example has:
  the comparisons and the blocking of its other examples, the best of four such settings), trained by its own EM on the table,
  clustered as it does. Its threshold is the best for the very table, which flatters it. **goldenmatch** chooses everything itself.
- **CPU** is user and system time of the whole process, start, reading and writing included; **peak** is its largest resident set. A system
  that took more than 900 CPU s or 8,000 MB was stopped.
- **What was seen before.** Seed 7, all of FEBRL 4 and the halves that no weight was fitted on were looked at while guards, limits of
  weights and the least precision of a link were chosen. Seeds 23, 29 and 31 were only measured.
- **Guards are softer for documents and birth dates** than for two numbers of one partner: FEBRL replaces whole documents and dates, and
  with hard guards FEBRL 3 stops at .934. Documents in conflict yield to a shared contact together with the name or the birth date.
- FEBRL is saturated: a floor, no goal. The tables of reports are invented and hard on purpose; historical_50k is of public persons."""

MADE_OF = "- **What the model was made of.** {made_by} The thresholds: {reason}"

TOKENS = """Somebody holds the tokens and a dictionary of names with how often each occurs (here the other half of historical_50k), but no
key (`benchmarks/token_attack.py`)."""

REASONS = """## Where it fails, and why

Every true pair that the best estimate misses, and every wrong pair that it joins, by its reason. The *limit of the evidence* of a table is
the weight at which, going down, joining pairs begins to join more wrong than right ones: who knew the truth would choose it for single
pairs.

- **limit of the evidence**: a missed pair weighs less than that (two reports with a common name and no date, say), or would have, had it
  been compared: no threshold finds it without joining more strangers. A wrong pair weighs more: it looks like one person more than most
  pairs of one person do.
- **never compared**: it would have weighed enough, but shares no block that was small enough to compare.
- **threshold**: it was compared and lies on the wrong side of the model's threshold, which is one for all tables.
- **its group**: the pair alone was on the right side, but groups are judged as a whole: the mean over both groups fell short (missed) or
  carried it (wrong), or a guard stood between other members.
- **guard**: documents in conflict, or full birth dates more than three years apart, beyond typing errors, forbid the pair itself.
"""
