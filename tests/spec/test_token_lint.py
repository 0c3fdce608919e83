"""The lint of tokens: sound ones pass, and every way in which tokens give persons away is told, never with a token."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import polars as pl
import pytest

from ingest.validation.batch import BatchResult, validate_batch
from ingest.validation.checking import check_batch
from linkage.private.clk import clk_column
from linkage.private.lint import Fault, lint
from linkage.private.rounds import round_key, round_tag, well_known_keys
from linkage.private.tokens import person_tokens
from pipelines.settings import ROOT
from pipelines.token_lint import CODE, OF_NO_ROUND, SweepWithTokens, with_token_lint
from schemas.partner import load_partners

KEY = round_key(b"a master secret of the tests, which protects nobody", "r1")
GIVEN = ("Fatima", "Amina", "Selam", "Hodan", "Mariam", "Zainab", "Leila", "Halima")
FAMILY = ("Hassan", "Osman", "Farah", "Abdi", "Khan", "Bekele", "Warsame", "Diallo", "Traore", "Nuri")


def persons(count: int) -> pl.DataFrame:
    """As many persons, names repeated as names are, each with a birth date of her own."""
    return pl.DataFrame(
        {
            "given_name": [GIVEN[(number * number) % len(GIVEN)] for number in range(count)],
            "family_name": [FAMILY[number % len(FAMILY)] for number in range(count)],
            "birth_date": [f"{1960 + number % 45}-{1 + number % 11:02d}-{12 + number % 17:02d}" for number in range(count)],
            "citizenship_code": ["SO"] * count,
        }
    )


def faults(cells: list[str | None]) -> set[tuple[str, str | None]]:
    return {(str(finding.fault), finding.slot) for finding in lint(pl.Series(cells, dtype=pl.String)).findings}


def test_tokens_of_encode_pass() -> None:
    frame = persons(600)
    found = lint(person_tokens(frame, "r1", KEY))
    assert (found.records, found.findings) == (600, ())


def test_filters_beside_tokens_are_looked_over() -> None:
    frame = persons(300)
    cells = pl.DataFrame([person_tokens(frame, "r1", KEY), clk_column(frame, "r1", KEY)]).select(pl.concat_str(pl.all(), separator=" "))
    assert lint(cells.to_series()).findings == ()


def test_cells_without_a_token_are_no_fault() -> None:
    assert lint(pl.Series([None, "", None], dtype=pl.String)).findings == ()


def test_hashes_of_another_tool_are_of_the_wrong_form() -> None:
    assert faults(["a" * 64, None]) == {("wrong_form", None)}


def test_a_token_on_many_records_is_too_frequent() -> None:
    one = f"{round_tag(KEY)}.nnd.{'0' * 32}"
    assert faults([one] * 9) == {("too_frequent", "nnd")}
    assert faults([one] * 8) == set()


@pytest.mark.parametrize("name", ["mhmd", "MHMD", "Mhmd"])
@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_a_plain_hash_of_a_common_name_is_unkeyed(name: str, method: str) -> None:
    assert ("unkeyed", None) in faults([hashlib.new(method, name.encode()).hexdigest().upper()])


def test_a_hash_with_a_key_that_anybody_would_try_is_unkeyed() -> None:
    key = min(well_known_keys())
    assert ("unkeyed", None) in faults([hmac.new(key, b"mhmd", hashlib.sha256).hexdigest()])
    assert faults([f"{round_tag(key)}.nnd.{'0' * 32}"]) == {("unkeyed", None)}


def test_one_field_tokens_follow_the_frequencies_of_names() -> None:
    names = persons(400)["family_name"].to_list()
    one_field = [hmac.new(KEY, name.encode(), hashlib.sha256).hexdigest() for name in names]
    assert faults(one_field) == {("wrong_form", None), ("too_frequent", None), ("like_names", None)}
    disguised = [f"{round_tag(KEY)}.nry.{token[:32]}" for token in one_field]
    assert faults(disguised) == {("too_frequent", "nry"), ("like_names", "nry")}


def test_no_finding_holds_a_token() -> None:
    token = hmac.new(KEY, b"hassan", hashlib.sha256).hexdigest()
    found = lint(pl.Series([token] * 300))
    assert {finding.fault for finding in found.findings} == {Fault.WRONG_FORM, Fault.TOO_FREQUENT, Fault.LIKE_NAMES}
    for finding in found.findings:
        assert token not in f"{finding!r} {finding.text}"
        assert "300" in finding.text


class TestOfABatch:
    """What the check and the intake say of a batch whose tokens can be guessed."""

    HEADER = "codice,data_segnalazione,gettone,sesso,fascia_eta,cittadinanza,forme\n"

    def checked(self, tmp_path: Path, tokens: list[str]) -> tuple[list[str], BatchResult]:
        partner = load_partners(ROOT / "partners")["it-tokens"]
        file = tmp_path / "tokens.csv"
        rows = (f"G-{number},2021-05-04,{token},F,18-20,MA,caporalato\n" for number, token in enumerate(tokens))
        file.write_text(self.HEADER + "".join(rows), encoding="utf-8")
        sweep = SweepWithTokens()
        check = sweep.added_to(check_batch([file], partner, sweep=sweep, keep_problems=True))
        assert check.problems is not None
        assert (CODE in check.problems["code"].to_list()) == (CODE in [finding.code for finding in check.findings])
        return [finding.code for finding in check.findings], with_token_lint(validate_batch([file.read_bytes()], partner, "batch"))

    def test_tokens_of_one_field_are_told_of_and_hold_no_row(self, tmp_path: Path) -> None:
        found, result = self.checked(tmp_path, ["5a" * 32] * 12)
        assert found == [CODE]
        told = result.problems.filter(pl.col("code") == CODE)
        assert told.select("file", "row_number", "field").rows() == [("*", None, "person_token")]
        assert result.ledger.accepted == 12
        assert "5a5a" not in str(result.problems.rows())

    @pytest.mark.parametrize("has_tokens", [True, False])
    def test_nothing_is_said_of_sound_tokens_and_of_none(self, tmp_path: Path, has_tokens: bool) -> None:
        cells = person_tokens(persons(12), "r1", KEY).to_list() if has_tokens else [""] * 12
        found, result = self.checked(tmp_path, cells)
        assert found == []
        assert result.problems.is_empty()


def test_a_check_that_knows_the_open_rounds_tells_which_rows_have_tokens_of_another(tmp_path: Path) -> None:
    partner = load_partners(ROOT / "partners")["it-tokens"]
    table = tmp_path / "tokens.csv"
    header = "codice,data_segnalazione,gettone,sesso,fascia_eta,cittadinanza,forme,regione_ente\n"
    cells = (f"{round_tag(KEY)}.nnd.{'1' * 32} {round_tag(KEY)}.nry.{'2' * 32}", "", f"0a0a0a0a.nnd.{'3' * 32}")
    rows = (f"I-{n},2020-01-0{n},{cell},F,18-20,MA,caporalato,Lazio\n" for n, cell in enumerate(cells, start=1))
    table.write_text(header + "".join(rows), encoding="utf-8")
    for tags, wanted in (([round_tag(KEY)], [(4,)]), ([], [(2, 4)]), (None, [])):
        sweep = SweepWithTokens(tags)
        checked = sweep.added_to(check_batch([table], partner, sweep=sweep, keep_problems=True))
        assert [finding.rows for finding in checked.findings if finding.code == OF_NO_ROUND] == wanted
        assert checked.problems is not None
        assert checked.problems.filter(pl.col("code") == OF_NO_ROUND).height == sum(map(len, wanted))
