"""An encoding is taken for another than agreed only when the partner's own columns speak for it; else the rows are held."""

from __future__ import annotations

import pytest

from ingest.reading.encodings import LADDER
from ingest.reading.reader import open_reading
from schemas.partner import PartnerFile

FIELDS = ("source_record_id", "registration_date", "given_name", "family_name")


def file_of(*headers: str, encoding: str = "utf-8") -> PartnerFile:
    columns = {header: {"field": field} for header, field in zip(headers, FIELDS, strict=False)}
    return PartnerFile.model_validate({"name": "cases", "format": {"encoding": encoding}, "columns": columns})


def read_as(file: PartnerFile, header: str, *rows: str, saved: str) -> tuple[str, list[tuple[str, ...]], list[str]]:
    """The encoding it was read by, the names in its rows, and the problems of its rows."""
    text = "\n".join([header, *(f"{number},2024-01-31,{row}" for number, row in enumerate(rows))]) + "\n"
    with open_reading(text.encode(saved), file) as reading:
        (table,) = reading.chunks()
        return reading.layout.format.encoding, table.frame.drop(table.frame.columns[:3]).rows(), table.problems["code"].to_list()


LANGUAGES_OF = {
    "cp1252": ("Id,Date,Prénom,Nom de famille", "Hélène,Lemaître"),
    "cp1250": ("Id,Datum,Jméno,Příjmení", "Zdeněk,Dvořák"),
    "cp1251": ("Id,Дата,Имя,Фамилия", "Олена,Шевченко"),
    "cp1253": ("Id,Ημερομηνία,Όνομα,Επώνυμο", "Γιώργος,Παπάς"),
    "cp1254": ("Id,Tarih,Adı,Soyadı", "Ayşe,Yıldız"),
    "cp1256": ("Id,التاريخ,الاسم,اللقب", "زينب,العلي"),
}


@pytest.mark.parametrize("agreed", ["utf-8", "cp1252"])
@pytest.mark.parametrize("saved", LADDER)
def test_a_file_is_read_by_the_encoding_its_columns_speak_for(saved: str, agreed: str) -> None:
    header, names = LANGUAGES_OF[saved]
    found = read_as(file_of(*header.split(","), encoding=agreed), header, names, saved=saved)
    assert found == (saved, [tuple(names.split(","))], [])


def test_letters_that_several_encodings_share_prove_none() -> None:
    """é is the same byte in both: the name would be read as Zdenìk."""
    encoding, names, problems = read_as(file_of("Id", "Datum", "Jméno"), "Id,Datum,Jméno", "Zdeněk", saved="cp1250")
    assert (encoding, names, problems) == ("utf-8", [], ["text_undecodable"])


@pytest.mark.parametrize("row", ["Hélène,Lemaître", "Zoë,Cœur", "Mª José,¿Qué Muñoz?", "Jürgen,Groß"])
def test_french_spanish_and_german_need_no_letter_of_their_own_in_the_header(row: str) -> None:
    header = "Id,Date,Prénom,Nom"
    assert read_as(file_of(*header.split(",")), header, row, saved="cp1252") == ("cp1252", [tuple(row.split(","))], [])


@pytest.mark.parametrize(("agreed", "read_by"), [("utf-8", "utf-8"), ("cp1251", "ascii")])
def test_a_needed_column_that_is_missing_beside_an_unknown_one_holds_the_rows(agreed: str, read_by: str) -> None:
    """The unknown header may be the missing one in an encoding that nobody tried, here that of DOS."""
    file = file_of("Id", "Datum", "Jméno", "Město", encoding=agreed)
    text = "Id,Datum,Jméno,Adresa ř\n1,2024-01-31,Zdeněk,Brno\n2,2024-01-31,Jan,Brno\n"
    with open_reading(text.encode("cp1250"), file) as reading:
        (table,) = reading.chunks()
        assert reading.layout.format.encoding == read_by
        assert table.problems["code"].to_list() == ["text_undecodable"]
        assert table.frame.height == 1
