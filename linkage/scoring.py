"""Score candidate pairs with Splink and the frozen model, on a locked connection.

Here: the seam to Splink and to DuckDB. Never here: a threshold, a cluster, a parameter estimated from the records of the run.
The method is Fellegi and Sunter, "A Theory for Record Linkage", JASA 64 (1969); Splink 5 writes it as SQL.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from engine.duck import connect
from linkage.blocking import Blocks, blocks
from linkage.clusters import BIRTH_YEAR_SPAN
from linkage.model import Comparison, LinkageModel
from schemas.errors import CasehouseError

if TYPE_CHECKING:
    from splink import SettingsCreator


class LinkageFailed(CasehouseError):
    """Splink or DuckDB refused the linkage: a bug in the model file or in the features, never a data error."""


# Pairs that the guards of `clusters` forbid can never end in one group, so they are not worth a score.
PAIRS = f"""
create table candidate_pairs as
with together as (
    select distinct l.position as one, r.position as two from blocks l join blocks r on l.block = r.block and l.position < r.position
)
select '0' as match_key, one as join_key_l, two as join_key_r
from together join linkage_records l on l.position = one join linkage_records r on r.position = two
where coalesce(l.document = r.document, true)
    and (l.birth_day is null or r.birth_day is null or coalesce(abs(l.birth_year - r.birth_year) <= {BIRTH_YEAR_SPAN}, true))
"""  # noqa: S608 - the span is a number of this package


def score(records: pl.DataFrame, model: LinkageModel) -> tuple[pl.DataFrame, Blocks]:
    """The scored candidate pairs: left < right (positions), weight in thousandths of a bit, sorted; and the blocks they came from.

    `records` are those of `features`. Weights are whole numbers so that no sum depends on its order.
    Raises `LinkageFailed`.
    """
    chosen = blocks(records, model.block_cap)
    if chosen.frame.is_empty():
        return pl.DataFrame(schema={"left": pl.Int64, "right": pl.Int64, "weight": pl.Int64}), chosen
    return _predict(records, chosen.frame, model), chosen


def _predict(records: pl.DataFrame, blocked: pl.DataFrame, model: LinkageModel) -> pl.DataFrame:
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import SplinkException

    connection = connect()
    try:
        with _silence():
            _load(connection, "linkage_records", records)
            _load(connection, "blocks", blocked)
            connection.execute(PAIRS)
            api = DuckDBAPI(connection)
            linker = Linker(api.register("linkage_records"), splink_settings(model), log_level=None, validate_settings=False)
            linker.table_management.register_blocked_pairs_for_predict(api.register("candidate_pairs"))
            found = linker.inference.predict(warning_mode="never")
            query = f"""select position_l as "left", position_r as "right", cast(round(match_weight * 1000) as bigint) as weight
                from {found.physical_name} order by 1, 2"""  # noqa: S608 - a table name that Splink made
            table = connection.sql(query).to_arrow_table()
        return pl.DataFrame(table)
    except (duckdb.Error, SplinkException):
        raise LinkageFailed("the candidate pairs could not be scored; check the conditions of the linkage model") from None
    finally:
        connection.close()


def _load(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    connection.register("incoming", frame.to_arrow(compat_level=pl.CompatLevel.oldest()))
    connection.execute(f"create table {name} as select * from incoming")  # noqa: S608 - names are constants of this module
    connection.unregister("incoming")


def splink_settings(model: LinkageModel) -> SettingsCreator:
    """The model in Splink's form. Blocking rules stay empty: pairs are chosen, capped and counted before Splink sees them."""
    from splink import SettingsCreator

    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="position",
        probability_two_random_records_match=model.prior,
        comparisons=[_splink_comparison(comparison) for comparison in model.comparisons],
        blocking_rules_to_generate_predictions=[],
        retain_matching_columns=False,
        # A fixed name for the run keeps table names, and so nothing at all, from chance.
        linker_uid="casehouse",
    )


def _splink_comparison(comparison: Comparison) -> dict[str, object]:
    levels = [
        {"sql_condition": level.condition, "label_for_charts": level.label, "is_null_level": True}
        if level.is_null
        else {
            "sql_condition": level.condition,
            "label_for_charts": level.label,
            "m_probability": level.m,
            "u_probability": level.u,
            "fix_m_probability": True,
            "fix_u_probability": True,
        }
        for level in comparison.levels
    ]
    return {"output_column_name": comparison.name, "comparison_levels": levels}


@contextmanager
def _silence() -> Iterator[None]:
    """Keep Splink's messages, which may quote SQL and data, out of every log while it runs."""
    logger = logging.getLogger("splink")
    level, propagates = logger.level, logger.propagate
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.propagate = propagates
