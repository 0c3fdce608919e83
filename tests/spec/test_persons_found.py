"""How many persons were found, and how sure that is: what a release tells of it, and what it never gives away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from tampering import broken, edit_json
from test_publication import release_of, tables_of_release

from schemas.errors import CasehouseError
from schemas.ledger import RowLedger
from schemas.release import FoundPersons, PersonInterval
from tests.deliveries import delivery
from warehouse.publication import publish
from warehouse.store import Store, open_store
from warehouse.verification import verify

FOUND = PersonInterval(fewest=15_874, persons=16_024, most=16_900)
SHOWN = 15
"""Persons that the release of the tests publishes."""


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A published release that tells the interval."""
    tables = tables_of_release()
    proof = release_of(tables).model_copy(update={"persons_found": FOUND.told(3, SHOWN)})
    return publish(tmp_path / "releases", tables, proof).folder


def test_an_interval_is_told_outward_in_whole_hundreds_from_the_number_published() -> None:
    """16,900 is told as fewer than 17,000: an end that is a whole step would be an exact number."""
    assert FOUND.told(11, 16_000) == FoundPersons(fewest=15_800, persons=16_000, most=17_000, step=100)
    assert FOUND.told(11, 15_990) == FoundPersons(fewest=15_790, persons=15_990, most=16_990, step=100)
    assert FOUND.told(60, 16_000) == FoundPersons(fewest=15_800, persons=16_000, most=17_000, step=200)


def test_a_certain_number_is_told_as_uncertainly() -> None:
    """Had 2,299 been told in steps from 0, as at least 2,200 and fewer than 2,300, nobody could wait beside the 2,299 published."""
    certain = PersonInterval(fewest=2_299, persons=2_299, most=2_299)
    assert certain.told(11, 2_299) == FoundPersons(fewest=2_299, persons=2_299, most=2_399, step=100)
    assert PersonInterval(fewest=20, persons=25, most=30).told(11, 24) == FoundPersons(fewest=0, persons=24, most=124, step=100)


def test_the_release_says_it_wherever_someone_looks(told: Path) -> None:
    sentence = "Persons found: about 16,015, at least 15,815 and fewer than 16,915."
    for page in ("README.txt", "codebook.html"):
        assert sentence in (told / page).read_text(encoding="utf-8")
    package = json.loads((told / "datapackage.json").read_text(encoding="utf-8"))
    assert sentence in package["description"]
    assert package["personsFound"] == {"atLeast": 15_815, "about": 16_015, "fewerThan": 16_915, "step": 100}
    found = json.loads((told / "proof.json").read_text(encoding="utf-8"))["persons_found"]
    assert found == {"fewest": 15_815, "persons": 16_015, "most": 16_915, "step": 100}


def test_the_codebook_says_in_four_languages_what_it_means(told: Path) -> None:
    section = (told / "codebook.html").read_text(encoding="utf-8").split('<h2 id="found">')[1].split("<h2")[0]
    paragraphs = [line for line in section.splitlines() if line.startswith("<p ")]
    assert [line.split('"')[1] for line in paragraphs] == ["en", "fr", "es", "ar"]
    for line, mark in zip(paragraphs, (",", "\u202f", ".", ","), strict=True):
        assert all(figure in line for figure in (f"16{mark}015", f"15{mark}815", f"16{mark}915", "100"))
    assert "about 16,015 distinct persons, as far" in paragraphs[0], "not about so many or so"
    assert 'dir="rtl"' in paragraphs[-1]
    assert "{" not in section


def test_no_exact_number_of_persons_leaves_the_house(told: Path) -> None:
    exact = [str(number) for figure in (15_874, 16_024, 16_900) for number in (figure, f"{figure:,}")]
    for path in told.iterdir():
        if path.suffix != ".parquet":
            text = path.read_text(encoding="utf-8-sig")
            assert [number for number in exact if number in text] == []


def test_the_release_verifies_from_its_bytes(told: Path) -> None:
    assert verify(told, k=3).tables


def test_an_interval_that_was_changed_is_seen(told: Path) -> None:
    edit_json(told / "proof.json", lambda content: content["persons_found"].update(fewest=15_715))  # type: ignore[attr-defined]
    assert "codebook.html: is not what the tables and the proof of this release make of it" in broken(told)


def test_steps_that_could_show_fewer_than_k_persons_are_a_broken_promise(told: Path) -> None:
    edit_json(told / "proof.json", lambda content: content["persons_found"].update(step=5))  # type: ignore[attr-defined]
    assert "proof.json: tells the number of persons found in steps of 5, under 2k = 6" in broken(told)


def test_a_figure_between_two_steps_is_a_broken_promise(told: Path) -> None:
    edit_json(told / "proof.json", lambda content: content["persons_found"].update(persons=16_024))  # type: ignore[attr-defined]
    assert "proof.json: does not tell the number of persons found in whole steps from the 15 published" in broken(told)


def test_a_linkage_that_does_not_say_is_told_as_that(pristine: Path) -> None:
    assert "the linkage of this release does not say" in (pristine / "codebook.html").read_text(encoding="utf-8")
    assert json.loads((pristine / "datapackage.json").read_text(encoding="utf-8"))["personsFound"] is None


class TestInTheWarehouse:
    """The interval comes with the membership and goes with it."""

    MEMBERS = pl.DataFrame({"record_key": ["r1", "r2", "r3"], "person_key": ["p1", "p1", "p2"]})

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        with open_store(tmp_path / "warehouse.duckdb") as store:
            yield store

    def test_it_is_kept_beside_the_membership(self, store: Store) -> None:
        assert store.person_interval() is None
        for fewest in (1, 2):
            interval = PersonInterval(fewest=fewest, persons=2, most=3)
            store.replace_membership(self.MEMBERS, interval)
            assert store.person_interval() == interval
        store.replace_membership(self.MEMBERS)
        assert store.person_interval() is None, "not that of another linkage"

    def test_it_is_of_the_same_persons(self, store: Store) -> None:
        with pytest.raises(CasehouseError, match=r"2 person\(s\), the interval is of 3"):
            store.replace_membership(self.MEMBERS, PersonInterval(fewest=1, persons=3, most=3))
        assert store.members().height == 0

    def test_it_is_gone_when_records_change(self, store: Store) -> None:
        store.replace_membership(self.MEMBERS, PersonInterval(fewest=1, persons=2, most=3))
        store.replace_batch(delivery("b1", "a", RowLedger(received=0, accepted=0, quarantined=0, rejected=0, non_data=0), {}))
        assert (store.person_interval(), store.members().height) == (None, 0)
