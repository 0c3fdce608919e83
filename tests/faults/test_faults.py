"""Every fault family, for every partner it applies to: read right, row by row and cell by cell, or refused with the right code."""

from __future__ import annotations

import csv
import io

import pytest

from faults.families import FAMILIES, Family, all_files, spread
from faults.files import Line, fault
from faults.judging import faults_of
from faults.layouts import csv_layouts, english
from faults.real_layouts import real_csv_layouts


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_every_file_of_the_family_is_right_or_refused_with_the_right_code(family: Family) -> None:
    faults = {file.name: found for file in spread(list(family())) if (found := faults_of(file))}
    assert faults == {}


def test_there_are_files_enough_of_every_kind() -> None:
    files = all_files()
    assert len(files) >= 800
    assert len([file for family in FAMILIES for file in spread(list(family()))]) >= 240
    assert len({file.name for file in files}) == len(files)
    assert {file.layout.words for file in files} == {"en", "fr", "es", "ar", "uk"}
    assert len({file.layout.name for file in files}) >= 10
    must_be_read = sum(file.outcome == "right" for file in files)
    assert must_be_read >= 0.75 * len(files), "a file that may be refused asks little"


def test_the_truth_of_a_clean_file_is_what_stands_in_it() -> None:
    """The generator itself, held against the standard library's reader."""
    for layout in (*csv_layouts(), *real_csv_layouts()):
        file = next(file for file in all_files() if file.family == "plain" and file.layout.name == layout.name)
        text = io.StringIO(file.payload.decode(layout.encoding), newline="")
        rows = list(csv.reader(text, delimiter=layout.separator))
        assert [tuple(row) for row in rows] == [line.cells for line in file.lines]


def test_the_judge_sees_a_wrong_cell_a_lost_row_and_a_wrong_refusal() -> None:
    layout = english()
    file = next(file for file in all_files() if file.name == "plain-en-commas")
    wrong = [line if line.record is None else line.holding("given_name", "Else") for line in file.lines]
    assert sum("WRONG CELL given_name" in found for found in faults_of(fault("wrong", layout, wrong, file.payload))) == 12
    one_more = [*file.lines, Line((), codes=frozenset({"row_blank"}))]
    assert faults_of(fault("lost", layout, one_more, file.payload)) == ["received 12, the file has 13", "row 14: neither accepted nor held"]
    assert faults_of(fault("refused", layout, [], b"")) == ["refused as file_empty, must be read"]
    held = [line if line.record is None else line.held("row_blank") for line in file.lines]
    assert len(faults_of(fault("held", layout, held, file.payload))) == 12
