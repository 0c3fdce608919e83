"""What the query engine promises: no text of a partner reaches a file, a network or a setting, and equal tables give equal bytes."""

from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.duck import connect
from engine.parquet import decode, encode
from schemas.errors import StorageError

HOLD = """
import sys
from pathlib import Path
from engine.duck import connect
connection = connect(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
ROWS = st.lists(st.tuples(st.one_of(st.none(), st.text(max_size=8)), st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))), max_size=30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder to be read, with a file in it, and one beside it whose name begins alike."""
    for place in ("open", "opened"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "table.csv").write_text("number\n1\n", encoding="utf-8")
    (tmp_path / "secret.csv").write_text("number\n1\n", encoding="utf-8")
    (tmp_path / "open" / "link.csv").symlink_to(tmp_path / "secret.csv")
    connect(tmp_path / "other.duckdb").close()
    return tmp_path / "open"


@pytest.mark.parametrize("is_folder_open", [False, True])
@pytest.mark.parametrize(
    "query",
    [
        "from read_csv('/etc/hosts')",
        "from read_text('/etc/hosts')",
        "from read_blob('/etc/hosts')",
        "from '/etc/hosts.csv'",
        "from glob('/etc/*')",
        "from read_csv('http://127.0.0.1:9/table.csv')",
        "copy (select 1) to '{beside}/out.csv'",
        "export database '{beside}/export'",
        "attach '{beside}/other.duckdb' as other",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set allowed_directories = ['/etc']",
        "set lock_configuration = false",
        "reset lock_configuration",
        "set memory_limit = '1TB'",
    ],
)
def test_no_query_reaches_a_file_a_network_or_a_setting(folder: Path, query: str, is_folder_open: bool) -> None:
    connection = connect(readable=[folder] if is_folder_open else [])
    with pytest.raises(duckdb.Error):
        connection.execute(query.format(beside=folder.parent))
    assert {path.name for path in folder.parent.iterdir()} == {"open", "opened", "secret.csv", "other.duckdb"}


def test_a_table_of_the_program_is_no_table_of_a_query() -> None:
    frame = pl.DataFrame({"number": [1]})
    with pytest.raises(duckdb.Error):
        connect().execute("from frame")
    assert frame.height == 1


def test_a_folder_that_is_opened_can_be_read(folder: Path) -> None:
    assert connect(readable=[folder]).execute(f"from read_csv('{folder}/table.csv')").fetchall() == [(1,)]


def test_a_folder_with_a_quote_in_its_name_can_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "d'ici']"
    folder.mkdir()
    (folder / "table.csv").write_text("number\n1\n", encoding="utf-8")
    assert connect(readable=[folder]).execute("from read_csv(?)", [str(folder / "table.csv")]).fetchall() == [(1,)]


@pytest.mark.parametrize("beside", ["opened/table.csv", "secret.csv", "open/../secret.csv", "open/link.csv"])
def test_nothing_beside_an_opened_folder_can_be_read(folder: Path, beside: str) -> None:
    with pytest.raises(duckdb.Error):
        connect(readable=[folder]).execute("from read_csv(?)", [str(folder.parent / beside)])


def test_a_read_only_connection_changes_nothing(tmp_path: Path) -> None:
    connect(tmp_path / "some.duckdb").close()
    with pytest.raises(duckdb.Error):
        connect(tmp_path / "some.duckdb", read_only=True).execute("create table t (a integer)")


def test_a_file_held_by_another_process_is_a_storage_error(tmp_path: Path) -> None:
    place = tmp_path / "held.duckdb"
    with subprocess.Popen([sys.executable, "-c", HOLD, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StorageError) as caught:
            connect(place)
        holder.communicate("")
    assert_speaks_for_itself(caught.value, place)
    connect(place).execute("select 1")


@pytest.mark.parametrize("content", [b"CANARY Zebulon Quetzal\n", b"\0" * 4096, b"name;date\n" * 2000])
def test_a_file_that_is_no_database_is_a_storage_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    place = tmp_path / "no.duckdb"
    place.write_bytes(content)
    with pytest.raises(StorageError) as caught:
        connect(place)
    assert_speaks_for_itself(caught.value, place)
    assert place.read_bytes() == content


def test_an_absent_file_is_not_made_to_be_read(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        connect(tmp_path / "absent.duckdb", read_only=True)
    assert list(tmp_path.iterdir()) == []


def assert_speaks_for_itself(error: StorageError, place: Path) -> None:
    """Ours from end to end: what DuckDB said is not told, neither as text nor as a cause."""
    told = "".join(traceback.format_exception(error))
    assert error.where == str(place)
    assert "duckdb.duckdb" not in told
    assert "_duckdb" not in told
    assert "PID" not in told
    assert "CANARY" not in told
    assert "During handling" not in told


@given(ROWS)
def test_equal_tables_give_equal_bytes_and_come_back_as_they_were(rows: list[tuple[str | None, int | None]]) -> None:
    schema = pl.Schema({"text": pl.String(), "number": pl.Int64()})
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    pieces = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert encode(frame) == encode(pieces) == encode(frame.clone())
    assert decode(encode(frame)).equals(frame)
    assert decode(encode(frame)).schema == schema


def test_lists_and_categories_of_every_length_come_back() -> None:
    frame = pl.DataFrame({"codes": [["a", "b"], [], ["c"]], "is_new": [True, None, False]})
    assert decode(encode(frame)).equals(frame)


def test_a_filtered_table_gives_the_bytes_of_one_made_so() -> None:
    frame = pl.DataFrame({"code": ["a", "b", "a"], "number": [1, 2, 3]})
    assert encode(frame.filter(code="a")) == encode(pl.DataFrame({"code": ["a", "a"], "number": [1, 3]}))


def test_a_large_table_gives_the_same_bytes_twice() -> None:
    frame = pl.DataFrame({"number": pl.int_range(300_000, eager=True)}).with_columns(text=pl.col("number").cast(pl.String))
    assert encode(frame) == encode(frame)
    assert decode(encode(frame)).equals(frame)
