"""What holds of the store and the measures for any records, in any order: checked against plain Python."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.duck import connect
from engine.parquet import encode
from schemas.case import Person, VictimRecord
from schemas.fields import Kind, fields_of
from schemas.ledger import RowLedger
from schemas.release import CohortProof
from schemas.render import polars_schema
from schemas.units import Unit
from schemas.zones import Pseudonymised
from tests.deliveries import delivery, place_of
from warehouse.admission import PROVENANCE
from warehouse.measurement import MeasuredTable
from warehouse.release_files import parse_sums, sums_text
from warehouse.store import Store, open_store

Row = Mapping[str, object]
MISSING = ("unknown", "not_applicable", "not_collected")
FLAGS = ("forced_labour_code", "sexual_exploitation_code", "other_exploitation_code")
CODES = ("gender_code", "age_band_code", "citizenship_code", "exploitation_country_code")
PERSON_COLUMNS = tuple(field.name for field in fields_of(Person))
SCHEMA = pl.Schema({**polars_schema(VictimRecord), **PROVENANCE})
BLANK: dict[Kind, object] = {Kind.CODE: "unknown", Kind.CODES: ["unknown"], Kind.INTEGER: 0}

VALUES = {
    "gender_code": ("woman", "man", *MISSING),
    "age_band_code": ("00--08", "18--20", *MISSING),
    "citizenship_code": ("NP", "BD", "IN", *MISSING),
    "exploitation_country_code": ("QA", *MISSING),
} | dict.fromkeys(FLAGS, ("yes", "no", *MISSING))

records = st.fixed_dictionaries(
    {"person": st.integers(0, 2), "registration_year": st.none() | st.integers(2010, 2012)}
    | {column: st.sampled_from(values) for column, values in VALUES.items()}
)
quick = settings(max_examples=12, deadline=None)


@contextmanager
def new_store() -> Iterator[Store]:
    with TemporaryDirectory() as folder, open_store(Path(folder) / "w.duckdb") as store:
        yield store


def send(store: Store, batch: str, rows: Sequence[Row]) -> None:
    blank = {field.name: BLANK.get(field.kind) for field in fields_of(VictimRecord)}
    place = {"partner_code": "partner-a", "batch_id": batch, "file": "file-1"}
    filled = [{**blank, **place, "row_number": 2 + number, **row} for number, row in enumerate(rows)]
    known = [{name: value for name, value in row.items() if name in SCHEMA} for row in filled]
    ledger = RowLedger(received=len(rows), accepted=len(rows), quarantined=0, rejected=0, non_data=0)
    store.replace_batch(delivery(batch, "partner-a", ledger, {Unit.VICTIM: Pseudonymised(pl.DataFrame(known, schema=SCHEMA))}))


def assign(store: Store, rows: Sequence[Row]) -> None:
    members = [(str(row["record_key"]), f"p{row['person']}") for row in rows]
    store.replace_membership(pl.DataFrame(members, schema={"record_key": pl.String, "person_key": pl.String}, orient="row"))


def person_by_hand(rows: Sequence[Row]) -> dict[str, str]:
    """What the records of one person say together, by the rules in words."""
    years = [row["registration_year"] for row in rows if isinstance(row["registration_year"], int)]
    found = {"registration_year": str(min(years)) if years else "unknown"}
    for column in (*CODES, *FLAGS):
        stated = [str(row[column]) for row in rows]
        known = [code for code in stated if code not in MISSING]
        if not known:
            found[column] = next(reason for reason in MISSING if reason in stated)
        elif column in FLAGS:
            found[column] = "yes" if "yes" in known else "no"
        else:
            most = max(Counter(known).values())
            best = [code for code in set(known) if known.count(code) == most]
            first = {
                code: min(
                    (row["registration_year"] for row in rows if row[column] == code and isinstance(row["registration_year"], int)),
                    default=9999,
                )
                for code in best
            }
            found[column] = min(best, key=lambda code, first=first: (first[code], code))  # type: ignore[misc]
    return found


@quick
@given(st.lists(records, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_persons_are_what_the_rules_say_in_whatever_batches_and_order_the_records_come(rows: list[Row], chance: random.Random) -> None:
    keyed = [{**row, "record_key": f"r{number}"} for number, row in enumerate(rows)]
    people = sorted({int(str(row["person"])) for row in keyed})
    expected = [{"person_key": f"p{person}"} | person_by_hand([row for row in keyed if row["person"] == person]) for person in people]
    shuffled = chance.sample(keyed, len(keyed))
    cut = chance.randint(0, len(keyed))
    with new_store() as store:
        for batch, part in chance.sample([("a", shuffled[:cut]), ("b", shuffled[cut:])], 2) * 2:
            send(store, batch, part)
        assign(store, shuffled)
        assert store.persons().frame.to_dicts() == expected
        assert store.totals().accepted == len(rows)


@quick
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sets(st.integers(0, 4), max_size=4)), max_size=6))
def test_a_record_stands_once_as_the_last_batch_said_it(calls: list[tuple[str, set[int]]]) -> None:
    """The model: a batch takes back what it said before; of what the batches say of a record, the last in their order stands."""
    said: dict[str, dict[str, int]] = {}
    with new_store() as store:
        for turn, (batch, numbers) in enumerate(calls):
            rows = [{"record_key": f"r{number}", "narrative_length_count": turn} for number in sorted(numbers)]
            send(store, batch, rows)
            said[batch] = {str(row["record_key"]): turn for row in rows}
        accounts = {batch: len(records) for batch, records in said.items()}
        holder = {key: (batch, turn) for batch in sorted(said, key=place_of) for key, turn in said[batch].items()}
        assert store.record_batches().rows() == [(key, batch) for key, (batch, _) in sorted(holder.items())]
        held = Counter(batch for batch, _ in holder.values())
        found = {each.batch_id: (each.ledger.accepted, each.records, each.superseded) for each in store.batches()}
        assert found == {batch: (account, held[batch], account - held[batch]) for batch, account in accounts.items()}
        standing = (
            pl.concat([store.records_of(batch, Unit.VICTIM).frame for batch in accounts]) if accounts else pl.DataFrame(schema=SCHEMA)
        )
        assert dict(standing.select("record_key", "narrative_length_count").rows()) == {key: turn for key, (_, turn) in holder.items()}


labels = st.fixed_dictionaries(dict.fromkeys(PERSON_COLUMNS, st.sampled_from(("unknown", "suppressed"))))


@quick
@given(st.lists(labels, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_digest_follows_the_published_labels_and_nothing_else(people: list[dict[str, str]], chance: random.Random) -> None:
    half = len(people) // 2
    one = digest_of([("first", 1, people[:half]), ("second", 2, people[half:])])
    shuffled = [chance.sample(people[:half], half), chance.sample(people[half:], len(people) - half)]
    other = digest_of([("other", 2, shuffled[1]), ("keys", 1, shuffled[0])])
    assert one == other
    changed = [dict(person) for person in people]
    changed[-1]["gender_code"] = "woman"
    assert digest_of([("first", 1, people[:half]), ("second", 2, changed[half:])]) != one


def digest_of(cohorts: Sequence[tuple[str, int, list[dict[str, str]]]]) -> str:
    with new_store() as store:
        for prefix, cohort, people in cohorts:
            rows = pl.DataFrame(
                [{"person_key": f"{prefix}-{number}", **person} for number, person in enumerate(people)],
                schema=dict.fromkeys(("person_key", *PERSON_COLUMNS), pl.String()),
            )
            store.enroll(cohort, rows, CohortProof(cohort=cohort, persons=len(people), loss=0.5, loss_by_column={}))
        return store.content_digest()


cells = st.tuples(
    st.sampled_from(("2014", "suppressed")),
    st.sampled_from(("woman", "suppressed")),
    st.sampled_from(("yes", "no", "unknown", "suppressed")),
)


@quick
@given(st.lists(cells, min_size=1, max_size=14), st.booleans())
def test_classes_are_counted_as_by_hand(rows: list[tuple[str, str, str]], is_keyed: bool) -> None:
    columns = ("registration_year", "gender_code", "forced_labour_code")
    quasi = columns[:2] if is_keyed else ()
    classes: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        classes.setdefault(row[: len(quasi)], []).append(row[2])
    alike = [len({flag for flag in flags if flag in ("yes", "no")}) == 1 for flags in classes.values()]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String()), orient="row")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        path.write_bytes(encode(frame))
        found = MeasuredTable(connect(readable=[Path(folder)]), path).classes(quasi, columns[2:])
    assert (found.rows, found.classes, found.smallest_class) == (len(rows), len(classes), min(map(len, classes.values())))
    assert found.homogeneous_share == sum(alike) / len(alike)
    assert found.homogeneous_share_by_field == {"forced_labour_code": sum(alike) / len(alike)}
    assert found.suppressed_cells == sum(cell == "suppressed" for row in rows for cell in row[: len(quasi)])


@given(st.dictionaries(st.text("abcZ09._-", min_size=1, max_size=12), st.binary(min_size=32, max_size=32)))
def test_sums_are_read_as_they_were_written(digests: dict[str, bytes]) -> None:
    sums = {name: digest.hex() for name, digest in digests.items()}
    assert parse_sums(sums_text(sums)) == sums
