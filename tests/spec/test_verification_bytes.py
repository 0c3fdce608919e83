"""What verification finds in the bytes: nothing can hide beside the rows, in a page, or behind another writer."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from tampering import CANARY, broken, cover_up, edit_json, replace_bytes, replace_table, written
from test_publication import master

from engine.row_groups import ROW_GROUP_ROWS
from schemas.release import CohortProof
from warehouse.canonical import installed_versions
from warehouse.verification import verify

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
            "cohort": 1, "persons": 3, "loss": 0.141, "loss_by_column": {"gender_code": 0.25}, "waived_diversity": [], "retired": 0,
            "flag_groups": 0, "flags_lost": 0.0,
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
