"""The release ledger: what each release showed, in counts, and a chain that tells when any of it was changed."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from anonymize.releases.differences import ReleaseCounts, TableCounts
from anonymize.releases.ledger import append, counts_of, read_ledger
from schemas.errors import ReleaseRefused, StorageError

FILE = "a" * 64


def release(version: str, persons: int) -> ReleaseCounts:
    classes = pl.DataFrame({"place": ["b", "a"], "cohort": [1, 1], "persons": [persons, 12]})
    figures = pl.DataFrame({"cohort": ["1"], "column": ["place"], "label": ["a"], "persons": [persons]})
    return ReleaseCounts(version, (TableCounts("all", classes), TableCounts("errata", figures, "figures")))


def add(folder: Path, version: str, persons: int = 11) -> None:
    append(folder, release(version, persons), {"all": FILE, "errata": FILE})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "home" / "ledger"
    for number in range(3):
        add(found, f"000{number}-ab", 11 + number)
    return found


def test_there_is_none_before_the_first_release(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "ledger") == ()


def test_what_was_sealed_is_read_back(folder: Path) -> None:
    seals = read_ledger(folder)
    assert [(seal.number, seal.version) for seal in seals] == [(1, "0000-ab"), (2, "0001-ab"), (3, "0002-ab")]
    assert seals[0].files() == {"all": FILE, "errata": FILE}
    found, given = counts_of(folder, seals[1]), release("0001-ab", 12)
    for mine, theirs in zip(found.tables, given.tables, strict=True):
        assert (mine.name, mine.kind) == (theirs.name, theirs.kind)
        assert mine.counts.equals(theirs.counts.sort(theirs.counts.columns))


def test_an_entry_is_private_and_its_order_of_rows_does_not_matter(folder: Path, tmp_path: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    turned = release("0000-ab", 11)
    turned = ReleaseCounts("0000-ab", tuple(TableCounts(each.name, each.counts.reverse(), each.kind) for each in turned.tables))
    append(tmp_path / "other", turned, {"all": FILE, "errata": FILE})
    assert (tmp_path / "other" / "0001-0000-ab.parquet").read_bytes() == (folder / "0001-0000-ab.parquet").read_bytes()


def test_the_same_release_again_writes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    add(folder, "0001-ab", 12)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_version_with_other_counts_is_an_entry_more(folder: Path) -> None:
    """The first may have been cut off before anyone saw it; nothing that is sealed is ever written again."""
    add(folder, "0001-ab", 13)
    assert [seal.version for seal in read_ledger(folder)] == ["0000-ab", "0001-ab", "0002-ab", "0001-ab"]


def test_a_release_without_tables_can_be_sealed(tmp_path: Path) -> None:
    append(tmp_path, ReleaseCounts("0001", ()), {})
    (seal,) = read_ledger(tmp_path)
    assert counts_of(tmp_path, seal) == ReleaseCounts("0001", ())


def test_what_was_cut_off_before_its_seal_is_no_entry_and_is_written_anew(folder: Path) -> None:
    (folder / "0003-0002-ab.json").unlink()
    (folder / ".0003-0002-ab.json.staging").write_bytes(b"{")
    assert len(read_ledger(folder)) == 2
    add(folder, "0002-ab", 20)
    assert len(read_ledger(folder)) == 3
    assert not list(folder.glob("*.staging"))


def damage_counts(folder: Path) -> None:
    (folder / "0002-0001-ab.parquet").write_bytes((folder / "0001-0000-ab.parquet").read_bytes())


def lose_counts(folder: Path) -> None:
    (folder / "0002-0001-ab.parquet").unlink()


def lose_an_entry(folder: Path) -> None:
    (folder / "0001-0000-ab.json").unlink()


def rename_an_entry(folder: Path) -> None:
    (folder / "0002-0001-ab.json").rename(folder / "0002-0001-cd.json")


def spoil_an_entry(folder: Path) -> None:
    (folder / "0002-0001-ab.json").write_text("{}")


def seal_it_anew(folder: Path) -> None:
    """Someone changes an entry and its hash with it: the entry behind it does not name the new seal."""
    path = folder / "0001-0000-ab.json"
    seal = json.loads(path.read_text())
    seal["tables"][0]["file_sha256"] = "b" * 64
    path.write_text(json.dumps(seal))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (damage_counts, "entry 2 is not sealed over these counts"),
        (lose_counts, "entry 2 is not sealed over these counts"),
        (lose_an_entry, "entry 1 is missing or out of place"),
        (rename_an_entry, "entry 2 is missing or out of place"),
        (spoil_an_entry, "entry 2 cannot be read"),
        (seal_it_anew, "entry 2 does not name the seal before it"),
    ],
)
def test_a_broken_chain_is_refused_with_the_number_of_the_entry(folder: Path, change: object, reason: str) -> None:
    assert callable(change)
    change(folder)
    with pytest.raises(ReleaseRefused, match=reason):
        read_ledger(folder)
    with pytest.raises(ReleaseRefused, match=reason):
        add(folder, "0003-ab")


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="the disk refused"):
        add(tmp_path / "ledger", "0001-ab")
