"""Connected components of a graph given as two arrays of ends.

Here: labels of components, whole arrays at a time. Never here: what a node or an edge stands for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]


def components(count: int, one: Numbers, two: Numbers) -> Numbers:
    """For each of `count` nodes the smallest node that edges connect it with.

    Every node takes the smallest label beside it and labels jump to their labels' labels, until nothing changes: Shiloach and
    Vishkin, "An O(log n) parallel connectivity algorithm", J. Algorithms 3 (1982), in its simplest form.
    """
    label = np.arange(count, dtype=np.int64)
    while one.size:
        low = np.minimum(label[one], label[two])
        high = np.maximum(label[one], label[two])
        is_open = low != high
        if not is_open.any():
            break
        one, two, low, high = one[is_open], two[is_open], low[is_open], high[is_open]
        np.minimum.at(label, high, low)
        label = settled(label)
    return label


def settled(above: Numbers) -> Numbers:
    """For each node the end of its path, where `above` points from a node to one that is not greater, and from ends to themselves."""
    while True:
        higher = above[above]
        if np.array_equal(higher, above):
            return above
        above = higher
