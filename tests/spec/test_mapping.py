"""Mapping: what a cell of a partner's file means, field by field, as small tables of texts and values."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, permutations

import polars as pl
import pytest

from ingest.mapping import codes
from ingest.mapping.applied import map_rows
from ingest.mapping.codes import Readings, readings
from ingest.mapping.compiled import compile_mapping
from ingest.mapping.numbering import with_ordinal
from ingest.reading.reader import read
from ingest.validation.file_pass import Batch, FilePass
from ingest.validation.whole_file import whole_files
from schemas.errors import BatchRefused
from schemas.fields import fields_of
from schemas.partner import PartnerFile
from schemas.units import MODELS, Unit
from schemas.vocabulary import Vocabulary, vocabulary, vocabulary_names

BASE = {"id": {"field": "source_record_id"}, "day": {"field": "registration_date", "date_format": "%Y-%m-%d"}}


def file_of(columns: Mapping[str, object] | None = None, **changes: object) -> PartnerFile:
    return PartnerFile.model_validate({"name": "main", "columns": {**BASE, **(columns or {})}, **changes})


@dataclass(frozen=True)
class Mapped:
    """Every row of a file as a report, whatever became of it, and the problems."""

    frame: pl.DataFrame
    problems: pl.DataFrame


def mapped(text: str | bytes, file: PartnerFile, companion: tuple[str, PartnerFile] | None = None) -> Mapped:
    payload = (text.rstrip("\n") + "\n").encode() if isinstance(text, str) else text
    payloads = {file.name: payload} | ({} if companion is None else {companion[1].name: companion[0].encode()})
    files = {file.name: file} | ({} if companion is None else {companion[1].name: companion[1]})
    with whole_files() as connection:
        one_pass = FilePass(Batch(payloads, files, connection), file)
        chunks = list(one_pass.chunks())
        whole = one_pass.end.whole
        found = [*(chunk.problems for chunk in chunks), one_pass.end.problems, *(whole.frame_of(late) for late in one_pass.end.late)]
        rows = pl.concat([chunk.rows.frame for chunk in chunks]).join(whole.ordinals(), on="row_number", how="left", maintain_order="left")
    number = with_ordinal(pl.col("source_record_id"), pl.col("ordinal").fill_null(1)).alias("source_record_id")
    return Mapped(rows.with_columns(number).drop("ordinal"), pl.concat(found).unique().sort("row_number", "code", "field", "column"))


def one_column(cells: list[str], column: Mapping[str, object], **changes: object) -> list[tuple[object, tuple[str, ...]]]:
    """Each cell as one row's only column beside number and date: the value of its field, and the codes of its problems."""
    file = file_of({"c": column}, **changes)
    separator = file.format.separator
    lines = [separator.join(["id", "day", "c"])] + [
        separator.join([str(number), "2020-01-01", '"' + cell.replace('"', '""') + '"']) for number, cell in enumerate(cells)
    ]
    found = mapped("\n".join(lines), file)
    problems: dict[int, list[str]] = {}
    for _, row, code, field, its_column in found.problems.iter_rows():
        assert (field, its_column) == (column["field"], "c")
        problems.setdefault(row, []).append(code)
    rows = found.frame.select("row_number", str(column["field"])).iter_rows()
    return [(value, tuple(problems.get(row, ()))) for row, value in rows]


def problems(found: Mapped) -> list[tuple[int | None, str, str | None]]:
    """Row, code, and the field; the column where no field of ours is meant."""
    return found.problems.select("row_number", "code", pl.coalesce("field", "column")).rows()


def test_a_code_is_looked_up_then_missing_then_in_the_vocabulary() -> None:
    column = {"field": "gender_code", "lookup": {"Mujer": "woman", "V": "man"}}
    cells = ["Mujer", " mujer ", "MAN", "Homme", "", "S/D", "s/d", "not_applicable", "other thing"]
    assert one_column(cells, column, missing={"": "unknown", "S/D": "not_collected"}) == [
        ("woman", ()),
        ("woman", ()),
        ("man", ()),
        ("man", ()),
        ("unknown", ()),
        ("not_collected", ()),
        ("not_collected", ()),
        ("not_applicable", ()),
        (None, ("category_unknown",)),
    ]


