"""What the zones and the account of rows promise: no cell is printed, no zone passes for another, and every row is counted."""

from __future__ import annotations

import logging
import subprocess
import sys
import traceback
from dataclasses import FrozenInstanceError
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.errors import LeakStopped
from schemas.fields import RecordModel, fields_of
from schemas.ledger import EMPTY_LEDGER, LedgerBroken, RowLedger
from schemas.zones import Anonymous, Identified, Pseudonymised, Zoned

CANARY = "Zebulon Quetzal"
ROOT = Path(__file__).resolve().parents[2]
FRAME = pl.DataFrame({"given_name": [CANARY, "b"], "age_years": [12, 13]})
ZONES: list[Zoned] = [Identified(FRAME), Pseudonymised(FRAME), Anonymous(FRAME, payload=CANARY.encode())]
SNIPPET = """
from schemas.zones import Anonymous, Identified, Pseudonymised

def store(records: Pseudonymised) -> None: ...
def publish(table: Anonymous) -> None: ...

def hand_over(identified: Identified, pseudonymised: Pseudonymised, anonymous: Anonymous) -> None:
    store(pseudonymised)
    publish(anonymous)
    store(identified)
    publish(pseudonymised)
    store(anonymous)
"""
COUNTS = st.integers(min_value=0, max_value=10**9)


@pytest.mark.parametrize("zoned", ZONES, ids=lambda zoned: type(zoned).__name__)
def test_a_zone_prints_its_shape_and_no_cell(zoned: Zoned, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any").warning("%s %r %s", zoned, zoned, [zoned])
    printed = [repr(zoned), str(zoned), f"{zoned}", f"{zoned!r:>80}", repr([zoned]), repr({"a": zoned}), caplog.text]
    assert repr(zoned) == str(zoned) == f"<{type(zoned).__name__} 2 rows x 2 columns>"
    assert [text for text in printed if CANARY in text or "given_name" in text] == []


def test_an_error_that_holds_a_zone_shows_no_cell() -> None:
    told = "".join(traceback.format_exception(ValueError(Identified(FRAME))))
    assert "2 rows x 2 columns" in told
    assert CANARY not in told


def test_a_zone_cannot_be_given_another_frame() -> None:
    with pytest.raises(FrozenInstanceError):
        ZONES[0].frame = FRAME.clear()  # type: ignore[misc]


def test_no_zone_is_a_kind_of_another() -> None:
    for zoned in ZONES:
        assert [kind for kind in (Identified, Pseudonymised, Anonymous) if isinstance(zoned, kind)] == [type(zoned)]


def test_mypy_refuses_one_zone_where_another_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET, encoding="utf-8")
    (tmp_path / "mypy.ini").write_text(
        f"[mypy]\nstrict = true\nmypy_path = {ROOT}\n[mypy-polars.*]\nfollow_imports = skip\n", encoding="utf-8"
    )
    command = [sys.executable, "-m", "mypy", "snippet.py"]  # without polars, whose types take half a minute to read
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    refused = [line.split(":")[1] for line in found.stdout.splitlines() if "[arg-type]" in line]
    assert found.returncode == 1, found.stdout + found.stderr
    assert refused == ["10", "11", "12"], found.stdout


def test_a_model_with_a_field_that_says_nothing_of_its_sensitivity_is_stopped() -> None:
    class Careless(RecordModel):
        nickname: str

    with pytest.raises(LeakStopped, match="Careless: no declared sensitivity for nickname"):
        fields_of(Careless)


class TestLedger:
    @given(COUNTS, COUNTS, COUNTS, COUNTS)
    def test_an_account_that_balances_is_itself(self, accepted: int, quarantined: int, rejected: int, non_data: int) -> None:
        received = accepted + quarantined + rejected + non_data
        ledger = RowLedger(received=received, accepted=accepted, quarantined=quarantined, rejected=rejected, non_data=non_data)
        assert ledger.check() is ledger
        assert ledger + EMPTY_LEDGER == ledger
        assert (ledger + ledger).check().received == 2 * received

    @pytest.mark.parametrize("received", [9, 11])
    def test_a_row_that_vanishes_or_appears_is_an_error_with_the_counts(self, received: int) -> None:
        with pytest.raises(LedgerBroken, match=f"^received {received} rows, accounted for 10$"):
            RowLedger(received=received, accepted=4, quarantined=3, rejected=2, non_data=1).check()

    @pytest.mark.parametrize("name", ["received", "accepted", "quarantined", "rejected", "non_data"])
    def test_a_count_is_never_below_zero_or_left_out(self, name: str) -> None:
        counts = EMPTY_LEDGER.model_dump()
        with pytest.raises(ValidationError):
            RowLedger.model_validate({**counts, name: -1})
        with pytest.raises(ValidationError):
            RowLedger.model_validate({key: count for key, count in counts.items() if key != name})
