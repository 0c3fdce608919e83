"""From weights to persons: guards, judgements, numbers of partners, three cuts, questions."""

from __future__ import annotations

import polars as pl
import pytest

from linkage.bonds import JUDGEMENTS, no_judgements
from linkage.clusters import Clustered, clusters
from linkage.guards import READ_BY_GUARDS, Guard, guards_between
from linkage.model import Thresholds

# Bits: sure from 6, right often enough not to ask from 4, one person by best estimate from 1, perhaps from -2.
THRESHOLDS = Thresholds(automatic=6, asked=4, link=1, review=-2, lowest=-8, highest=10, reason="a test")
TEXTS = tuple(name for name in READ_BY_GUARDS if name not in ("partner_code", "birth_day", "name_keys"))
Record = dict[str, str | bool | list[int]]


def records(*stated: Record) -> pl.DataFrame:
    """Features of records a, b, c ... of one partner, which state only what is given."""
    rows = [
        {"position": place, "record_key": "abcdefgh"[place], "partner_code": "north", "is_token_only": False, **row}
        for place, row in enumerate(stated)
    ]
    schema = {
        "position": pl.Int64,
        "record_key": pl.String,
        "partner_code": pl.String,
        "is_token_only": pl.Boolean,
        "name_keys": pl.List(pl.Int64),
    }
    frame = pl.DataFrame(rows, schema=schema | dict.fromkeys(TEXTS, pl.String))
    return frame.with_columns(pl.col("birth_text").str.slice(6).cast(pl.Int32).alias("birth_day"))


def run(stated: pl.DataFrame, bits: dict[str, float], *verdicts: str) -> Clustered:
    """Groups from weights in bits by pair ("ab") and judgements as "ab same", the newest last."""
    places = dict(stated.select("record_key", "position").iter_rows())
    edges = pl.DataFrame(
        [(*sorted(places[key] for key in pair), round(weight * 1000)) for pair, weight in bits.items()],
        schema={"left": pl.Int64, "right": pl.Int64, "weight": pl.Int64},
        orient="row",
    )
    log = [(number, verdict[0], verdict[1], verdict[3:], "a reviewer", "2026") for number, verdict in enumerate(verdicts, 1)]
    return clusters(stated, edges, pl.DataFrame(log, schema=JUDGEMENTS, orient="row"), THRESHOLDS)


def persons(found: Clustered, cut: str = "cluster") -> str:
    """The groups of a cut, as "ab c"."""
    together = found.clusters.group_by(cut).agg(pl.col("record_key").sort().str.join("").alias("keys"))["keys"]
    return " ".join(together.sort())


NOBODY: Record = {}


def test_likeness_does_not_chain() -> None:
    three = records(NOBODY, NOBODY, NOBODY)
    assert persons(run(three, {"ab": 9, "bc": 8})) == "ab c"
    assert persons(run(three, {"ab": 9, "bc": 8, "ac": 2})) == "abc"


def test_a_pair_that_was_not_compared_counts_as_the_lowest_weight() -> None:
    three = records(NOBODY, NOBODY, NOBODY)
    assert persons(run(three, {"ab": 9.9, "bc": 9}), "widest") == "abc"
    assert persons(run(three, {"ab": 9.9, "bc": 3}), "widest") == "ab c"


def test_a_record_known_by_tokens_alone_is_judged_by_the_pairs_that_met() -> None:
    named_twice = records(NOBODY, NOBODY, {"is_token_only": True})
    assert persons(run(named_twice, {"ab": 9, "bc": 7})) == "abc"


def test_equal_means_go_to_the_smaller_keys() -> None:
    assert persons(run(records(NOBODY, NOBODY, NOBODY), {"ab": 5, "bc": 5})) == "ab c"


def test_the_cuts_nest_and_a_question_is_what_lies_between() -> None:
    found = run(records(*[NOBODY] * 8), {"ab": 7, "cd": 5, "ef": 2, "gh": -1})
    assert persons(found, "automatic") == "ab c d e f g h"
    assert persons(found, "cluster") == "ab cd ef g h"
    assert persons(found, "widest") == "ab cd ef gh"
    assert found.questions.rows() == [("e", "f", 2000, 1, 1, True), ("g", "h", -1000, 1, 1, False)]


def test_a_question_shows_the_strongest_pair_of_two_groups() -> None:
    found = run(records(*[NOBODY] * 4), {"ac": 9, "bd": 9, "ab": 2, "ad": 0, "bc": 1, "cd": 3})
    assert found.questions.rows() == [("c", "d", 1500, 2, 2, True)]
    larger = run(records(*[NOBODY] * 3), {"ac": 9, "ab": 1, "bc": 2})
    assert larger.questions.rows() == [("b", "c", 1500, 1, 2, True)]