@pytest.mark.parametrize("cells", [["75.000", "150.000", "1.000"], ["٧٥٫٠٠٠"]])
def test_a_point_before_three_zeros_may_stand_for_thousands(cells: list[str]) -> None:
    assert one_column(cells, {"field": "fee_amount"}) == [(None, ("number_invalid",))] * len(cells)
    assert one_column(["27.0", "27.00"], {"field": "fee_amount"}) == [(27, ()), (27, ())]


@pytest.mark.parametrize(
    "sign", ["-", "--", "?", "…", "N/A", "n/a", "S/N", "n/d", "NR", "Néant", "NINGUNO", "لا يوجد", "Unknown", "inconnu"]
)
def test_what_stands_in_place_of_a_record_number_is_none(sign: str) -> None:
    found = mapped(f"id,day\n{sign},2020-01-01\n", file_of())
    assert problems(found) == [(2, "record_id_missing", "source_record_id")]
    columns = {"id": {"field": "source_case_id"}, "other": {"field": "given_name"}}
    parts = file_of(columns, record_id=["id", "other"])
    assert problems(mapped(f"id,other,day\n{sign},-,2020-01-01\n{sign},a,2020-01-02\n", parts)) == [
        (2, "record_id_missing", "source_record_id")
    ]


@pytest.mark.parametrize("number", ["NR-1", "0", "A", "١", "سجل", "N/A/1", "none-2"])
def test_a_record_number_may_begin_like_a_sign_of_none(number: str) -> None:
    assert problems(mapped(f"id,day\n{number},2020-01-01\n", file_of())) == []


def test_case_matters_where_the_lookup_says_so() -> None:
    column = {"field": "gender_code", "lookup": {"m": "woman", "M": "man"}}
    assert one_column(["m", "M"], column) == [("woman", ()), ("man", ())]


HELD = ("NA", "na", "NR", "NC", "SD", "ND", "NE", "ne", "NO", "no", "No", "SI", "si", "SO", "NS", "NP", "DK")


@pytest.mark.parametrize("field", ["citizenship_code", "primary_language_code"])
def test_signs_of_no_answer_are_no_codes(field: str) -> None:
    assert one_column(list(HELD), {"field": field}) == [(None, ("category_unknown",))] * len(HELD)


def test_signs_of_no_answer_are_codes_where_the_column_holds_codes() -> None:
    column = {"field": "citizenship_code", "holds_codes": True}
    assert [code for code, _ in one_column(["NA", "NR", "SD", "NE", "NO", "SI", "SO"], column)] == [
        "NA",
        "NR",
        "SD",
        "NE",
        "NO",
        "SI",
        "SO",
    ]
    assert one_column(["na", "no", "si"], column) == [(None, ("category_unknown",))] * 3


@pytest.mark.parametrize("holds_codes", [False, True])
def test_a_sign_of_no_answer_that_the_partner_listed_is_one(holds_codes: bool) -> None:
    column = {"field": "citizenship_code", "holds_codes": holds_codes}
    assert one_column(["NA"], column, missing={"": "unknown", "NA": "not_collected"}) == [("not_collected", ())]
    assert one_column(["NO"], column | {"lookup": {"no": "ES"}}) == [("ES", ())]


def test_codes_of_letters_are_read_in_capitals_only_and_names_in_any_case() -> None:
    read = one_column(["FR", "fr", "EST", "est", "USA", "usa", "estonia"], {"field": "citizenship_code"})
    assert [code for code, _ in read] == ["FR", None, "EE", None, "US", "US", "EE"]


def test_codes_of_languages_are_read_in_capitals_or_as_listed() -> None:
    read = one_column(["fr", "FR", "FRA", "Fr", "français"], {"field": "primary_language_code"})
    assert [code for code, _ in read] == ["fr", "fr", "fr", None, "fr"]


def test_countries_in_four_languages() -> None:
    cells = ["MX", "MEX", "Mexico", "Mexique", "México", "Me\u0301xico", "المكسيك"]
    assert one_column(cells, {"field": "citizenship_code"}) == [("MX", ())] * len(cells)


