"""anonypy: Mondrian on numbers and categories; a class shows intervals and sets of values."""

from __future__ import annotations

import pandas as pd
from anonypy import Preserver
from tables import Task, members, numbers_and_categories, run

SENSITIVE = "nothing sensitive"  # the library asks for a column to count by


def anonymize(task: Task) -> pd.DataFrame:
    """One row a person again, from the library's one row a class with its count."""
    table = numbers_and_categories(task).assign(**{SENSITIVE: "x"})
    classes = pd.DataFrame(Preserver(table, task.columns, SENSITIVE).anonymize_k_anonymity(k=task.k))
    cells = {column: classes[column].map(lambda shown: shown[0]) for column in task.columns}
    return members(task, pd.DataFrame(cells).loc[classes.index.repeat(classes["count"])])


if __name__ == "__main__":
    run(anonymize)
