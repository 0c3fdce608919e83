"""umbra-k: Mondrian on sorted text and numbers; a class shows intervals and sets of values."""

from __future__ import annotations

import pandas as pd
from tables import Task, members, numbers_and_categories, run
from umbra_k import MondrianAnonymizer


def anonymize(task: Task) -> pd.DataFrame:
    """Rows in their order; categories are text to this library."""
    table = numbers_and_categories(task)
    table = table.astype({column: object for column in task.columns if table[column].dtype.name == "category"})
    return members(task, MondrianAnonymizer(k=task.k, quasi_id=task.columns).fit(table).transform(table))


if __name__ == "__main__":
    run(anonymize)
