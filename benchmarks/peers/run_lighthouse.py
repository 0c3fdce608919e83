"""project-lighthouse-anonymize: Mondrian down trees of labels, rows that fit nowhere left out."""

from __future__ import annotations

import logging

import pandas as pd
from project_lighthouse_anonymize import k_anonymize
from project_lighthouse_anonymize.gtrees import GTree
from tables import Task, run

PERSON = "person"


def anonymize(task: Task) -> pd.DataFrame:
    """The hierarchies as trees; the library's defaults otherwise, in one process."""
    trees = {column: tree(paths) for column, paths in task.paths.items()}
    table = task.table.assign(**{PERSON: range(len(task.table))})
    published, _, _ = k_anonymize(logging.getLogger("peer"), table, task.columns, task.k, trees, PERSON, parallelism=None)
    return published


def tree(paths: list[list[str]]) -> GTree:
    """The tree of a hierarchy; a label that repeats its only child is left out."""
    grown = GTree()
    nodes = {("*",): grown.create_node("*")}
    for path in paths:
        trail: tuple[str, ...] = ("*",)
        for label in path[-2::-1]:
            if label == trail[-1]:
                continue
            above, trail = trail, (*trail, label)
            if trail not in nodes:
                nodes[trail] = grown.create_node(label, parent=nodes[above])
    grown.add_default_geometric_sizes()
    return grown


if __name__ == "__main__":
    run(anonymize)
