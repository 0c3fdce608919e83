"""Great Expectations as the gate on whole batches and releases: suites generated from the record models.

Here: turning `schemas.render` expectations into a suite and running it. Never here: an expectation written by hand, or
the rows that fail: results are `BOOLEAN_ONLY`, so that no cell value is kept.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from schemas.render import Expectation

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation as GxExpectation


@dataclass(frozen=True)
class Verdict:
    """How many expectations a table met, and which it did not, as `kind of column`."""

    checked: int
    failed: tuple[str, ...]


def judge(table: pl.DataFrame, expected: Sequence[Expectation], name: str) -> Verdict:
    """Run the expectations as one Great Expectations suite over the table; an empty table meets all."""
    if table.is_empty() or not expected:
        return Verdict(len(expected), ())
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        logging.getLogger("great_expectations").setLevel(logging.ERROR)
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=[_to_gx(each) for each in expected]))
        asset = context.data_sources.add_pandas(name=name).add_dataframe_asset(name=name)
        batch = asset.add_batch_definition_whole_dataframe(name)
        definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
        columns = list(dict.fromkeys(each.column for each in expected))
        result = definition.run(batch_parameters={"dataframe": table.select(columns).to_pandas()}, result_format="BOOLEAN_ONLY")
    configurations = [each.expectation_config for each in result.results if not each.success]
    failed = [f"{found.type} of {found.kwargs.get('column')}" for found in configurations if found]
    return Verdict(len(result.results), tuple(sorted(failed)))


def _to_gx(expected: Expectation) -> GxExpectation:
    from great_expectations.expectations import core

    if expected.kind == "in_set":
        return core.ExpectColumnValuesToBeInSet(column=expected.column, value_set=list(expected.allowed))
    if expected.kind == "between":
        return core.ExpectColumnValuesToBeBetween(column=expected.column, min_value=expected.low, max_value=expected.high)
    if expected.kind == "unique":
        return core.ExpectColumnValuesToBeUnique(column=expected.column)
    return core.ExpectColumnValuesToNotBeNull(column=expected.column)
