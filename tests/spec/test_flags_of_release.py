"""The table of flags of a release: through the gate, into the folder, verified from its bytes, and out again group by group."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_publication import FULL, master, release_of, table_of, texts

from anonymize.policy import Policy, load_policy
from anonymize.release import pass_flags_gate
from engine.parquet import encode
from pipelines.entering import QUASI, person_hierarchies
from pipelines.flagging import flag_newcomers, table_of_flags
from schemas.errors import CasehouseError, PromiseBroken, ReleaseRefused, SpecificationError
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP, codes_of_means
from schemas.product import Product
from schemas.release import CohortProof, FlagProof, ProductProof
from schemas.specification import Unfit
from schemas.vocabulary import vocabulary
from schemas.zones import Anonymous, Pseudonymised
from warehouse.admission import PERSON_COLUMNS
from warehouse.publication import Table, publish
from warehouse.store import Store, open_store
from warehouse.verification import verify

NOTHING = dict.fromkeys(FLAG_COLUMNS, "not_stated")
DEBT, DRUGS = FLAG_COLUMNS[0], FLAG_COLUMNS[4]


@pytest.fixture(autouse=True)
def _plain_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "warehouse.duckdb") as opened:
        yield opened


def policy_of(**numbers: int) -> Policy:
    policy = load_policy()
    return policy.model_copy(update={name: getattr(policy, name).model_copy(update={"value": value}) for name, value in numbers.items()})


def flags_of(*rows: tuple[int, int, dict[str, str]]) -> pl.DataFrame:
    """Rows as (how many, their group, flags that are stated)."""
    cells = [{FLAG_GROUP: group} | NOTHING | flags for count, group, flags in rows for _ in range(count)]
    return pl.DataFrame(cells, schema={FLAG_GROUP: pl.Int64, **dict.fromkeys(FLAG_COLUMNS, pl.String)})


def product(**changes: Any) -> Product:
    known: dict[str, Any] = {
        "name": "means",
        "title": texts("Means"),
        "description": texts("Means"),
        "columns": (FLAG_GROUP, *FLAG_COLUMNS),
    }
    return Product(**(known | {"kind": "flags", "guarantee": "k^m-anonymity"} | changes))


class TestGate:
    def judge(self, flags: pl.DataFrame, **numbers: int) -> None:
        policy = policy_of(**({"k": 3, "flag_group": 6} | numbers))
        pass_flags_gate(Pseudonymised(flags), group=FLAG_GROUP, flags=FLAG_COLUMNS, known=("yes",), policy=policy)

    def test_large_groups_in_which_known_flags_point_at_none_or_k_rows_pass(self) -> None:
        self.judge(flags_of((3, 1, {DEBT: "yes"}), (3, 1, {}), (6, 2, {})))

    def test_a_small_group_is_refused(self) -> None:
        with pytest.raises(ReleaseRefused, match="the smallest group has 5 person"):
            self.judge(flags_of((6, 1, {}), (5, 2, {})))

    def test_a_flag_that_few_rows_show_or_hide_is_refused(self) -> None:
        for cell in ("yes", "suppressed"):
            with pytest.raises(ReleaseRefused, match=r"1 combination\(s\) of 1 flag|combination\(s\) of 1 flag"):
                self.judge(flags_of((2, 1, {DEBT: cell}), (6, 1, {})))

    def test_two_flags_that_few_rows_show_are_refused_unless_one_is_all_that_is_known(self) -> None:
        flags = flags_of((2, 1, {DEBT: "yes", DRUGS: "yes"}), (3, 1, {DEBT: "yes"}), (3, 1, {DRUGS: "yes"}))
        with pytest.raises(ReleaseRefused, match=r"1 combination\(s\) of 2 flag"):
            self.judge(flags)
        self.judge(flags, flag_width=1)

    def test_an_undeclared_column_is_refused(self) -> None:
        with pytest.raises(ReleaseRefused, match="column name is neither"):
            self.judge(flags_of((6, 1, {})).with_columns(name=pl.lit("x")))


class TestEntering:
    def newcomers(self, persons: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        keys = [f"p{number:02}" for number in range(persons)]
        means = pl.DataFrame({"person_key": keys}).with_columns(pl.lit("not_stated").alias(column) for column in FLAG_COLUMNS)
        is_few = pl.col("person_key").is_in(keys[:2])
        means = means.with_columns(pl.when(is_few).then(pl.lit("yes")).otherwise(pl.col(DRUGS)).alias(DRUGS))
        rows = pl.DataFrame({"person_key": keys, "cohort": [1] * persons, "contributors": ["one+two"] * persons})
        rows = rows.with_columns(pl.lit("suppressed").alias(column) for column in QUASI)
        return rows, rows.select("person_key", *(pl.lit("unknown").alias(column) for column in QUASI)), means

    def test_newcomers_get_groups_after_those_that_were_given_and_rare_flags_are_hidden(self) -> None:
        found = flag_newcomers(*self.newcomers(8), list(person_hierarchies().values()), policy_of(k=3, flag_group=6), taken=4)
        assert set(found.rows[FLAG_GROUP]) == {5}
        assert (found.flags.height, found.groups, found.lost) == (8, 1, 1.0)
        assert (found.flags[DRUGS] == "suppressed").sum() == 3
        assert "person_key" not in found.flags.columns

    def test_too_few_newcomers_for_a_group_publish_no_flags(self) -> None:
        found = flag_newcomers(*self.newcomers(5), list(person_hierarchies().values()), policy_of(k=3, flag_group=6), taken=4)
        assert set(found.rows[FLAG_GROUP]) == {0}
        assert (found.flags.height, found.groups, found.lost) == (0, 0, 0.0)
        assert table_of_flags(product(), found.flags, policy_of()) is None

    def test_every_merged_means_gathers_all_codes_under_it(self) -> None:
        codes = [code for of_column in codes_of_means().values() for code in of_column]
        assert sorted(codes) == sorted(term.code for term in vocabulary("means_of_control").terms)


class TestStore:
    def persons(self, **groups: int) -> pl.DataFrame:
        rows = [{"person_key": key, FLAG_GROUP: group} | dict.fromkeys(PERSON_COLUMNS, "suppressed") for key, group in groups.items()]
        return pl.DataFrame(rows)

    def facts(self, persons: int) -> CohortProof:
        return CohortProof(cohort=1, persons=persons, loss=0.5, loss_by_column={"gender_code": 0.5})

    def test_flags_stand_beside_the_persons_with_nothing_but_the_group(self, store: Store) -> None:
        flags = flags_of((1, 1, {DEBT: "yes"}), (1, 1, {}), (1, 2, {}))
        store.enroll(1, self.persons(p1=1, p2=1, p3=2), self.facts(3), flags)
        assert store.published_flags().equals(flags.sort(flags.columns))
        assert store.published().frame[FLAG_GROUP].to_list() == [1, 1, 2]

    def test_flags_of_other_groups_or_in_other_numbers_are_not_stored(self, store: Store) -> None:
        for flags in (flags_of((1, 1, {})), flags_of((2, 1, {}), (1, 3, {}))):
            with pytest.raises(CasehouseError, match="other numbers of rows in its groups"):
                store.enroll(1, self.persons(p1=1, p2=1, p3=2), self.facts(3), flags)
        assert store.cohorts() == ()

    def test_who_is_retired_takes_the_flags_of_the_whole_group_along(self, store: Store) -> None:
        store.enroll(1, self.persons(p1=1, p2=1, p3=2), self.facts(3), flags_of((2, 1, {}), (1, 2, {})))
        before = store.content_digest()
        store.retire(pl.Series(["p1"]))
        assert store.published_flags()[FLAG_GROUP].to_list() == [2]
        assert store.content_digest() != before


class TestProduct:
    @pytest.mark.parametrize(
        "changes",
        [
            {"columns": (FLAG_GROUP, DEBT)},
            {"guarantee": "k-anonymity"},
            {"coarsen": {"gender_code": 1}},
            {"kind": "persons", "columns": ("gender_code",)},
        ],
    )
    def test_a_table_of_flags_is_whole_and_says_what_it_keeps(self, changes: dict[str, Any]) -> None:
        with pytest.raises((Unfit, ValueError, SpecificationError)):
            product(**changes)


class TestVerification:
    def tables(self, table: pl.DataFrame, **said: Any) -> list[Table]:
        """The persons of `test_publication`, all in group 1 but three, and their flags, as if the gate had let both through."""
        persons = master().with_columns(pl.Series(FLAG_GROUP, [1] * 12 + [0] * 3)).select(*FULL[:1], FLAG_GROUP, *FULL[1:])
        everyone = table_of("everyone", persons.sort(persons.columns))
        everyone = Table(everyone.product, everyone.anonymous, everyone.proof.model_copy(update={"cells": 15 * 4}))
        frame = table.sort(table.columns)
        payload = encode(frame)
        measured: dict[str, Any] = {
            "rows": frame.height,
            "smallest_class": int(frame.group_by(FLAG_GROUP).len()["len"].min()),  # type: ignore[arg-type]
            "classes": frame[FLAG_GROUP].n_unique(),
            "suppressed_cells": sum(int((frame[column] == "suppressed").sum()) for column in FLAG_COLUMNS),
            "cells": frame.height * len(FLAG_COLUMNS),
            "flags": FlagProof(width=2, group=6),
            "guarantee": "k^m-anonymity",
        }
        proof = ProductProof(
            name="means",
            file="means.parquet",
            sha256=sha256(payload).hexdigest(),
            columns=tuple(frame.columns),
            quasi_identifiers=(FLAG_GROUP,),
            sensitive=FLAG_COLUMNS,
            k=3,
            largest_homogeneous_share=0.0,
            homogeneous_share=0.0,
            homogeneous_share_by_field={},
            **(measured | said),
        )
        return [everyone, Table(product(), Anonymous(frame, payload), proof)]

    def broken(self, folder: Path, tables: list[Table]) -> str:
        with pytest.raises(PromiseBroken) as refused:
            publish(folder, tables, release_of(tables))
        return str(refused.value)

    def test_flags_that_keep_their_promises_are_published_and_described(self, tmp_path: Path) -> None:
        tables = self.tables(flags_of((4, 1, {DEBT: "yes"}), (3, 1, {DRUGS: "suppressed"}), (5, 1, {})))
        found = verify(publish(tmp_path, tables, release_of(tables)).folder)
        assert [(table.name, table.rows, table.classes, table.smallest_class) for table in found.tables][1] == ("means", 12, 1, 12)
        page = (tmp_path / "0001" / "codebook.html").read_text(encoding="utf-8")
        assert "k^m-anonymity in groups" in page
        assert "السيطرة بالتهديد" in page
        absences = page.split('<h2 id="missing">')[1].split("<h2", maxsplit=1)[0]
        assert "<tr><td><code>not_stated</code></td>" in absences
        assert "said to be absent, nobody knows, or nobody asked" in absences
        assert "<code>not_stated</code> if none does" in page.split('<h2 id="rows">')[1].split("<h2", maxsplit=1)[0]
        assert f"{DRUGS},suppressed" in (tmp_path / "0001" / "labels.csv").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("rows", "said", "reason"),
        [
            (((12, 1, {}),), {"flags": FlagProof(width=2, group=13)}, "the smallest group has 12 person(s), under the 13"),
            (((2, 1, {DEBT: "yes"}), (10, 1, {})), {}, "1 combination(s) of 1 flag(s) point at fewer than 3 persons"),
            (((2, 1, {DEBT: "suppressed"}), (10, 1, {})), {}, "1 combination(s) of 1 flag(s) point at fewer than 3 persons"),
            (((11, 1, {}),), {}, "has other numbers of rows in its groups than everyone.parquet has persons"),
            (((12, 1, {}),), {"rows": 11}, "has 12 rows, the proof says 11"),
            (((12, 1, {}),), {"suppressed_cells": 1}, "has 0 suppressed cells, the proof says 1"),
            (((12, 1, {}),), {"guarantee": "k-anonymity"}, "the proof promises no k-anonymity"),
            (((12, 1, {DEBT: "no"}),), {}, "12 cell(s) that are no label"),
            (((12, -1, {}),), {}, "column flag_group has 12 cell(s) that are no label"),
        ],
    )
    def test_each_broken_promise_is_said(self, tmp_path: Path, rows: Any, said: dict[str, Any], reason: str) -> None:
        assert reason in self.broken(tmp_path, self.tables(flags_of(*rows), **said))
