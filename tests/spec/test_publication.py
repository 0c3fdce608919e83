"""What publication promises: whole releases only, never changed, the same bytes for the same contents, readable by people."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from engine.duck import connect
from engine.parquet import encode
from schemas.errors import PromiseBroken, ReleaseRefused, StorageError
from schemas.product import Product
from schemas.release import CohortProof, ProductProof, ReleaseProof
from schemas.vocabulary import Labels
from schemas.zones import Anonymous, Pseudonymised
from warehouse.canonical import installed_versions
from warehouse.publication import Table, publish
from warehouse.verification import verify

K = 3
FULL = ("cohort", "registration_year", "gender_code", "age_band_code", "citizenship_code", "forced_labour_code", "other_exploitation_code")
FEW = ("gender_code", "age_band_code", "forced_labour_code")
SENSITIVE = ("forced_labour_code", "other_exploitation_code")
NOT_KNOWN = {"unknown", "not_collected", "not_applicable", "suppressed"}

# Year, gender, age, citizenship: the labels of a class. The flags of its persons: forced labour, other exploitation.
CLASSES = {
    (1, "2014", "woman", "18--20", "NP"): ["yes no", "no no", "no yes", "no no"],
    (1, "2014-2015", "man", "adult", "asia"): ["yes no", "no yes", "unknown unknown"],
    (1, "suppressed", "suppressed", "suppressed", "suppressed"): ["not_collected no", "no yes", "yes no", "no no", "no no"],
    (2, "2020", "woman", "09--17", "not_collected"): ["unknown suppressed", "unknown suppressed", "unknown suppressed"],
}
COHORTS = {1: 12, 2: 3}


def master() -> pl.DataFrame:
    """Fifteen invented persons in four classes, none of them homogeneous."""
    rows = [(*labels, *flags.split()) for labels, persons in CLASSES.items() for flags in persons]
    return pl.DataFrame(rows, schema={name: pl.Int64 if name == "cohort" else pl.String for name in FULL}, orient="row").sort(FULL)


def texts(english: str) -> Labels:
    return Labels(en=english, fr=english, es=english, ar=english)


def statement(name: str, frame: pl.DataFrame, payload: bytes) -> ProductProof:
    """The measures of a table, counted person by person in plain Python."""
    quasi = [column for column in frame.columns if column not in SENSITIVE]
    sensitive = [column for column in frame.columns if column in SENSITIVE]
    classes: dict[tuple[object, ...], list[dict[str, object]]] = {}
    for row in frame.to_dicts():
        classes.setdefault(tuple(row[column] for column in quasi), []).append(row)
    alike = {
        column: [len({person[column] for person in persons}) == 1 and persons[0][column] not in NOT_KNOWN for persons in classes.values()]
        for column in sensitive
    }
    shares = {column: sum(found) / len(classes) for column, found in alike.items()}
    return ProductProof(
        name=name,
        file=f"{name}.parquet",
        sha256=sha256(payload).hexdigest(),
        rows=frame.height,
        columns=tuple(frame.columns),
        quasi_identifiers=tuple(quasi),
        sensitive=tuple(sensitive),
        guarantee="k-anonymity",
        k=K,
        smallest_class=min(map(len, classes.values())),
        classes=len(classes),
        largest_homogeneous_share=0.25,
        homogeneous_share=sum(map(any, zip(*alike.values(), strict=True))) / len(classes),
        homogeneous_share_by_field=shares,
        suppressed_cells=sum(row[column] == "suppressed" for row in frame.to_dicts() for column in quasi),
        cells=frame.height * sum(column != "cohort" for column in quasi),
    )


def table_of(name: str, frame: pl.DataFrame, filters: dict[str, tuple[str, ...]] | None = None) -> Table:
    """A table as if the gate had let it through."""
    payload = encode(frame)
    product = Product(
        name=name, title=texts(f"Title of {name}"), description=texts("<All>"), columns=tuple(frame.columns), filters=filters or {}
    )
    return Table(product, Anonymous(frame, payload), statement(name, frame, payload))


def release_of(tables: Sequence[Table], version: str = "0001", inputs: str = "a" * 64, is_simulated: bool = True) -> ReleaseProof:
    cohorts = [
        CohortProof(cohort=number, persons=persons, loss=0.5, loss_by_column={"gender_code": 0.5}) for number, persons in COHORTS.items()
    ]
    return ReleaseProof(
        version=version,
        inputs_digest=inputs,
        policy_digest="b" * 64,
        software=installed_versions(),
        is_simulated=is_simulated,
        partners=3,
        reports=21,
        reported_by={"hotline": 2, "case_management": 1, "not_collected": 1},
        published_persons=sum(COHORTS.values()),
        cohorts=tuple(cohorts),
        products=tuple(table.proof for table in tables),
    )


def tables_of_release() -> list[Table]:
    """All persons; the same with fewer columns; and only the women of them."""
    everyone = master()
    women = everyone.filter(pl.col("gender_code") == "woman")
    few = everyone.select(FEW).sort(FEW)
    return [table_of("everyone", everyone), table_of("few-columns", few), table_of("women", women, {"gender_code": ("woman",)})]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def visible(releases: Path) -> list[str]:
    return sorted(path.name for path in releases.iterdir() if not path.name.startswith(".") and path.name != "latest")


class TestAppearing:
    def test_a_release_is_a_folder_of_tables_and_their_descriptions(self, tmp_path: Path) -> None:
        tables = tables_of_release()
        published = publish(tmp_path, tables, release_of(tables))
        assert (published.folder, published.version, published.is_new) == (tmp_path / "0001", "0001", True)
        products = [f"{name}.{form}" for name in ("everyone", "few-columns", "women") for form in ("csv", "parquet")]
        expected = sorted(
            [
                *products,
                "README.txt",
                "SHA256SUMS",
                "codebook.html",
                "datapackage.json",
                "errata.csv",
                "flag-totals.csv",
                "labels.csv",
                "proof.json",
            ]
        )
        assert sorted(contents(published.folder)) == expected
        assert (published.folder / "everyone.parquet").read_bytes() == tables[0].anonymous.payload
        assert os.readlink(tmp_path / "latest") == "0001"

    def test_the_same_contents_publish_nothing_new(self, tmp_path: Path) -> None:
        tables = tables_of_release()
        publish(tmp_path, tables, release_of(tables))
        before = contents(tmp_path / "0001")
        again = publish(tmp_path, tables, release_of(tables, version="0002"))
        assert (again.folder, again.version, again.is_new) == ((tmp_path / "0001").resolve(), "0001", False)
        assert visible(tmp_path) == ["0001"]
        assert contents(tmp_path / "0001") == before

    def test_other_contents_are_a_release_beside_the_first(self, tmp_path: Path) -> None:
        tables = tables_of_release()
        publish(tmp_path, tables, release_of(tables))
        assert publish(tmp_path, tables, release_of(tables, version="0002", inputs="c" * 64)).is_new
        assert visible(tmp_path) == ["0001", "0002"]
        assert os.readlink(tmp_path / "latest") == "0002"

    def test_the_same_inputs_give_the_same_bytes(self, tmp_path: Path) -> None:
        folders = [publish(tmp_path / place, tables_of_release(), release_of(tables_of_release())).folder for place in "ab"]
        assert contents(folders[0]) == contents(folders[1])

    def test_a_published_version_is_never_changed(self, tmp_path: Path) -> None:
        tables = tables_of_release()
        publish(tmp_path, tables, release_of(tables))
        before = contents(tmp_path / "0001")
        with pytest.raises(ReleaseRefused, match="already published with other bytes"):
            publish(tmp_path, tables, release_of(tables, inputs="c" * 64))
        assert contents(tmp_path / "0001") == before
        assert [path.name for path in tmp_path.glob(".*")] == []

    @pytest.mark.parametrize("version", ["latest", "../0001", ".hidden", "", "a/b"])
    def test_a_version_must_be_able_to_name_a_folder(self, tmp_path: Path, version: str) -> None:
        tables = tables_of_release()
        with pytest.raises(ReleaseRefused, match="cannot have this version"):
            publish(tmp_path, tables, release_of(tables).model_copy(update={"version": version}))

    def test_only_anonymous_tables_are_published(self, tmp_path: Path) -> None:
        table = table_of("everyone", master())
        wrong = Table(table.product, Pseudonymised(master()), table.proof)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="not Pseudonymised"):
            publish(tmp_path, [wrong], release_of([table]))

    def test_tables_that_do_not_keep_the_proof_never_become_visible(self, tmp_path: Path) -> None:
        everyone = table_of("everyone", master())
        lonely = table_of("everyone", master().with_columns(age_band_code=pl.Series(["48+"] + ["minor"] * 14)))
        with pytest.raises(PromiseBroken, match="under k = 3"):
            publish(tmp_path, [lonely], release_of([everyone]))
        assert list(tmp_path.iterdir()) == []


class Killed(BaseException):
    """Stands for kill -9: nothing catches it, so nothing is cleaned up."""


def dying(real: object, after: int) -> tuple[SimpleNamespace, object]:
    """A system call that works `after` times and then ends the process."""
    calls = SimpleNamespace(left=after)

    def call(*arguments: object, **named: object) -> object:
        calls.left -= 1
        if calls.left < 0:
            raise Killed
        return real(*arguments, **named)  # type: ignore[operator]

    return calls, call


class TestCrashes:
    @pytest.mark.parametrize("name", ["fsync", "rename", "replace", "symlink", "mkdir"])
    def test_a_crash_at_any_point_leaves_only_whole_releases(self, tmp_path: Path, name: str) -> None:
        """Ends the process at each use of a system call in turn, until a publication gets through."""
        few = [table_of("everyone", master())]
        publish(tmp_path, few, release_of(few))
        tables, proof = few, release_of(few, version="0002", inputs="c" * 64)
        for after in range(20):
            with pytest.MonkeyPatch.context() as patch:
                calls, dies = dying(getattr(os, name), after)
                patch.setattr(os, name, dies)
                with suppress(Killed):
                    publish(tmp_path, tables, proof)
            assert [verify(tmp_path / version).version for version in visible(tmp_path)] == visible(tmp_path)
            assert os.readlink(tmp_path / "latest") in visible(tmp_path)
            if calls.left >= 0:
                break
        else:
            pytest.fail("no publication got through")
        assert publish(tmp_path, tables, proof).version == "0002"
        assert os.readlink(tmp_path / "latest") == "0002"
        assert [path.name for path in tmp_path.glob(".*")] == []
        assert after > 0

    def test_a_full_disk_is_a_storage_error_and_nothing_is_left(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        tables = tables_of_release()
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="the disk refused"):
            publish(tmp_path, tables, release_of(tables))
        assert list(tmp_path.iterdir()) == []


class TestDescriptions:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        tables = tables_of_release()
        return publish(tmp_path, tables, release_of(tables)).folder

    def test_sha256sum_accepts_the_sums(self, folder: Path) -> None:
        done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) == len(list(folder.iterdir())) - 1

    def test_the_data_package_describes_columns_codes_and_bytes(self, folder: Path) -> None:
        package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
        resources = {resource["path"]: resource for resource in package["resources"]}
        assert sorted(resources) == sorted(path.name for path in folder.iterdir() if path.suffix in (".csv", ".parquet"))
        for path, resource in resources.items():
            assert resource["hash"] == "sha256:" + sha256((folder / path).read_bytes()).hexdigest()
        (age,) = [field for field in resources["few-columns.parquet"]["schema"]["fields"] if field["name"] == "age_band_code"]
        assert [each["value"] for each in age["categories"]] == ["09--17", "18--20", "adult"]
        assert [each["value"] for each in age["missingValues"]] == ["unknown", "not_collected", "not_applicable", "suppressed"]
        (cohort,) = [field for field in resources["everyone.csv"]["schema"]["fields"] if field["name"] == "cohort"]
        assert cohort["type"] == "integer"

    def test_the_csv_opens_in_excel_with_the_same_rows(self, folder: Path) -> None:
        payload = (folder / "everyone.csv").read_bytes()
        assert payload.startswith(b"\xef\xbb\xbfcohort,registration_year,")
        rows = [tuple(line.split(",")) for line in payload.decode("utf-8-sig").split("\r\n")[1:-1]]
        assert Counter(rows) == Counter(tuple(map(str, row)) for row in master().rows())

    def test_the_codebook_explains_every_code_in_four_languages_without_network(self, folder: Path) -> None:
        page = (folder / "codebook.html").read_text(encoding="utf-8")
        shown = set(re.findall(r"<tr><td><code>([^<]+)</code>", page))
        assert {str(cell) for row in master().rows() for cell in row[1:]} <= shown
        assert "<code>not_stated</code></td>" not in page, "a code of tables of flags alone"
        assert '<td lang="fr">Femme</td>' in page
        assert '<td lang="ar" dir="rtl">امرأة</td>' in page
        assert "&lt;All&gt;" in page
        assert "<script" not in page
        assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', page) == ["https://creativecommons.org/licenses/by/4.0/"]

    def query_of(self, folder: Path, language: str) -> str:
        """An example of the codebook as someone copies it, with paths of this folder."""
        page = (folder / "codebook.html").read_text(encoding="utf-8")
        (query,) = re.findall(rf'<pre data-language="{language}">([^<]+)</pre>', page)
        found: str = re.sub(r"(['\"])([a-z]+\.(?:parquet|csv))\1", rf"\1{folder.resolve()}/\2\1", unescape(query))
        return found

    def test_the_first_query_of_the_codebook_counts_single_years_and_what_they_leave_out(self, folder: Path) -> None:
        found = connect(readable=[folder]).execute(self.query_of(folder, "duckdb")).fetchall()
        assert dict(found) == {"2014": 4, "2020": 3, "no single year": 8}

    def test_the_second_query_rolls_every_label_up_and_leaves_coarser_and_missing_ones_as_they_are(self, folder: Path) -> None:
        """Nepal (NP) is in Southern Asia, which is in Asia; one class stands at Asia already."""
        found = connect(readable=[folder]).execute(self.query_of(folder, "duckdb-levels")).fetchall()
        assert dict(found) == {"asia": 7, "suppressed": 5, "not_collected": 3}

    def test_the_pandas_example_reads_every_cell_as_it_stands(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        namespace: dict[str, Any] = {}
        exec(self.query_of(folder, "pandas"), namespace)
        assert Counter(namespace["persons"].itertuples(index=False, name=None)) == Counter(tuple(map(str, row)) for row in master().rows())
        assert "2014-2015" in capsys.readouterr().out

    def test_every_label_that_occurs_stands_in_the_labels_with_all_above_it(self, folder: Path) -> None:
        payload = (folder / "labels.csv").read_bytes()
        assert payload.startswith(b"\xef\xbb\xbfcolumn,label,level,parent,en,fr,es,ar\r\n")
        rows = list(csv.DictReader(io.StringIO(payload.decode("utf-8-sig"))))
        country = [(row["label"], row["level"], row["parent"], row["en"]) for row in rows if row["column"] == "citizenship_code"]
        assert country == [
            ("NP", "0", "southern_asia", "Nepal"),
            ("not_collected", "0", "suppressed", "Not collected by the partner"),
            ("southern_asia", "1", "asia", "Southern Asia"),
            ("asia", "2", "suppressed", "Asia"),
            ("suppressed", "3", "", "Withheld to protect persons"),
        ]
        years = {row["label"]: row["parent"] for row in rows if row["column"] == "registration_year"}
        assert years == {
            "2014": "2014-2015", "2014-2015": "2014-2017", "2014-2017": "2014-2021", "2014-2021": "suppressed",
            "2020": "2020-2021", "2020-2021": "2018-2021", "2018-2021": "2014-2021", "suppressed": "",
        }  # fmt: skip
        forced = {(row["label"], row["level"], row["parent"]) for row in rows if row["column"] == "forced_labour_code"}
        assert forced == {(code, "0", "") for code in ("yes", "no", "unknown", "not_collected")}
        assert all(row[language] for row in rows for language in ("en", "fr", "es", "ar"))
        assert "cohort" not in {row["column"] for row in rows}

    def test_each_code_is_counted_in_each_table_that_has_its_column(self, folder: Path) -> None:
        page = (folder / "codebook.html").read_text(encoding="utf-8")
        section = page.split('<h3 id="codes-gender_code">')[1].split("</table>")[0]
        assert [f"Rows in <code>{name}</code>" in section for name in ("everyone", "few-columns", "women")] == [True] * 3
        numbers = {
            row[0]: re.findall(r'<td class="number">([0-9,]*)</td>', row[1]) for row in re.findall(r"<code>(\w+)</code></td>(.*)", section)
        }
        assert numbers == {"man": ["3", "3", "0"], "woman": ["7", "7", "7"], "suppressed": ["5", "5", "0"]}

    def test_invented_data_say_so_first_and_real_data_do_not(self, folder: Path, tmp_path: Path) -> None:
        tables = tables_of_release()
        real = publish(tmp_path / "real", tables, release_of(tables, is_simulated=False)).folder
        for name in ("README.txt", "codebook.html", "datapackage.json"):
            assert "invented sample data" in (folder / name).read_text(encoding="utf-8").lower()
            assert "invented" not in (real / name).read_text(encoding="utf-8").lower()
        for name in ("README.txt", "codebook.html"):
            assert (
                "Made from at least 21 reports about victims by 3 partners "
                "(partners by kind of source: case management 1, hotline 2, kind not given 1)" in (real / name).read_text()
            )

    def test_where_the_data_come_from_is_of_the_day_of_publication_and_makes_no_new_release(self, tmp_path: Path) -> None:
        tables = tables_of_release()
        publish(tmp_path, tables, release_of(tables))
        before = contents(tmp_path / "0001")
        later = release_of(tables).model_copy(update={"reports": 99, "partners": 4})
        assert publish(tmp_path, tables, later).is_new is False
        (tmp_path / "latest").unlink()
        assert publish(tmp_path, tables, later).folder == tmp_path / "0001"
        assert contents(tmp_path / "0001") == before
        assert os.readlink(tmp_path / "latest") == "0001"

    def test_the_texts_say_what_a_withheld_value_may_be(self, folder: Path) -> None:
        for name in ("README.txt", "codebook.html"):
            text = (folder / name).read_text(encoding="utf-8").lower()
            assert "withheld to protect persons; it may stand for any value, also for a missing one" in text

    def test_no_product_is_named_like_the_labels(self, tmp_path: Path) -> None:
        table = table_of("labels", master())
        with pytest.raises(ReleaseRefused, match="cannot have this name"):
            publish(tmp_path, [table], release_of([table]))

    def test_the_proof_is_sorted_json_of_the_statement(self, folder: Path) -> None:
        text = (folder / "proof.json").read_text(encoding="utf-8")
        assert ReleaseProof.model_validate_json(text) == release_of(tables_of_release())
        assert text == json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