def test_countries_without_accents_and_with_any_apostrophe() -> None:
    cells = {
        "Cote d'Ivoire": "CI",
        "Côte d\u2019Ivoire": "CI",
        "COTE D\u2019IVOIRE": "CI",
        "Etats-Unis": "US",
        "Nigéria": "NG",
        "Perú": "PE",
    }
    assert one_column(list(cells), {"field": "citizenship_code"}) == [(code, ()) for code in cells.values()]


def by_hand(text: str) -> str:
    """A text as it is compared, by the standard library."""
    letters = (letter for letter in unicodedata.normalize("NFKD", text) if unicodedata.category(letter) != "Mn")
    return "".join(letters).replace("\u2019", "'").lower()


def test_every_code_and_unique_label_reads_as_its_code() -> None:
    for name in vocabulary_names():
        texts = vocabulary(name).names()
        known = readings({}, {}, name).by_folded
        assert {text: known.get(by_hand(text)) for text in texts} == texts, name
        frame = pl.DataFrame({"text": list(texts)}).select(readings({}, {}, name).apply(pl.col("text")))
        assert frame["text"].to_list() == list(texts.values()), name


def test_a_folded_text_that_two_codes_of_a_list_share_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = {"año": "a", "ano": "b", "único": "c"}
    monkeypatch.setattr(Vocabulary, "names", lambda _: shared)
    monkeypatch.setattr(codes, "_vocabulary_meanings", codes._vocabulary_meanings.__wrapped__)  # what was read before is kept
    assert read_texts(readings({}, {}, "gender"), ["ANO", "Año", "unico"]) == [None, None, "c"]


def test_a_lookup_that_tells_accents_apart_counts_as_written_and_hides_the_vocabulary_otherwise() -> None:
    known = readings({"Mán": "woman", "man": "unknown"}, {}, "gender")
    assert read_texts(known, ["Mán", "man", "MAN", "woman"]) == ["woman", "unknown", None, "woman"]


def test_a_lone_mark_is_no_empty_cell() -> None:
    assert one_column(["\u0301"], {"field": "gender_code"}) == [(None, ("category_unknown",))]


def read_texts(known: Readings, texts: list[str]) -> list[str | None]:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(known.apply(pl.col("text")))["text"].to_list()


def test_several_codes_of_one_cell() -> None:
    column = {"field": "exploitation_codes", "separator": ",", "lookup": {"a, b": "servitude", "noise": "unknown"}}
    cells = ["surrogacy, servitude,surrogacy", "a, b", "noise,servitude", "noise", "", "servitude,,", "servitude,new"]
    assert one_column(cells, column) == [
        (["servitude", "surrogacy"], ()),
        (["servitude"], ()),
        (["servitude"], ()),
        (["unknown"], ()),
        (["unknown"], ()),
        (["servitude"], ()),
        (None, ("category_unknown",)),
    ]


def test_flags_fill_a_list() -> None:
    flags = {"means_codes": {"columns": {"a": "threats", "b": "debt_bondage"}, "yes": ["si"], "no": ["no"]}}
    text = "id,day,a,b\n1,2020,Si,si\n2,2020,no,no\n3,2020,,no\n4,2020,,\n5,2020,si,perhaps\n"
    found = mapped(text, file_of({"day": {"field": "registration_date", "date_format": "%Y"}}, flags=flags))
    assert found.frame["means_codes"].to_list() == [["debt_bondage", "threats"], [], [], ["unknown"], None]
    assert problems(found) == [(6, "category_unknown", "means_codes")]
    assert found.problems["column"].to_list() == ["b"]


