"""Spec: text made to harm is refused or accounted for row by row, and nothing of it steers what shows the report."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from ingest.reading import tables
from ingest.reading.headers import MOST_COLUMNS, place_of
from ingest.reading.identification import best_partner
from ingest.reading.reader import open_reading, read
from ingest.report.choice import choose_partner
from ingest.validation.checking import check_batch
from pipelines.cli import app
from schemas.errors import BatchRefused
from schemas.partner import Partner
from schemas.shown import shown, shown_lines

HEADER = "id,day,sex\n"


def partner_of(encoding: str = "utf-8", **changes: object) -> Partner:
    columns = {"id": {"field": "source_record_id"}, "day": {"field": "registration_date", "date_format": "%Y-%m-%d"}}
    file = {"name": "main", "columns": {**columns, "sex": {"field": "gender_code"}}, "format": {"encoding": encoding}, **changes}
    said = {"name": "one", "title": "One", "language": "en", "agreement": "none", "files": [file]}
    return Partner.model_validate(said)


def reasons(text: str, encoding: str = "utf-8") -> dict[int, str]:
    table = read((HEADER + text).encode(encoding), partner_of(encoding).files[0])
    return dict(table.problems.filter(pl.col("row_number").is_not_null()).select("row_number", "code").iter_rows())


def refused_code(payload: bytes, partner: Partner | None = None) -> str:
    with pytest.raises(BatchRefused) as refused:
        check_batch([payload], partner or partner_of())
    return refused.value.code


class TestRowsOfAnotherWidth:
    def test_each_is_told_for_what_it_is(self) -> None:
        text = 'a\n\n  \t\n,,,,\nTotal,5\n"Grand total",7,8,9\n" ",""\ntotals of mine,x\n\u00a0\n'
        expected = ["row_ragged", "row_blank", "row_blank", "row_blank", "totals_row", "totals_row", "row_blank", "row_ragged", "row_blank"]
        assert list(reasons(text).values()) == expected

    @pytest.mark.parametrize("encoding", ["utf-8", "cp1256"])
    def test_totals_are_known_in_every_encoding(self, encoding: str) -> None:
        assert reasons("المجموع,5\nمريم,5\nالمجموع,٧,٨,٩\n".replace("٧,٨,٩", "7,8,9"), encoding) == {
            2: "totals_row",
            3: "row_ragged",
            4: "totals_row",
        }

    @given(st.lists(st.sampled_from(["", " ", "a", "Total", "TOTAL:", '"sum"', "5", "مجموع", "été", "\u00a0"]), min_size=1, max_size=6))
    def test_as_when_each_is_looked_at_alone(self, cells: list[str]) -> None:
        if len(cells) == 3:
            return
        rules = tables.RowRules(("id", "day", "sex"), None)
        alone = rules.reason([cell.strip('"') for cell in cells])
        assert reasons(",".join(cells) + "\n") == {2: alone}

    def test_a_table_holds_a_bounded_number_of_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "MOST_OTHERS", 10)
        monkeypatch.setattr(tables, "MOST_RECORDS", 10)
        text = HEADER + "a\n" * 100 + "1,2020-01-01,woman\n" * 100
        with open_reading(text.encode(), partner_of().files[0], block_bytes=20) as reading:
            received = [table.received for table in reading.chunks()]
        assert sum(received) == 200
        assert len(received) > 10


class TestTooMuch:
    def test_a_line_without_an_end_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tables, "LONGEST_LINE", 1 << 10)
        assert refused_code((HEADER + "a" * (1 << 20)).encode()) == "file_unreadable"

    def test_too_many_columns_are_refused(self) -> None:
        wide = HEADER.strip() + "," * MOST_COLUMNS + "\n"
        assert refused_code(wide.encode()) == "file_unsafe"


class TestColumnsByTheirPlace:
    @pytest.mark.parametrize(
        ("position", "letters"), [(1, "A"), (25, "Y"), (26, "Z"), (27, "AA"), (702, "ZZ"), (703, "AAA"), (16_384, "XFD")]
    )
    def test_letters_are_those_of_a_spreadsheet(self, position: int, letters: str) -> None:
        assert place_of(position) == f"column {position} ({letters})"

    def test_no_header_that_nobody_knows_is_repeated(self) -> None:
        check = check_batch([b"id,day,Maria Gonzalez\n1,2020-01-01,x\n"], partner_of(), keep_problems=True)
        assert check.problems is not None
        assert "Maria" not in str(check.findings) + str(check.problems.rows())
        assert [finding.column for finding in check.findings if finding.code == "column_unknown"] == ["column 3 (C)"]


class TestActions:
    TEXT = "id,day,sex,{}\n1,2020-01-01,woman,withdraw\n"

    @pytest.mark.parametrize("header", ["action", "Acción", "إجراء", "Retrait", " DELETE ", "row_action", "Supprimé", "eliminar"])
    def test_a_column_of_actions_that_nobody_agreed_on_refuses_the_batch(self, header: str) -> None:
        assert refused_code(self.TEXT.format(header).encode()) == "action_not_agreed"

    def test_not_when_it_is_ignored_or_mapped(self) -> None:
        payload = self.TEXT.format("Action").encode()
        assert check_batch([payload], partner_of(ignored={"Action": "asks for nothing"})).ledger.received == 1
        action = {"column": "Action", "values": {"withdraw": "withdraw"}}
        assert check_batch([payload], partner_of(action=action)).corrections.withdrawals == 1


class TestWhoeverSentIt:
    @pytest.mark.parametrize(
        ("payload", "code"),
        [(b"", "file_empty"), (b"\n \n" * 50_000, "file_empty"), (b"PAR1", "file_unreadable"), (b"%PDF-1.7\n\x00\x01", "file_unreadable")],
    )
    def test_the_reason_of_the_file_itself_wins(self, payload: bytes, code: str) -> None:
        with pytest.raises(BatchRefused) as refused:
            choose_partner([payload], {"one": partner_of()})
        assert refused.value.code == code

    def test_a_table_that_nobody_knows_is_no_fault_of_the_file(self) -> None:
        assert best_partner(b"x,y\n1,2\n", {"one": partner_of()}) == [("one", 0.0)]


class TestNothingSteersATerminal:
    def test_steering_signs_are_written_out(self) -> None:
        assert shown("a\x1b]0;b\x07\u202ec\x9b\n") == "a\\x1b]0;b\\x07\\u202ec\\x9b\\x0a"
        assert shown("é ا 中") == "é ا 中"
        assert shown_lines("a\n\u2068b\u2069\u202e") == "a\n\u2068b\u2069\\u202e"

    def test_no_draft_holds_one(self, tmp_path: Path) -> None:
        file, target = tmp_path / "file.csv", tmp_path / "draft.yml"
        file.write_text("Case number,Da\x1b]0;pwn\x07y,\u202eSex,[red]x\nA-1,2020-01-01,woman,2\n", encoding="utf-8")
        done = CliRunner().invoke(app, ["partner", "draft", str(file), "--name", "newcomer", "--out", str(target)])
        for text in (done.output, target.read_text(encoding="utf-8")):
            assert not {"\x1b", "\x07", "\u202e"} & set(text)
        assert "\\u202eSex" in target.read_text(encoding="utf-8")


class TestWhereReportsAreWritten:
    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        file = tmp_path / "file.csv"
        file.write_text("Case number,Day\n", encoding="utf-8")
        return file

    def test_no_file_of_the_batch_by_whatever_name(self, file: Path) -> None:
        other = file.with_name("other.csv")
        os.link(file, other)
        for option in ("--html", "--json", "--annotated"):
            assert CliRunner().invoke(app, ["check", str(file), option, str(other)]).exit_code != 0
            assert file.read_text(encoding="utf-8") == "Case number,Day\n"

    def test_a_link_is_replaced_not_what_it_points_at(self, file: Path) -> None:
        precious, link = file.with_name("precious.txt"), file.with_name("link.html")
        precious.write_text("kept", encoding="utf-8")
        link.symlink_to(precious)
        CliRunner().invoke(app, ["check", str(file), "--html", str(link)])
        assert (precious.read_text(encoding="utf-8"), link.is_symlink()) == ("kept", False)

    def test_text_is_not_called_a_workbook(self, file: Path) -> None:
        done = CliRunner().invoke(app, ["check", str(file), "--annotated", str(file.with_name("out.xlsx"))])
        assert (done.exit_code != 0, file.with_name("out.xlsx").exists()) == (True, False)
