"""What the ledger says word for word, and a class that later releases lack altogether."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from anonymize.releases.differences import ReleaseCounts, TableCounts, broken_differences
from anonymize.releases.ledger import append, read_ledger
from schemas.errors import ReleaseRefused


def classes(*rows: tuple[int, str, int]) -> ReleaseCounts:
    counts = pl.DataFrame(rows, schema={"cohort": pl.Int64, "place": pl.String, "persons": pl.Int64}, orient="row")
    return ReleaseCounts("now", (TableCounts("all", counts),))


def test_a_class_that_a_later_release_lacks_is_subtracted_as_well() -> None:
    now = classes((1, "aa", 6))
    assert broken_differences(now, [classes((1, "aa", 6), (1, "ab", 3))], 3) == ()
    reasons = broken_differences(now, [classes((1, "aa", 6), (1, "ab", 2))], 3)
    assert reasons
    assert reasons[0].startswith("table all: 1 combination(s) of labels")


def test_what_a_broken_ledger_says(tmp_path: Path) -> None:
    for version in ("0001", "0002"):
        append(tmp_path, ReleaseCounts(version, ()), {})
    (tmp_path / "0001-0001.json").write_text("{}")
    with pytest.raises(ReleaseRefused) as refusal:
        read_ledger(tmp_path)
    assert str(refusal.value).splitlines() == [
        "the release ledger is broken: entry 1 cannot be read",
        f"  where:    {tmp_path}",
        "  allowed:  every entry as it was written, each naming the hash of the one before",
        "  do next:  restore the folder from your backup. Without one, move it away: it is made anew from the release folders that stand, "
        "as far as they go",
    ]


def test_a_changed_seal_is_said_with_its_folder(tmp_path: Path) -> None:
    for version in ("0001", "0002"):
        append(tmp_path, ReleaseCounts(version, ()), {})
    first = tmp_path / "0001-0001.json"
    first.write_text(first.read_text() + "\n")
    with pytest.raises(ReleaseRefused) as refusal:
        read_ledger(tmp_path)
    assert str(refusal.value).splitlines()[:2] == [
        "the release ledger is broken: entry 2 does not name the seal before it: one of the two was changed",
        f"  where:    {tmp_path}",
    ]