@pytest.mark.parametrize(
    ("date_format", "cells"),
    [
        (
            "%d/%m/%Y",
            {"31/12/2019": "2019-12-31", "1/2/2019": "2019-02-01", "٣١/١٢/٢٠١٩": "2019-12-31", "31/02/2019": None, "2019-12-31": None},
        ),
        ("%Y-%m-%d", {"2019-12-31": "2019-12-31", "2019-12-31 20:27": None, "2019-13-01": None}),
        ("%Y-%m-%d %H:%M", {"2019-12-31 20:27": "2019-12-31", "2019-12-31": None}),
        ("%m/%Y", {"05/2019": "2019-05", "13/2019": None}),
        ("%Y", {"2019": "2019", "19": None, "2019.0": None}),
        ("%d %B %Y", {"5 May 2019": "2019-05-05"}),
        ("%B %Y", {"May 2019": "2019-05"}),
        ("%d.%m.%y", {"05.06.19": "2019-06-05", "05.06.95": "1995-06-05"}),
    ],
)
def test_dates_have_the_precision_of_their_format(date_format: str, cells: dict[str, str | None]) -> None:
    found = one_column(list(cells), {"field": "birth_date", "date_format": date_format})
    assert found == [(value, () if value else ("date_invalid",)) for value in cells.values()]


def test_years_a_record_may_carry() -> None:
    birth = one_column(["1899", "1900", "2050", ""], {"field": "birth_date", "date_format": "%Y"})
    assert birth == [(None, ("date_out_of_range",)), ("1900", ()), (None, ("date_out_of_range",)), (None, ())]
    text = "id,day\n1,1989-12-31\n2,1990-01-01\n3,\n4,x\n"
    assert problems(mapped(text, file_of())) == [
        (2, "date_out_of_range", "registration_date"),
        (4, "required_missing", "registration_date"),
        (5, "date_invalid", "registration_date"),
    ]


@pytest.mark.parametrize(("birth", "is_contradiction"), [("2020-01-02", True), ("2020-01-01", False), ("2020", False), ("2021", True)])
def test_nobody_is_registered_before_birth(birth: str, is_contradiction: bool) -> None:
    date_format = "%Y-%m-%d" if "-" in birth else "%Y"
    found = mapped(f"id,day,born\n1,2020-01-01,{birth}\n", file_of({"born": {"field": "birth_date", "date_format": date_format}}))
    assert problems(found) == ([(2, "dates_contradict", "registration_date")] if is_contradiction else [])


def test_whole_numbers() -> None:
    column = {"field": "age_years", "lookup": {"0": "unknown"}}
    cells = ["75,000", "23,000", "23,00", "23", "23,0", "٢٣", "", "0", "23,5", "23.0", "121", "-1", "99999999999999999999", "x"]
    assert one_column(cells, column, format={"decimal": ",", "separator": ";"}) == [
        (None, ("number_invalid",)),
        (None, ("number_invalid",)),
        (23, ()),
        (23, ()),
        (23, ()),
        (23, ()),
        (None, ()),
        (None, ("value_declared_unknown",)),
        (None, ("number_invalid",)),
        (None, ("number_invalid",)),
        (None, ("number_out_of_range",)),
        (None, ("number_out_of_range",)),
        (None, ("number_out_of_range",)),
        (None, ("number_invalid",)),
    ]


def test_texts_stay_as_they_are_but_for_the_space_around_them() -> None:
    cells = [" 007 ", "two\nlines", "", "-", "Capital"]
    column = {"field": "exploitation_region", "lookup": {"capital": "Buenos Aires", "-": "unknown"}}
    assert one_column(cells, column) == [
        ("007", ()),
        ("two\nlines", ()),
        (None, ()),
        (None, ("value_declared_unknown",)),
        ("Buenos Aires", ()),
    ]


def test_what_nothing_fills_is_not_collected() -> None:
    row = mapped("id,day\n1,2020-01-01\n", file_of()).frame.row(0, named=True)
    assert {row["gender_code"], row["forced_labour_code"], row["phenomenon_code"]} == {"not_collected"}
    assert row["means_codes"] == ["not_collected"]
    assert (row["given_name"], row["age_years"], row["birth_date"]) == (None, None, None)
    assert {field.name for field in fields_of(MODELS[Unit.VICTIM].report)} <= set(row)


def test_an_absent_column_is_not_collected_and_said() -> None:
    file = file_of({"sex": {"field": "gender_code"}, "age": {"field": "age_years"}}, ignored={"note": "not needed"})
    found = mapped("id,day,age\n1,2020-01-01,5\n", file)
    assert found.frame["gender_code"].to_list() == ["not_collected"]
    assert found.problems.rows() == [("main", None, "column_missing", "gender_code", "sex")]


