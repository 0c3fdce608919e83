"""Hand the classes out to the rows: each person of a tuple that was cut gets one of its classes.

Here: the class of every row. Never here: the position of a row; who of a tuple goes where depends on content alone.

Which class a person is in, of those that its tuple was given to, is drawn by a hash of the tuple and of what else the row says.
So the same rows in any order are published alike, and of two neighbours alike it is not always the one who says no that is
given away. Rows that say the same in everything may be exchanged without a difference.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anonymize.files.coding import Coded, Words, tuples_of_rows
from anonymize.files.searching import Found
from anonymize.files.source import Source
from anonymize.search.encoding import Numbers, mixture


def classes_of_rows(source: Source, coded: Coded, found: Found) -> Numbers:
    """The class of each row of the table, in its order; four bytes a row are held, and more for rows of tuples that were cut."""
    tuples = len(coded.persons)
    pieces = np.bincount(found.tuples, minlength=tuples)
    only: Numbers = np.zeros(tuples, dtype=np.int32)
    only[found.tuples[::-1]] = found.classes[::-1]  # of several classes the first
    is_cut = pieces > 1
    class_of: Numbers = np.empty(source.rows, dtype=np.int32)
    cut_rows, cut_tuples, contents = [], [], []
    start = 0
    for numbers, content in tuples_of_rows(source, coded):
        class_of[start : start + len(numbers)] = only[numbers]
        cut = np.flatnonzero(is_cut[numbers])
        cut_rows.append(cut + start)
        cut_tuples.append(numbers[cut].astype(np.int32))
        contents.append(np.zeros(len(cut), dtype=np.uint64) if content is None else content[cut])
        start += len(numbers)
    rows, order = np.concatenate(cut_rows), _by_tuple(np.concatenate(cut_tuples), np.concatenate(contents))
    in_pieces = is_cut[found.tuples]
    class_of[rows[order]] = np.repeat(found.classes[in_pieces], found.persons[in_pieces])
    return class_of


def _by_tuple(tuples: Numbers, contents: Words) -> npt.NDArray[np.int64]:
    order: npt.NDArray[np.int64] = np.lexsort((mixture([tuples, contents.view(np.int64)]), tuples))
    return order
