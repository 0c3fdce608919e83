"""What may enter the store: declared columns of their declared types, declared codes, keys that stand once.

Here: the checks of a frame before it is stored. Never here: a correction; what does not fit is a bug before this room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from schemas.case import Person, Provenance
from schemas.errors import CasehouseError, LeakStopped
from schemas.fields import Field, Kind, fields_of
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP, Means
from schemas.problems import PROBLEM_SCHEMA, catalogue
from schemas.render import polars_schema, published_expectations
from schemas.units import MODELS, Unit
from schemas.vocabulary import vocabulary
from schemas.zones import Pseudonymised
from warehouse.events import EVENT_SCHEMA, Action

PROVENANCE = polars_schema(Provenance)
"""Where a record came from; travels beside the columns of the record model."""

PERSON_COLUMNS = tuple(field.name for field in fields_of(Person))


def admitted_records(unit: Unit, records: Pseudonymised, *, partner_code: str, batch_id: str) -> pl.DataFrame:
    """The frame of one unit's records of one batch, its columns in the order of the table.

    Raises `TypeError` for anything but `Pseudonymised`, `LeakStopped` for a column that the record model does not
    declare or a cell that is no code of its vocabulary, `CasehouseError` for a missing column, a wrong type, another
    partner or batch than the named one, or a record key that is absent or stands twice. Texts name columns and counts.
    """
    if not isinstance(records, Pseudonymised):
        raise TypeError(f"the store accepts Pseudonymised records only, not {type(records).__name__}")
    model = MODELS[unit].record
    schema = pl.Schema({**polars_schema(model), **PROVENANCE})
    frame = _of_schema(records.frame, schema, f"{unit} records")
    for field in fields_of(model):
        _check_cells(field, frame[field.name], f"{unit} records")
    _check_key(frame, "record_key", f"{unit} records")
    at_home = pl.col("partner_code").eq_missing(pl.lit(partner_code)) & pl.col("batch_id").eq_missing(pl.lit(batch_id))
    if strangers := frame.filter(~at_home).height:
        raise CasehouseError(f"{unit} records: {strangers} row(s) of another batch or partner")
    return frame


def admitted_events(events: pl.DataFrame, records: Mapping[Unit, pl.DataFrame]) -> pl.DataFrame:
    """What a batch says of its records, when it says one thing of each and each record of it is what an event speaks of.

    A record may be withdrawn in several rows. Raises `CasehouseError` otherwise; texts name counts.
    """
    frame = _of_schema(events, EVENT_SCHEMA, "events")
    _check_labels(frame["action"], list(Action), "events")
    stated = frame.filter(pl.col("action") != Action.WITHDRAW)
    _check_key(stated, "record_key", "events")
    keys = pl.concat([pl.DataFrame(schema={"record_key": pl.String}), *(each.select("record_key") for each in records.values())])
    _check_key(keys, "record_key", "records of all units")
    said = stated.drop_nulls("content").select("record_key")
    apart = keys.join(said, on="record_key", how="anti").height + said.join(keys, on="record_key", how="anti").height
    if apart:
        raise CasehouseError(f"events: {apart} record(s) and contents that do not belong together")
    return frame


def admitted_problems(problems: pl.DataFrame) -> pl.DataFrame:
    """The problems of a batch; `LeakStopped` for a column or a code that the catalogue does not know."""
    frame = _of_schema(problems, PROBLEM_SCHEMA, "problems")
    if strange := frame.height - int(frame["code"].is_in(list(catalogue())).sum()):
        raise LeakStopped(f"problems: {strange} code(s) outside the catalogue")
    return frame


def admitted_members(members: pl.DataFrame) -> pl.DataFrame:
    """Which person each record is of; every record of one person only."""
    frame = _of_schema(members, pl.Schema({"record_key": pl.String(), "person_key": pl.String()}), "membership")
    _check_key(frame, "record_key", "membership")
    if absent := frame["person_key"].null_count():
        raise CasehouseError(f"membership: {absent} person key(s) absent")
    return frame


def admitted_persons(rows: pl.DataFrame) -> pl.DataFrame:
    """The labels under which persons are published, each a label of its column's hierarchy, and their flag group (default 0)."""
    schema = pl.Schema({**dict.fromkeys(("person_key", *PERSON_COLUMNS), pl.String()), FLAG_GROUP: pl.Int64()})
    grouped = rows if FLAG_GROUP in rows.columns else rows.with_columns(pl.lit(0, pl.Int64).alias(FLAG_GROUP))
    frame = _of_schema(grouped, schema, "persons of a cohort")
    _check_key(frame, "person_key", "persons of a cohort")
    for expectation in published_expectations(Person, PERSON_COLUMNS):
        if expectation.kind == "in_set":
            _check_labels(frame[expectation.column], expectation.allowed, "persons of a cohort")
    return frame


