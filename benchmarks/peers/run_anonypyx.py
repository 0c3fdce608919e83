"""anonypyx: Mondrian on numbers and categories; a class shows intervals and sets of values."""

from __future__ import annotations

import pandas as pd
from anonypyx import Anonymiser
from tables import Task, members, numbers_and_categories, run


def anonymize(task: Task) -> pd.DataFrame:
    """One row a person again, from the library's one row a class with its count."""
    table = numbers_and_categories(task)
    table["nothing sensitive"] = pd.Series("x", index=table.index, dtype="category")
    classes = Anonymiser(table, k=task.k, feature_columns=task.columns, generalisation_strategy="human-readable").anonymise()
    return members(task, classes.loc[classes.index.repeat(classes["count"]), task.columns])


if __name__ == "__main__":
    run(anonymize)
