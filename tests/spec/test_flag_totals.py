"""Totals of flags: counted once when a cohort enters, frozen, published with the release; and the attacks on its shuffled flags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from test_flags_of_release import policy_of, product
from test_publication import K, release_of, tables_of_release, texts

from anonymize.attacks.flags import join_by_order, link_flags
from anonymize.attacks.holdings import FlagRows
from anonymize.releases.differences import ReleaseCounts, broken_differences
from engine.parquet import encode
from pipelines.attacking import limits_of
from pipelines.entering import QUASI, SENSITIVE, person_hierarchies
from pipelines.flagging import Flagged, flag_newcomers, table_of_flags, totals_proof
from pipelines.remembering import totals_counts
from pipelines.unshuffling import flag_rows
from schemas.errors import CasehouseError, PromiseBroken
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP
from schemas.product import Product
from schemas.release import CohortProof, FlagTotal, ReleaseProof
from schemas.zones import Anonymous
from warehouse.publication import Table, publish
from warehouse.store import open_store
from warehouse.verification import verify

DEBT, DRUGS = FLAG_COLUMNS[0], FLAG_COLUMNS[4]
POLICY = policy_of(k=3, flag_group=6, strangers=2)
HIERARCHIES = list(person_hierarchies().values())


@pytest.fixture(autouse=True)
def _plain_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")


def entered(persons: int = 12) -> Flagged:
    """Two classes, a country each. Debt is stated of all in the first and half of the second, drugs of one person.

    All but one person of the first country were sent in by the same contributor.
    """
    keys = [f"p{number:02}" for number in range(persons)]
    country = ["FR" if number < persons // 2 else "AR" for number in range(persons)]
    half = persons // 2
    senders = ["one"] * (half - 1) + ["two"] + [("one", "two", "three")[number % 3] for number in range(half)]
    rows = pl.DataFrame({"person_key": keys, "cohort": [1] * persons, "contributors": senders})
    values = {"registration_year": "2020", "gender_code": "woman", "age_band_code": "18--20", "citizenship_code": "NP"}
    rows = rows.with_columns(pl.lit(value).alias(column) for column, value in values.items())
    rows = rows.with_columns(pl.Series("exploitation_country_code", country)).select("person_key", "cohort", *QUASI, "contributors")
    debt = ["yes" if number < persons * 3 // 4 else "not_stated" for number in range(persons)]
    means = pl.DataFrame({"person_key": keys} | dict.fromkeys(FLAG_COLUMNS, ["not_stated"] * persons)).with_columns(
        pl.Series(DEBT, debt), pl.Series(DRUGS, ["yes"] + ["not_stated"] * (persons - 1))
    )
    return flag_newcomers(rows, rows.select("person_key", *QUASI), means, HIERARCHIES, POLICY, taken=0)


class TestCounting:
    def test_who_was_stated_to_be_controlled_so_is_counted_in_all_and_by_values_that_hold_enough(self) -> None:
        """Of the first country a contributor could subtract all but one: neither it nor, since the whole is told, the second is told."""
        assert entered().totals.rows() == [
            (1, DEBT, "all", "all", 9),
            (1, DEBT, "citizenship_code", "NP", 9),
            (1, DEBT, "registration_year", "2020", 9),
        ]

    def test_the_warehouse_keeps_them_as_they_were(self, tmp_path: Path) -> None:
        found = entered()
        facts = CohortProof(cohort=1, persons=12, loss=0.0, loss_by_column={}, flag_groups=found.groups)
        with open_store(tmp_path / "warehouse.duckdb") as store:
            empty = store.content_digest()
            labels = found.rows.drop("cohort", "contributors").with_columns(pl.lit("yes").alias(column) for column in SENSITIVE)
            store.enroll(1, labels, facts, found.flags, found.totals)
            assert store.flag_totals().equals(found.totals)
            assert store.content_digest() != empty
            store.retire(pl.Series(["p00", "p01", "p02"]))
            assert store.flag_totals().equals(found.totals)

    def test_in_the_ledger_totals_of_earlier_cohorts_differ_by_nobody_and_new_ones_by_k(self) -> None:
        first = entered().totals
        later = first.with_columns(pl.lit(2, pl.Int64).alias("cohort"))
        now, before = (ReleaseCounts(name, (totals_counts(each),)) for name, each in (("2", pl.concat([first, later])), ("1", first)))
        assert broken_differences(now, [before], 3) == ()
        edited = ReleaseCounts("2", (totals_counts(first.with_columns(pl.col("persons") + 1)),))
        assert "3 figure(s) differ" in "".join(broken_differences(edited, [before], 3))


TOTALS = (
    FlagTotal(cohort=1, flag=DEBT, column="all", label="all", persons=9),
    FlagTotal(cohort=1, flag=DEBT, column="citizenship_code", label="NP", persons=5),
    FlagTotal(cohort=1, flag=DEBT, column="citizenship_code", label="suppressed", persons=4),
)


class TestRelease:
    def release(self, totals: tuple[FlagTotal, ...]) -> tuple[list[Table], ReleaseProof]:
        tables = tables_of_release()
        proof = release_of(tables)
        cohorts = tuple(each.model_copy(update={"flag_groups": int(each.cohort == 1)}) for each in proof.cohorts)
        return tables, proof.model_copy(update={"cohorts": cohorts, "flag_totals": totals})

    def test_they_are_a_file_and_a_part_of_the_codebook_and_of_the_labels(self, tmp_path: Path) -> None:
        folder = publish(tmp_path, *self.release(TOTALS)).folder
        verify(folder)
        lines = (folder / "flag-totals.csv").read_text(encoding="utf-8-sig").splitlines()
        assert lines[:2] == ["cohort,flag,column,label,persons", f"1,{DEBT},all,all,9"]
        page = (folder / "codebook.html").read_text(encoding="utf-8")
        assert "السيطرة بالديون أو الدخل" in page
        assert page.count("<code>flag-totals.csv</code>") == 4
        assert "citizenship_code,NP," in (folder / "labels.csv").read_text(encoding="utf-8")

    def test_without_any_the_codebook_says_so(self, tmp_path: Path) -> None:
        folder = publish(tmp_path, *self.release(())).folder
        assert "none may be told" in (folder / "codebook.html").read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("place", "changes", "reason"),
        [
            (1, {"persons": K - 1}, f"1 total(s) of flags under k = {K}"),
            (1, {"label": "nowhere"}, "1 total(s) of flags of an unknown cohort or label"),
            (0, {"cohort": 2}, "1 total(s) of flags of an unknown cohort or label"),
            (1, {"label": "suppressed"}, "twice or out of order"),
            (2, {"label": "AF"}, "twice or out of order"),
            (0, {"persons": 13}, "1 total(s) of flags of more persons than the cohort had"),
            (2, {"persons": 5}, "1 column(s) of totals of flags whose sum is not the total"),
        ],
    )
    def test_totals_that_cannot_be_are_refused(self, tmp_path: Path, place: int, changes: dict[str, Any], reason: str) -> None:
        totals = list(TOTALS)
        totals[place] = totals[place].model_copy(update=changes)
        with pytest.raises(PromiseBroken) as refused:
            publish(tmp_path, *self.release(tuple(totals)))
        assert reason in str(refused.value)

    def test_the_words_of_the_proof_name_flags_and_columns_alone(self) -> None:
        assert totals_proof(entered().totals)[0] == FlagTotal(cohort=1, flag=DEBT, column="all", label="all", persons=9)
        for changes in ({"flag": "gender_code"}, {"column": DEBT}):
            with pytest.raises(ValueError, match=r"is no (flag|quasi-identifier)"):
                FlagTotal.model_validate(TOTALS[0].model_dump() | changes)


class TestAttack:
    def tables(self, found: Flagged) -> list[Table]:
        columns = ("cohort", FLAG_GROUP, *QUASI)
        frame = found.rows.select(columns).sort(columns)
        shown = Product(name="core", title=texts("Core"), description=texts("Core"), columns=columns)
        flags = table_of_flags(product(), found.flags, POLICY)
        assert flags is not None
        return [Table(shown, Anonymous(frame, encode(frame)), flags.proof), flags]

    def rows(self, found: Flagged) -> FlagRows:
        rows = flag_rows(found, self.tables(found))
        assert rows is not None
        return rows

    def test_each_published_row_is_put_to_a_person_that_it_fits(self) -> None:
        found = entered()
        rows = self.rows(found)
        assert sorted(rows.core_person) == sorted(rows.flags_person) == list(range(12))
        assert rows.core_group.to_list() == found.rows[FLAG_GROUP].gather(rows.core_person).to_list()
        assert rows.table.select(FLAG_COLUMNS).equals(found.shown[rows.flags_person.to_list()])

    def test_the_release_withstands_known_flags_and_the_order_of_rows(self) -> None:
        rows, limits = self.rows(entered(36)), limits_of(POLICY)
        outcomes = [*link_flags(rows, limits), join_by_order(rows, limits)]
        assert [outcome.reason for outcome in outcomes if not outcome.is_within_limit] == []
        assert {outcome.attack for outcome in outcomes} == {"linkage by flags", "joining flags by the order of rows"}

    def test_flags_that_were_not_suppressed_are_found_by_the_attack(self) -> None:
        found = entered()
        raw = Flagged(found.rows, found.true.select(found.rows[FLAG_GROUP], *FLAG_COLUMNS), 0.0, found.totals, found.true, found.true)
        frame = raw.flags.sort(raw.flags.columns)
        core, flags = self.tables(found)
        rows = flag_rows(raw, [core, Table(flags.product, Anonymous(frame, encode(frame)), flags.proof)])
        assert rows is not None
        assert any(not outcome.is_within_limit for outcome in link_flags(rows, limits_of(POLICY)))

    def test_nothing_is_attacked_where_no_flags_or_no_groups_are_shown(self) -> None:
        found = entered()
        core, flags = self.tables(found)
        assert flag_rows(found, [flags]) is None
        assert flag_rows(found, [core]) is None
        assert flag_rows(entered(4), [core, flags]) is None

    def test_rows_of_nobody_are_no_release_of_these_persons(self) -> None:
        found = entered()
        core, flags = self.tables(found)
        strange = core.anonymous.frame.with_columns(pl.lit("man").alias("gender_code"))
        with pytest.raises(CasehouseError, match=r"12 published row\(s\) are nobody's"):
            flag_rows(found, [Table(core.product, Anonymous(strange, encode(strange)), core.proof), flags])
