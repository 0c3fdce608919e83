"""Connected components of weighted pairs at the threshold that is best for the corpus: what a peer reaches at most.

Here: the sweep over thresholds. Never here: a score that is published; the scorer of the bench gives those.
A peer's threshold is chosen with the truth of the very table, which flatters it; ours is the model's.
"""

from __future__ import annotations

from collections import Counter

import polars as pl

STEP = 0.5  # bits


class _Components:
    """Groups of records that grow by one pair at a time, and the pairs in them that are found and right."""

    def __init__(self, truth: list[str]) -> None:
        self.parent = list(range(len(truth)))
        self.held = [Counter([person]) for person in truth]
        self.found = self.right = 0

    def root(self, node: int) -> int:
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def join(self, one: int, two: int) -> None:
        one, two = self.root(one), self.root(two)
        if one == two:
            return
        if len(self.held[one]) < len(self.held[two]):
            one, two = two, one
        self.found += self.held[one].total() * self.held[two].total()
        for person, count in self.held[two].items():
            self.right += self.held[one][person] * count
        self.held[one].update(self.held[two])
        self.parent[two] = one


def best_components(pairs: pl.DataFrame, truth: pl.DataFrame) -> tuple[pl.DataFrame, float]:
    """unique_id, person of the best threshold by F1 of the components, and that threshold in bits.

    `pairs`: unique_id_l, unique_id_r, match_weight; `truth`: unique_id, cluster. Thresholds are multiples of half a bit.
    """
    ids = truth.with_row_index("position")
    position = ids.select("unique_id", "position")
    placed = (
        pairs.join(position.rename({"unique_id": "unique_id_l", "position": "one"}), on="unique_id_l")
        .join(position.rename({"unique_id": "unique_id_r", "position": "two"}), on="unique_id_r")
        .with_columns((pl.col("match_weight") / STEP).floor().cast(pl.Int64).alias("step"))
        .sort("step", descending=True)
        .select("step", "one", "two")
    )
    possible = truth.group_by("cluster").len().select((pl.col("len") * (pl.col("len") - 1) // 2).sum()).item()
    grown, best, best_step = _Components(truth["cluster"].cast(pl.String).to_list()), -1.0, 0
    for (step,), rows in placed.group_by("step", maintain_order=True):
        for _, one, two in rows.iter_rows():
            grown.join(one, two)
        f1 = 2 * grown.right / (grown.found + possible) if grown.found + possible else 0.0
        if f1 > best:
            best, best_step = f1, int(str(step))
    final = _Components(truth["cluster"].cast(pl.String).to_list())
    for _, one, two in placed.filter(pl.col("step") >= best_step).iter_rows():
        final.join(one, two)
    persons = [str(final.root(node)) for node in range(truth.height)]
    return truth.select("unique_id").with_columns(pl.Series("person", persons)), best_step * STEP