@pytest.mark.parametrize("text", ["day,sex\n2020-01-01,woman\n", "id,sex\n1,woman\n"])
def test_without_number_or_date_there_is_no_batch(text: str) -> None:
    with pytest.raises(BatchRefused) as refused:
        mapped(text, file_of({"sex": {"field": "gender_code"}}))
    assert refused.value.code == "column_required_missing"


def test_an_unknown_column_is_said_and_not_stored() -> None:
    found = mapped("id,day,mood,,5551234567,a@b\n1,2020-01-01,CANARY,,CANARY,CANARY\n", file_of())
    assert problems(found) == [(None, "column_unknown", name) for name in ("column 3 (C)", "column 5 (E)", "column 6 (F)")]
    assert "CANARY" not in str(found.frame.rows())


def test_constants_and_several_columns_for_one_field() -> None:
    file = file_of({"a": {"field": "gender_code"}, "b": {"field": "gender_code"}}, constants={"source_type_code": "hotline"})
    found = mapped("id,day,a,b\n1,2020-01-01,woman,man\n2,2020-01-01,,man\n3,2020-01-01,,\n", file)
    assert found.frame["gender_code"].to_list() == ["woman", "man", "unknown"]
    assert set(found.frame["source_type_code"]) == {"hotline"}


@pytest.mark.parametrize(
    ("cell", "labour", "sexual", "other"),
    [
        ("child_labour", "yes", "no", "no"),
        ("surrogacy;sexual_exploitation", "no", "yes", "yes"),
        ("", "unknown", "unknown", "unknown"),
        ("not_applicable", "not_applicable", "not_applicable", "not_applicable"),
    ],
)
def test_flags_of_exploitation_derive_from_its_forms(cell: str, labour: str, sexual: str, other: str) -> None:
    found = mapped(f"id,day,forms\n1,2020-01-01,{cell}\n", file_of({"forms": {"field": "exploitation_codes", "separator": ";"}}))
    assert found.frame.select("forced_labour_code", "sexual_exploitation_code", "other_exploitation_code").row(0) == (labour, sexual, other)


def test_flags_that_are_reported_are_not_derived() -> None:
    file = file_of({"forms": {"field": "exploitation_codes"}, "forced": {"field": "forced_labour_code"}})
    found = mapped("id,day,forms,forced\n1,2020-01-01,child_labour,no\n", file)
    assert found.frame.select("forced_labour_code", "sexual_exploitation_code").row(0) == ("no", "no")


ROLE = {"column": "role", "values": {"Victim": "victim", "Accused": "perpetrator"}, "set_aside": ["Relative"]}


def test_the_unit_of_a_row_out_of_a_column() -> None:
    file = file_of({"means": {"field": "means_codes"}}, unit=ROLE)
    text = "id,day,role,means\n1,2020-01-01,victim,new\n2,2020-01-01,Accused,new\n3,x,Relative,new\n4,2020-01-01,,\n5,2020-01-01,Judge,\n"
    found = mapped(text, file)
    assert found.frame["unit"].to_list() == ["victim", "perpetrator", None, None, None]
    assert problems(found) == [
        (2, "category_unknown", "means_codes"),  # a report about a perpetrator holds no means
        (4, "unit_out_of_scope", "role"),
        (5, "category_unknown", "role"),
        (6, "category_unknown", "role"),
    ]


def test_a_number_of_its_own_stands_once() -> None:
    text = "id,day,name\n1,2020-01-01,Ana\n1, 2020-01-01 ,Ana\n2,2020-01-01,Zoe\n2,2020-01-01,Eva\n,2020-01-01,Ida\n"
    header, *rows = text.splitlines()
    kept = set()
    for order in islice(permutations(rows), 0, None, 13):
        found = mapped("\n".join([header, *order]), file_of({"name": {"field": "given_name"}}))
        assert sorted(code for _, code, _ in problems(found)) == ["record_id_missing", "record_id_repeated", "row_repeated"]
        held = found.problems["row_number"].to_list()
        kept.add(frozenset(found.frame.filter(~pl.col("row_number").is_in(held))["given_name"]))
    assert len(kept) == 1  # of Zoe and Eva the same one stays, whatever the order of the rows