@pytest.mark.parametrize(
    ("why", "one", "other", "guards"),
    [
        ("another document", {"document": "ET123456"}, {"document": "SO999999"}, [Guard.DOCUMENT]),
        ("a typing error in a document", {"document": "ET123456"}, {"document": "ET123465"}, []),
        (
            "two documents in one shelter",
            {"document": "ET123456", "street": "1", "birth_text": "19900517", "name_keys": [1, 2]},
            {"document": "SO999999", "street": "1", "birth_text": "19911130", "name_keys": [2, 3]},
            [Guard.DOCUMENT],
        ),
        (
            "two documents, one telephone and birth date",
            {"document": "ET123456", "phone": "1", "birth_text": "19900517"},
            {"document": "SO999999", "phone": "1", "birth_text": "19900517"},
            [],
        ),
        (
            "two documents, one address and name",
            {"document": "ET123456", "street": "1", "name_keys": [1, 2]},
            {"document": "SO999999", "street": "1", "name_keys": [1, 2]},
            [],
        ),
        (
            "two documents, one name and birth date, no contact",
            {"document": "ET123456", "birth_text": "19900517", "name_keys": [1, 2]},
            {"document": "SO999999", "birth_text": "19900517", "name_keys": [1, 2]},
            [Guard.DOCUMENT],
        ),
        ("born four years apart", {"birth_text": "19900517"}, {"birth_text": "19941108"}, [Guard.BIRTH_YEAR]),
        ("born three years apart", {"birth_text": "19900517"}, {"birth_text": "19931108"}, []),
        ("a typing error in a year", {"birth_text": "19500517"}, {"birth_text": "19900517"}, []),
        (
            "another birth date, the same document",
            {"birth_text": "19900517", "document": "ET123456"},
            {"birth_text": "19500817", "document": "ET123456"},
            [],
        ),
        ("two numbers of one partner", {"source_person_id": "1"}, {"source_person_id": "2"}, [Guard.PERSON_NUMBER]),
        ("numbers of two partners", {"source_person_id": "1"}, {"source_person_id": "2", "partner_code": "south"}, []),
    ],
)
def test_guards_forbid_what_weights_suggest(why: str, one: Record, other: Record, guards: list[Guard]) -> None:
    two = records(one, other)
    assert list(guards_between(two, 0, 1)) == guards, why
    assert persons(run(two, {"ab": 10})) == ("a b" if guards else "ab"), why
    # The same in a component of more than two.
    three = records(one, other, NOBODY)
    assert persons(run(three, {"ab": 10, "ac": -7, "bc": -7})) == ("a b c" if guards else "ab c"), why


def test_a_third_record_cannot_bridge_what_a_guard_forbids() -> None:
    found = run(records({"document": "ET123456"}, NOBODY, {"document": "SO999999"}), {"ab": 10, "bc": 10, "ac": 10})
    assert persons(found, "widest") == "ab c"


def test_one_number_of_one_partner_is_one_person_whatever_else_is_said() -> None:
    same = {"source_person_id": "1"}
    two = records(same | {"document": "ET123456"}, same | {"document": "SO999999"})
    assert guards_between(two, 0, 1) == ()
    assert persons(run(two, {}), "automatic") == "ab"
    # Who has two documents may be met under either.
    assert (
        persons(run(records(*two.select("source_person_id", "document").to_dicts(), {"document": "SO999999"}), {"ac": 9, "bc": 9})) == "abc"
    )


def test_a_human_verdict_beats_weights_guards_and_numbers() -> None:
    apart = records({"document": "ET123456"}, {"document": "SO999999"})
    assert persons(run(apart, {}, "ab same"), "automatic") == "ab"
    assert persons(run(records(NOBODY, NOBODY), {"ab": 10}, "ab different"), "widest") == "a b"
    assert persons(run(records(*[{"source_person_id": "1"}] * 3), {}, "ac different"), "widest") == "ab c"
    assert persons(run(records(NOBODY, NOBODY, NOBODY), {"ab": 10, "ac": 9, "bc": 9}, "bc different"), "widest") == "ab c"


def test_the_newest_verdict_of_a_pair_counts() -> None:
    two = records(NOBODY, NOBODY)
    assert persons(run(two, {"ab": 10}, "ab different", "ba same")) == "ab"
    assert persons(run(two, {"ab": 10}, "ab same", "ab different")) == "a b"
    found = run(two, {"ab": -7}, "ab same", "ab unsure")
    assert (persons(found), found.contradicted) == ("a b", ())


def test_a_verdict_that_newer_ones_contradict_through_others_is_reported() -> None:
    three = records(NOBODY, NOBODY, NOBODY)
    found = run(three, {}, "ab same", "bc same", "ac different")
    assert (persons(found), found.contradicted) == ("a bc", (1,))
    found = run(three, {}, "ac different", "ab same", "bc same")
    assert (persons(found), found.contradicted) == ("abc", (1,))


def test_a_verdict_on_a_record_that_is_gone_waits() -> None:
    found = run(records(NOBODY, NOBODY), {"ab": 7}, "ax same", "xb different")
    assert (persons(found), found.contradicted) == ("ab", ())


def test_no_records_make_no_groups() -> None:
    found = run(records(), {})
    assert found.clusters.height == found.questions.height == 0


def test_among_more_records_the_same_weight_joins_less() -> None:
    """Made for two records, the cuts ask two bits more among eight: 2.5 bits are over the cut of 1, not over 3."""
    small = THRESHOLDS.model_copy(update={"holds_up_to": 2})
    two, eight = records({}, {}), records(*[{}] * 8)
    edge = pl.DataFrame({"left": [0], "right": [1], "weight": [2500]})
    assert clusters(two, edge, no_judgements(), small).clusters["cluster"].n_unique() == 1
    assert clusters(eight, edge, no_judgements(), small).clusters["cluster"].n_unique() == 8


def test_no_more_questions_are_asked_than_people_can_answer_and_those_nearest_to_undecided_first() -> None:
    """Twenty couples that are all uncertain: ten questions, those nearest to the cut of 1."""
    places = range(40)
    schema = records({}).schema
    rows = [{"position": place, "record_key": f"r{place:02d}", "partner_code": "north", "is_token_only": False} for place in places]
    edges = pl.DataFrame({"left": places[::2], "right": places[1::2], "weight": [1000 + 100 * number for number in range(20)]})
    asked = clusters(pl.DataFrame(rows, schema=schema), edges, no_judgements(), THRESHOLDS).questions
    assert asked["weight"].to_list() == list(range(1900, 900, -100))
