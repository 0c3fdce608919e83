"""Arrow columns from numbers and texts, and back, without pandas.

Here: columns made of their buffers, since `pyarrow.array` and `to_numpy` import pandas to see what they were given, which takes
longer than all else of a small table. Never here: what a column means.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int32] | npt.NDArray[np.int64]


def numbers_in(column: pa.Array) -> npt.NDArray[np.uint64]:
    """The numbers of a column that has no null, as they lie in memory."""
    return np.asarray(np.from_dlpack(column), dtype=np.uint64)


def column_of(numbers: Numbers) -> pa.Array:
    """A column of whole numbers of their own width, without null."""
    kind = pa.int32() if numbers.dtype == np.int32 else pa.int64()
    return pa.Array.from_buffers(kind, len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))])


def column_of_labels(place: npt.NDArray[np.int64], texts: Sequence[str | None]) -> pa.DictionaryArray:
    """A column of texts, each said once: `place` says which of `texts` a cell shows, among them None at most once for null."""
    said = [text for text in texts if text is not None]
    encoded = [text.encode() for text in said]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    dictionary = pa.StringArray.from_buffers(len(said), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))
    null = texts.index(None) if None in texts else len(texts)
    numbers = np.where(place > null, place - 1, place).astype(np.int32)
    shown = pa.py_buffer(np.packbits(place != null, bitorder="little")) if null < len(texts) else None
    indices = pa.Array.from_buffers(pa.int32(), len(place), [shown, pa.py_buffer(numbers)])
    return pa.DictionaryArray.from_arrays(indices, dictionary)
