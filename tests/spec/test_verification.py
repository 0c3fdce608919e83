"""What verification finds: each way to tamper with a release breaks a promise, and its reason is said."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from test_publication import CLASSES, FEW, FULL, master, release_of, table_of, tables_of_release

from engine.parquet import ROW_GROUP_ROWS, decode, encode
from schemas.errors import PromiseBroken
from schemas.release import CohortProof, ReleaseProof
from warehouse.canonical import installed_versions
from warehouse.labels import labels_payload
from warehouse.publication import publish
from warehouse.published import PublishedTable
from warehouse.verification import verify

CANARY = "Zebulon Quetzal"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tables = tables_of_release()
    return publish(tmp_path_factory.mktemp("releases"), tables, release_of(tables)).folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A release of one's own to tamper with."""
    return Path(shutil.copytree(pristine, tmp_path / "0001"))


def broken(folder: Path) -> str:
    """What verification says of a folder that was tampered with."""
    with pytest.raises(PromiseBroken) as found:
        verify(folder)
    assert CANARY not in str(found.value)
    return str(found.value)


def cover_up(folder: Path) -> None:
    """Write the sums anew, as someone would who wants a change not to be seen."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def edit_json(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    text = json.dumps(content, indent=2, sort_keys=path.name == "proof.json", ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
    cover_up(path.parent)


def edit_proof(folder: Path, **changed: object) -> None:
    """Change the statement about the first product."""
    edit_json(folder / "proof.json", lambda content: content["products"][0].update(changed))  # type: ignore[index]


def replace_table(folder: Path, frame: pl.DataFrame) -> None:
    """Put another table in the place of the first product, its CSV, hashes and sizes with it: the perfect cover-up."""
    payloads = {"everyone.parquet": encode(frame), "everyone.csv": frame.write_csv(include_bom=True, line_terminator="\r\n").encode()}
    for name, payload in payloads.items():
        (folder / name).write_bytes(payload)

    def describe(content: dict[str, object]) -> None:
        for resource in content["resources"]:  # type: ignore[attr-defined]
            if resource["path"] in payloads:
                payload = payloads[resource["path"]]
                resource.update(bytes=len(payload), hash=f"sha256:{sha256(payload).hexdigest()}")

    edit_json(folder / "datapackage.json", describe)
    edit_proof(folder, sha256=sha256(payloads["everyone.parquet"]).hexdigest())


def replace_bytes(folder: Path, payload: bytes) -> None:
    """Other bytes for the first product's Parquet file, with its size and hashes: the rows and their CSV stay."""
    (folder / "everyone.parquet").write_bytes(payload)

    def describe(content: dict[str, object]) -> None:
        content["resources"][0].update(bytes=len(payload), hash=f"sha256:{sha256(payload).hexdigest()}")  # type: ignore[index]

    edit_json(folder / "datapackage.json", describe)
    edit_proof(folder, sha256=sha256(payload).hexdigest())


def written(frame: pl.DataFrame, **options: object) -> bytes:
    """A Parquet file as another program might write it."""
    sink = io.BytesIO()
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    metadata = options.pop("metadata", None)
    settings = {"compression": "zstd", "store_schema": metadata is not None, **options}
    pq.write_table(table.replace_schema_metadata(metadata), sink, **settings)
    return sink.getvalue()


def test_an_untouched_release_keeps_its_promises_and_shows_its_measures(folder: Path) -> None:
    found = verify(folder)
    assert (found.version, found.files) == ("0001", 12)
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


HIDDEN = "has other bytes than its rows give"
REMADE = "is not what the tables and the proof of this release make of it"


