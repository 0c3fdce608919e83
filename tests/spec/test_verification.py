"""What verification finds: each way to tamper with a release breaks a promise, and its reason is said."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from tampering import CANARY, broken, cover_up, edit_json, edit_proof, replace_table
from test_publication import CLASSES, FEW, FULL, master, release_of, table_of

from engine.parquet import decode, encode
from engine.row_groups import ROW_GROUP_ROWS
from schemas.errors import PromiseBroken
from schemas.release import ReleaseProof
from warehouse.labels import labels_payload
from warehouse.publication import publish
from warehouse.published import PublishedTable
from warehouse.verification import verify


def test_an_untouched_release_keeps_its_promises_and_shows_its_measures(folder: Path) -> None:
    found = verify(folder)
    assert (found.version, found.files) == ("0001", 14)
    everyone, few, women = found.tables
    assert (everyone.name, everyone.rows, everyone.classes, everyone.smallest_class) == ("everyone", 15, 4, 3)
    assert (few.rows, women.rows) == (15, 7)
    assert everyone.read().equals(master())


def test_the_link_to_the_latest_release_can_be_verified(pristine: Path) -> None:
    assert verify(pristine.parent / "latest").version == "0001"


class TestFiles:
    @pytest.mark.parametrize("name", ["everyone.parquet", "everyone.csv", "codebook.html", "README.txt", "datapackage.json"])
    def test_changed_bytes(self, folder: Path, name: str) -> None:
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
        assert f"{name}: has other bytes than SHA256SUMS says" in broken(folder)

    def test_an_extra_file(self, folder: Path) -> None:
        (folder / "notes.txt").write_text(CANARY, encoding="utf-8")
        assert "notes.txt: is not listed in SHA256SUMS" in broken(folder)

    def test_an_extra_file_with_a_sum_of_its_own(self, folder: Path) -> None:
        (folder / "notes.txt").write_text(CANARY, encoding="utf-8")
        cover_up(folder)
        assert "notes.txt: is no file of a release" in broken(folder)

    def test_a_missing_file(self, folder: Path) -> None:
        (folder / "women.csv").unlink()
        assert "women.csv: is listed in SHA256SUMS and missing" in broken(folder)
        cover_up(folder)
        assert "women.csv: is missing" in broken(folder)

    def test_a_link_in_the_place_of_a_file(self, folder: Path) -> None:
        (folder / "README.txt").rename(folder.parent / "elsewhere.txt")
        (folder / "README.txt").symlink_to(folder.parent / "elsewhere.txt")
        assert "README.txt: is no plain file" in broken(folder)

    def test_a_folder_beside_the_files(self, folder: Path) -> None:
        (folder / "more").mkdir()
        assert "more: is no plain file" in broken(folder)

    def test_no_sums(self, folder: Path) -> None:
        (folder / "SHA256SUMS").unlink()
        assert "SHA256SUMS: is missing" in broken(folder)

    def test_sums_of_another_form(self, folder: Path) -> None:
        (folder / "SHA256SUMS").write_text(f"{CANARY}\n", encoding="utf-8")
        assert "SHA256SUMS: is missing or no list of sums" in broken(folder)

    def test_a_proof_that_is_none(self, folder: Path) -> None:
        (folder / "proof.json").write_text(json.dumps({"version": CANARY}), encoding="utf-8")
        cover_up(folder)
        assert "proof.json: is no statement of a release" in broken(folder)

    def test_a_folder_that_is_none(self, tmp_path: Path) -> None:
        assert "proof.json: is no statement of a release" in broken(tmp_path / "nowhere")

    def test_all_broken_promises_are_said_at_once(self, folder: Path) -> None:
        (folder / "README.txt").unlink()
        (folder / "notes.txt").write_text(CANARY, encoding="utf-8")
        (folder / "women.parquet").write_bytes(b"PAR1")
        with pytest.raises(PromiseBroken) as found:
            verify(folder)
        assert {"README.txt", "notes.txt", "women.parquet"} <= set(found.value.where.split(", "))


class TestTables:
    def test_a_row_taken_out(self, folder: Path) -> None:
        replace_table(folder, master().slice(1))
        said = broken(folder)
        assert "everyone.parquet: has 14 rows, the proof says 15" in said
        assert "everyone.parquet: has 14 rows, the release publishes 15 persons" in said
        assert "has 11 rows of cohort 1, which holds 12 persons" in said

    def test_another_parquet_file_with_every_sum_mended_but_the_proof(self, folder: Path) -> None:
        replace_table(folder, master().slice(1))
        edit_proof(folder, sha256="0" * 64)
        assert "everyone.parquet: has other bytes than proof.json was measured on" in broken(folder)

    def test_a_class_under_k(self, folder: Path) -> None:
        replace_table(folder, master().with_columns(age_band_code=pl.Series(["48+", *master()["age_band_code"].to_list()[1:]])))
        assert "the smallest class has 1 person(s), under k = 3" in broken(folder)

    def test_a_wholly_suppressed_class_under_k(self, folder: Path) -> None:
        hidden = pl.col("registration_year") == "suppressed"
        rows = pl.concat([master().filter(~hidden), master().filter(hidden).head(2)])
        replace_table(folder, rows)
        assert "the smallest class has 2 person(s), under k = 3" in broken(folder)

    def test_classes_that_are_large_enough_only_over_two_cohorts(self, folder: Path) -> None:
        moved = master().with_columns(cohort=pl.Series([2] + [1] * 11 + [2] * 3))
        replace_table(folder, moved)
        assert "the smallest class has 1 person(s), under k = 3" in broken(folder)

    def test_an_empty_cell(self, folder: Path) -> None:
        genders = master()["gender_code"].to_list()
        replace_table(folder, master().with_columns(gender_code=pl.Series([None, *genders[1:]])))
        assert "column gender_code has 1 empty cell(s)" in broken(folder)

    def test_a_cell_that_is_no_label(self, folder: Path) -> None:
        flags = master()["forced_labour_code"].to_list()
        replace_table(folder, master().with_columns(forced_labour_code=pl.Series([CANARY, *flags[1:]])))
        assert "column forced_labour_code has 1 cell(s) that are no label of its hierarchy" in broken(folder)

    def test_a_cohort_of_no_release(self, folder: Path) -> None:
        replace_table(folder, master().with_columns(cohort=pl.lit(3, pl.Int64)))
        assert "column cohort has 15 cell(s) that are no label" in broken(folder)

    def test_a_column_that_no_release_has(self, folder: Path) -> None:
        replace_table(folder, master().with_columns(family_name=pl.lit(CANARY)))
        said = broken(folder)
        assert "has a column that no published table may have" in said
        assert "has other columns than the proof says" in said

    def test_a_column_of_another_type(self, folder: Path) -> None:
        replace_table(folder, master().with_columns(cohort=pl.col("cohort").cast(pl.String)))
        assert "column cohort is of type VARCHAR, not a whole number" in broken(folder)

    def test_a_homogeneous_class(self, folder: Path) -> None:
        everyone_was_forced = master().with_columns(forced_labour_code=pl.lit("yes"))
        replace_table(folder, everyone_was_forced)
        said = broken(folder)
        assert "100.00% of the classes are homogeneous, over 25.00%" in said
        assert "has another share of classes homogeneous in forced_labour_code than the proof says" in said

    def test_a_class_that_shares_a_missing_value_is_not_homogeneous(self, folder: Path) -> None:
        """In the second cohort nobody knows of forced labour: that tells nothing of a person."""
        assert all(flags == "unknown suppressed" for labels, persons in CLASSES.items() if labels[0] == 2 for flags in persons)
        assert [table.homogeneous_share for table in verify(folder).tables] == [0, 0, 0]

    def test_a_csv_file_with_another_cell(self, folder: Path) -> None:
        path = folder / "everyone.csv"
        path.write_bytes(path.read_bytes().replace(b"18--20", b"21--23", 1))
        cover_up(folder)
        assert "everyone.csv: has other rows than the Parquet file: 2 without a counterpart" in broken(folder)

    def test_a_csv_file_with_other_columns_or_cells(self, folder: Path) -> None:
        path = folder / "everyone.csv"
        good = path.read_bytes()
        path.write_bytes(good.replace(b"cohort", b"number", 1))
        cover_up(folder)
        assert "everyone.csv: has another header" in broken(folder)
        path.write_bytes(good + f"1,{CANARY}\r\n".encode())
        cover_up(folder)
        assert "everyone.csv: is not readable as CSV" in broken(folder)


class TestStatements:
    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"quasi_identifiers": ["registration_year", "gender_code"]}, "does not count every quasi-identifier"),
            ({"quasi_identifiers": [name for name in FULL[1:5]]}, "does not count every quasi-identifier"),
            ({"sensitive": ["forced_labour_code"]}, "does not count every sensitive field"),
            ({"k": 1}, "promises no k-anonymity"),
            ({"k": 4}, "the smallest class has 3 person"),
            ({"guarantee": "none"}, "promises no k-anonymity"),
            ({"smallest_class": 4}, "has 3 persons in the smallest class, the proof says 4"),
            ({"classes": 5}, "has 4 classes, the proof says 5"),
            ({"homogeneous_share": 0.2}, "another share of homogeneous classes"),
            ({"homogeneous_share_by_field": {}}, "another share of classes homogeneous in forced_labour_code"),
            ({"suppressed_cells": 0}, "has 20 suppressed cells, the proof says 0"),
            ({"cells": 0}, "has 60 cells, the proof says 0"),
            ({"columns": list(reversed(FULL))}, "has other columns than the proof says"),
            ({"file": "../everyone.parquet"}, "names another file"),
        ],
    )
    def test_a_statement_that_the_bytes_do_not_bear_out(self, folder: Path, changed: dict[str, object], reason: str) -> None:
        edit_proof(folder, **changed)
        assert reason in broken(folder)

    def test_a_product_that_claims_to_be_somewhere_else(self, folder: Path) -> None:
        edit_proof(folder, name="../everyone")
        assert "proof.json: is no statement of a release" in broken(folder)

    def test_a_product_without_filters_that_leaves_persons_out(self, folder: Path) -> None:
        edit_json(folder / "datapackage.json", lambda content: [each.pop("filters", None) for each in content["resources"]])  # type: ignore[attr-defined]
        assert "women.parquet: has 7 rows, the release publishes 15 persons" in broken(folder)

    def test_more_persons_than_entered(self, folder: Path) -> None:
        edit_json(folder / "proof.json", lambda content: content.update(published_persons=16))
        assert "the cohorts hold 15 persons, 16 are published" in broken(folder)

    def test_a_cohort_listed_twice(self, folder: Path) -> None:
        edit_json(folder / "proof.json", lambda content: content["cohorts"].append(content["cohorts"][0]))  # type: ignore[attr-defined, index]
        assert "lists a cohort twice" in broken(folder)

    def test_a_description_of_another_version_or_column(self, folder: Path) -> None:
        edit_json(folder / "datapackage.json", lambda content: content.update(version="0002"))
        assert "datapackage.json: describes another version than proof.json" in broken(folder)
        edit_json(folder / "datapackage.json", lambda content: content["resources"][0]["schema"]["fields"][0].update(type="string"))  # type: ignore[index]
        assert "gives other columns or types of everyone.parquet" in broken(folder)
        edit_json(folder / "datapackage.json", lambda content: content["resources"].pop())  # type: ignore[attr-defined]
        assert "does not describe exactly the tables" in broken(folder)

    def test_no_product_or_one_twice(self, folder: Path) -> None:
        edit_json(folder / "proof.json", lambda content: content.update(products=content["products"][:1] * 2))  # type: ignore[index]
        assert "lists no product, or one twice" in broken(folder)


class TestAgreement:
    def test_tables_of_the_same_persons_count_the_same(self, tmp_path: Path) -> None:
        """A second table of all persons in which one flag is another: each table alone keeps every promise."""
        flags = master()["forced_labour_code"].to_list()
        changed = master().with_columns(forced_labour_code=pl.Series(["no" if flags[0] == "yes" else "yes", *flags[1:]])).select(FULL[2:6])
        tables = [table_of("everyone", master()), table_of("other", changed.sort(changed.columns))]
        with pytest.raises(PromiseBroken, match=r"other.parquet: has other counts in column forced_labour_code than everyone.parquet"):
            publish(tmp_path, tables, release_of(tables))

    def test_a_filtered_or_coarser_table_may_count_otherwise(self, pristine: Path, tmp_path: Path) -> None:
        assert [table.rows for table in verify(pristine).tables] == [15, 15, 7]
        coarse = master().select("gender_code", "forced_labour_code").with_columns(gender_code=pl.lit("suppressed"))
        coarse = coarse.sort(coarse.columns)
        plain, other = table_of("everyone", master()), table_of("coarse", coarse)
        coarser = replace(other, product=other.product.model_copy(update={"coarsen": {"gender_code": 2}}))
        assert len(verify(publish(tmp_path, [plain, coarser], release_of([plain, coarser])).folder).tables) == 2


class TestAskedFor:
    def test_less_than_the_k_asked_for_is_a_broken_promise(self, folder: Path) -> None:
        assert len(verify(folder, k=3).tables) == 3
        with pytest.raises(PromiseBroken) as found:
            verify(folder, k=4)
        assert "proof.json: everyone promises k = 3, less than the k = 4 that is asked for" in str(found.value)

    def test_the_fingerprint_names_every_byte(self, folder: Path) -> None:
        assert verify(folder).fingerprint == sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()

    def test_a_release_in_which_most_classes_may_be_homogeneous(self, folder: Path) -> None:
        edit_proof(folder, largest_homogeneous_share=0.51)
        assert "the proof lets more than 50% of the classes be homogeneous" in broken(folder)


def test_a_table_of_many_row_groups_gives_the_same_bytes_when_it_is_encoded_again() -> None:
    rows = 2 * ROW_GROUP_ROWS + 1_000
    frame = pl.DataFrame({"cohort": [1] * rows, "gender_code": ["man", "woman"] * (rows // 2)}).sort("cohort", "gender_code")
    payload = encode(frame)
    assert encode(decode(payload).rechunk()) == payload


def test_labels_name_nothing_that_does_not_occur() -> None:
    table = table_of("few", master().filter(pl.col("gender_code") == "man").select("gender_code"))
    payload = labels_payload([PublishedTable(table.product, table.anonymous.frame, table.anonymous.payload, table.proof)])
    assert [line.split(",")[1] for line in payload.decode("utf-8-sig").splitlines()[1:]] == ["man", "suppressed"]


def test_a_release_of_one_cohort_that_only_one_table_tells_of(tmp_path: Path) -> None:
    """A product without the cohort column may have classes over cohorts; the statement then does not list it."""
    few = table_of("few-columns", master().select(FEW).sort(FEW))
    proof: ReleaseProof = release_of([few])
    (table,) = verify(publish(tmp_path, [few], proof).folder).tables
    assert (table.rows, table.classes) == (15, 4)