def numbered(text: str) -> Mapped:
    columns = {"case": {"field": "source_case_id"}, "day": BASE["day"], "name": {"field": "given_name"}}
    return mapped(
        text,
        PartnerFile.model_validate({"name": "main", "columns": columns, "record_id": ["case", "who"], "ignored": {"who": "in the number"}}),
    )


def test_columns_that_together_number_a_record() -> None:
    lines = [
        "7,v,2020-01-01,Zoe",
        "7,v,2020-01-01,Ana",
        "7,v,2020-01-01,Ana",
        "7,a,2020-01-01,Ana",
        ",,2020-01-01,Ida",
        "7#,,2020-01-01,Eva",
    ]
    found = numbered("case,who,day,name\n" + "\n".join(lines))
    assert sorted(found.frame["source_record_id"].to_list()[:3]) in (["7|v", "7|v", "7|v#2"], ["7|v", "7|v#2", "7|v#2"])
    assert found.frame["source_record_id"].to_list()[3:] == ["7|a", None, "7##|"]
    assert problems(found) == [(4, "row_repeated", None), (6, "record_id_missing", "source_record_id")]
    turned = numbered("case,who,day,name\n" + "\n".join(reversed(lines)))
    by_name = {(row["given_name"], row["source_record_id"]) for row in found.frame.iter_rows(named=True)}
    assert {(row["given_name"], row["source_record_id"]) for row in turned.frame.iter_rows(named=True)} == by_name


def test_a_companion_file_is_looked_up_by_its_number() -> None:
    events = PartnerFile.model_validate(
        {"name": "events", "unit": "incident", "columns": {"no": {"field": "source_record_id"}, **{"day": BASE["day"]}}}
    )
    join = {"file": "events", "on": "no", "take": {"place": {"field": "exploitation_region"}, "form": {"field": "exploitation_codes"}}}
    people = file_of({"no": {"field": "source_case_id"}}, join=join)
    found = mapped(
        "id,day,no\n1,2020-01-01,A\n2,2020-01-01,B\n3,2020-01-01,\n4,2020-01-01,C\n",
        people,
        ("no,day,PLACE,form\nA,2020-01-01,north,servitude\nC,2020-01-01,west,new\nC,2020-01-01,east,new\n", events),
    )
    assert found.frame["exploitation_region"].to_list() == ["north", None, None, "east"]
    assert found.frame["exploitation_codes"].to_list() == [["servitude"], ["unknown"], ["unknown"], None]
    assert problems(found) == [(3, "join_missing", "no"), (4, "join_missing", "no"), (5, "category_unknown", "exploitation_codes")]


def test_a_companion_must_have_the_number_and_says_what_else_it_lacks() -> None:
    events = PartnerFile.model_validate(
        {"name": "events", "unit": "incident", "columns": {"no": {"field": "source_record_id"}, "day": BASE["day"]}}
    )
    join = {"file": "events", "on": "no", "take": {"place": {"field": "exploitation_region"}}}
    people = file_of({"no": {"field": "source_case_id"}}, join=join)
    found = mapped("id,day,no\n1,2020-01-01,A\n", people, ("no,day\nA,2020-01-01\n", events))
    assert found.problems.rows() == [("events", None, "column_missing", "exploitation_region", "place")]
    with pytest.raises(BatchRefused) as refused:
        mapped("id,day,no\n1,2020-01-01,A\n", people, ("day,else\n2020-01-01,A\n", events))
    assert refused.value.code == "column_required_missing"
    with pytest.raises(ValueError, match="companion"):
        compile_mapping(people, None)
    with pytest.raises(ValueError, match="companion"):
        map_rows(read(b"id,day,no\n", people), compile_mapping(people, events), None)


def test_constants_of_every_kind() -> None:
    constants = {"means_codes": "threats", "age_years": "unknown", "phenomenon_code": "trafficking", "exploitation_region": "North"}
    row = mapped("id,day\n1,2020-01-01\n", file_of(constants=constants)).frame.row(0, named=True)
    assert [row[name] for name in constants] == [["threats"], None, "trafficking", "North"]