class TestHiddenBytes:
    """Whoever changes a release also mends sums, sizes and hashes; what its contents do not give still stands out."""

    def test_texts_beside_the_rows_of_a_parquet_file(self, folder: Path) -> None:
        replace_bytes(
            folder, written(master(), metadata={"who": CANARY}, compression_level=9, row_group_size=ROW_GROUP_ROWS, version="2.6")
        )
        assert f"everyone.parquet: {HIDDEN}" in broken(folder)

    def test_bytes_between_the_parts_of_a_parquet_file(self, folder: Path) -> None:
        payload = (folder / "everyone.parquet").read_bytes()
        footer = int.from_bytes(payload[-8:-4], "little") + 8
        replace_bytes(folder, payload[:-footer] + CANARY.encode() + payload[-footer:])
        assert f"everyone.parquet: {HIDDEN}" in broken(folder)

    def test_other_row_groups_or_compression(self, folder: Path) -> None:
        for options in ({"row_group_size": 4}, {"compression": "gzip"}):
            replace_bytes(folder, written(master(), **options))
            assert f"everyone.parquet: {HIDDEN}" in broken(folder)

    def test_an_order_of_rows_that_tells_something(self, folder: Path) -> None:
        replace_table(folder, master().reverse())
        said = broken(folder)
        assert "everyone.parquet: has its rows in another order" in said
        replace_table(folder, master())
        (folder / "everyone.csv").write_bytes(
            master().reverse().write_csv(include_bom=True, line_terminator="\r\n", quote_style="necessary").encode()
        )
        cover_up(folder)
        assert f"everyone.csv: {REMADE}" in broken(folder)

    def test_quotes_in_a_csv_file_that_tell_something(self, folder: Path) -> None:
        path = folder / "everyone.csv"
        path.write_bytes(path.read_bytes().replace(b"18--20", b'"18--20"', 1))
        cover_up(folder)
        said = broken(folder)
        assert f"everyone.csv: {REMADE}" in said
        assert "without a counterpart" not in said

    @pytest.mark.parametrize("name", ["README.txt", "codebook.html", "labels.csv", "datapackage.json"])
    def test_a_text_with_something_added(self, folder: Path, name: str) -> None:
        payload = (folder / name).read_bytes()
        changed = payload.replace(b"Casehouse", CANARY.encode(), 1)
        (folder / name).write_bytes(changed if changed != payload else payload + CANARY.encode())
        cover_up(folder)
        assert f"{name}: {REMADE}" in broken(folder)

    def test_something_more_in_the_description(self, folder: Path) -> None:
        edit_json(folder / "datapackage.json", lambda content: content.update(contributors=[CANARY]))
        assert f"datapackage.json: {REMADE}" in broken(folder)

    def test_a_product_that_is_not_described(self, folder: Path) -> None:
        edit_json(folder / "datapackage.json", lambda content: content["resources"][0].pop("titles"))  # type: ignore[index]
        assert "datapackage.json: does not say what the product everyone is" in broken(folder)

    def test_a_proof_in_another_spelling(self, folder: Path) -> None:
        path = folder / "proof.json"
        path.write_text(path.read_text(encoding="utf-8").replace(": ", " :   ", 1), encoding="utf-8")
        cover_up(folder)
        assert "proof.json: is written in another way than its contents give" in broken(folder)

    def test_digits_of_a_loss_that_would_tell_counts(self, folder: Path) -> None:
        assert CohortProof(cohort=1, persons=3, loss=0.14113127, loss_by_column={"gender_code": 0.25000001}).model_dump(mode="json") == {
            "cohort": 1, "persons": 3, "loss": 0.141, "loss_by_column": {"gender_code": 0.25}, "waived_diversity": [],
        }  # fmt: skip
        edit_json(folder / "proof.json", lambda content: content["cohorts"][0].update(loss=0.50000001))  # type: ignore[index]
        assert "proof.json: is written in another way than its contents give" in broken(folder)

    @pytest.mark.parametrize(
        "change",
        [
            {"software": installed_versions() | {"polars": CANARY}},
            {"software": installed_versions() | {"zebulon": "1.0"}},
            {"software": {"polars": "2.1.0"}},
            {"inputs_digest": CANARY},
            {"policy_digest": "A" * 64},
            {"version": CANARY},
            {"reported_by": {CANARY: 1}},
            {"reported_by": {"hotline": 4}},
            {"notes": CANARY},
        ],
    )
    def test_a_free_text_in_the_proof(self, folder: Path, change: dict[str, object]) -> None:
        edit_json(folder / "proof.json", lambda content: content.update(change))
        assert "proof.json: is no statement of a release" in broken(folder)

    @pytest.mark.parametrize(
        "change", [{"waived_diversity": [CANARY]}, {"loss_by_column": {CANARY: 0.5}}, {"loss": float("nan")}, {"persons": -1}]
    )
    def test_a_free_text_in_a_cohort(self, folder: Path, change: dict[str, object]) -> None:
        edit_json(folder / "proof.json", lambda content: content["cohorts"][0].update(change))  # type: ignore[index]
        assert "proof.json: is no statement of a release" in broken(folder)

    def test_a_version_of_other_contents(self, folder: Path) -> None:
        for name in ("proof.json", "datapackage.json"):
            edit_json(folder / name, lambda content: content.update(version="0001-cafecafe"))
        assert "proof.json: has a version of other contents" in broken(folder)


class TestOtherWriters:
    """Bytes of other versions cannot be made again here: that is said, and what can be seen in the file is still checked."""

    @pytest.fixture
    def foreign(self, folder: Path) -> Path:
        edit_json(folder / "proof.json", lambda content: content["software"].update(pyarrow="1.0.1"))  # type: ignore[attr-defined]
        return folder

    def test_a_release_of_other_versions_is_verified_with_a_remark(self, foreign: Path) -> None:
        (remark,) = verify(foreign).remarks
        assert remark.startswith("written with pyarrow 1.0.1, not the versions that are installed here: Parquet files, texts and CSV files")

    def test_other_compression_is_no_fault_then(self, foreign: Path) -> None:
        replace_bytes(foreign, written(master(), compression="gzip"))
        assert len(verify(foreign).remarks) == 1

    def test_texts_row_groups_and_order_are_faults_still(self, foreign: Path) -> None:
        replace_bytes(foreign, written(master(), metadata={"who": CANARY}))
        assert "everyone.parquet: carries texts of its own beside the table" in broken(foreign)
        replace_bytes(foreign, written(master(), row_group_size=4))
        assert "everyone.parquet: is cut into other row groups" in broken(foreign)
        replace_table(foreign, master().reverse())
        assert "everyone.parquet: has its rows in another order" in broken(foreign)

    def test_a_file_of_another_program_is_a_fault(self, foreign: Path) -> None:
        sink = io.BytesIO()
        master().write_parquet(sink)
        replace_bytes(foreign, sink.getvalue())
        assert "everyone.parquet: was written by an unknown program" in broken(foreign)

    def test_texts_of_another_version_alone_leave_the_parquet_bytes_compared(self, folder: Path) -> None:
        edit_json(folder / "proof.json", lambda content: content["software"].update(babel="1.0"))  # type: ignore[attr-defined]
        assert "installed here: texts and CSV files were not compared" in verify(folder).remarks[0]
        replace_bytes(folder, written(master(), compression="gzip"))
        assert f"everyone.parquet: {HIDDEN}" in broken(folder)


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