def admitted_flags(rows: pl.DataFrame, groups: pl.Series) -> pl.DataFrame:
    """The published flags of persons who are enrolled now in these groups: as many rows of each group as it has persons."""
    schema = pl.Schema({FLAG_GROUP: pl.Int64(), **dict.fromkeys(FLAG_COLUMNS, pl.String())})
    frame = _of_schema(rows, schema, "flags of a cohort")
    for expectation in published_expectations(Means, FLAG_COLUMNS):
        if expectation.kind == "in_set":
            _check_labels(frame[expectation.column], expectation.allowed, "flags of a cohort")
    if not frame[FLAG_GROUP].sort().equals(groups.filter(groups > 0).sort()):
        raise CasehouseError("flags of a cohort: other numbers of rows in its groups than persons")
    return frame


def _of_schema(frame: pl.DataFrame, schema: pl.Schema, what: str) -> pl.DataFrame:
    if undeclared := [name for name in frame.columns if name not in schema]:
        raise LeakStopped(f"{what}: {len(undeclared)} column(s) that nothing declares: {', '.join(undeclared)}")
    if missing := [name for name in schema if name not in frame.columns]:
        raise CasehouseError(f"{what}: no column {', '.join(missing)}")
    # A column without any value has no type of its own yet; nothing else is converted.
    given = frame.schema
    known = frame.select(pl.col(name).cast(schema[name]) if given[name] == pl.Null else pl.col(name) for name in schema)
    if wrong := [name for (name, kind), found in zip(schema.items(), known.dtypes, strict=True) if found != kind]:
        raise CasehouseError(f"{what}: not of the declared type: {', '.join(wrong)}")
    return known


def _check_cells(field: Field, cells: pl.Series, what: str) -> None:
    if field.kind in (Kind.CODE, Kind.CODES) and field.declared.vocabulary:
        single = cells.explode(empty_as_null=False) if field.kind is Kind.CODES else cells
        if absent := cells.null_count():
            raise CasehouseError(f"{what}: {absent} cell(s) of {field.name} are empty; a missing value has a code of its own")
        _check_labels(single, vocabulary(field.declared.vocabulary).codes(), what)
    if field.declared.limits:
        low, high = field.declared.limits
        if outside := int((~cells.is_between(low, high)).sum()):
            raise CasehouseError(f"{what}: {outside} cell(s) of {field.name} outside {low} to {high}")


def _check_labels(cells: pl.Series, allowed: Sequence[str], what: str) -> None:
    if strange := len(cells) - int(cells.is_in(list(allowed)).sum()):
        raise LeakStopped(f"{what}: {strange} cell(s) of {cells.name} are no code of its vocabulary")


def _check_key(frame: pl.DataFrame, key: str, what: str) -> None:
    if absent := frame[key].null_count():
        raise CasehouseError(f"{what}: {absent} {key}(s) absent")
    if doubled := frame.height - frame[key].n_unique():
        raise CasehouseError(f"{what}: {doubled} row(s) repeat the {key} of another row")
