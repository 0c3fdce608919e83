"""Features and block keys of some reports, pinned to the version of the state: whoever changes their meaning must raise it."""

from __future__ import annotations

from hashlib import blake2b
from importlib.metadata import version
from itertools import cycle, islice

import polars as pl
import pytest

from linkage import incremental
from linkage.blocking import block_keys
from linkage.features import features
from linkage.incremental import STATE_VERSION, maker
from linkage.model import Frequencies, load_model
from schemas.zones import Identified

ROWS = 50
PINNED = {2: "d1fc62ec58f9e8a6b8c712b2650ff457"}
"""STATE_VERSION -> the digest of what it makes of the reports below. Raise the version with every other digest: instances keep
features and keys between runs, and old and new ones must never be compared with each other."""

MODEL = load_model().model_copy(update={"frequencies": Frequencies(names={"mr": 900, "sf": 40_000}, reason="of this test")})
KEY = blake2b(b"a round of this test", digest_size=32).digest()

VALUES: dict[str, tuple[str | None, ...]] = {
    "partner_code": ("north", "south", "east"),
    "source_person_id": (None, None, "17", "A-4", None, "0017", None),
    "given_name": ("Maria", "محمد", "José Luis", None, "Oleksandra", "ნინო", "Sofía", "Нина", "Abdul-Rahman", "李 小龙", "X"),
    "middle_name": (None, "de la Luz", None, None, "binti", None, "Ann"),
    "family_name": ("Popescu", "Haile Bekele", None, "O'Connor", "Nguyễn", "García Márquez", "van der Berg", "علي", "Ковальчук"),
    "birth_date": ("1998-04-17", "1990", None, "1987-01", "1990-17-05", "20010203", "1990-02-31", "0000-00-00", "1979-01-01"),
    "birth_date_precision": (None, "day", None, "year", None, "month"),
    "gender_code": ("woman", "man", None, "nonbinary"),
    "citizenship_code": ("ETH", None, "ROU", "UKR", "GEO"),
    "document_number": (None, "ET 123456", "et-123456", "", "RO777777", None, "12"),
    "phone": (None, "+39 06 698 1234", "0039 06 6981234", "555-0101", None, "+251911234567"),
    "email": (None, "A.B@example.org", None, "a.b+c@example.org"),
    "address": (None, "12 Rue de l'Église", "Calle 8, n.º 3", "rue de l eglise 12", None),
    "postal_code": (None, "75011", "SW1A 1AA", "1050", None, "sw1a1aa"),
    "birth_place": (None, "Addis Abeba", "Київ", None, "São Paulo"),
    "occupation": (None, "cook", "seamstress", None),
}


def reports() -> Identified:
    """Reports of many shapes: each column goes round its own values, which are of different numbers."""
    columns = {name: list(islice(cycle(values), ROWS)) for name, values in VALUES.items()}
    keys = [f"r{number:03d}" for number in range(ROWS)]
    return Identified(pl.DataFrame({"record_key": keys, **columns}, schema=dict.fromkeys(("record_key", *VALUES), pl.String)))


def digest(*frames: pl.DataFrame) -> str:
    """Of names, kinds and values, in an order of their own for columns."""
    ordered = [frame.select(sorted(frame.columns)) for frame in frames]
    told = [([str(kind) for kind in frame.dtypes], frame.columns, frame.rows()) for frame in ordered]
    return blake2b(repr(told).encode(), digest_size=16).hexdigest()


def test_features_and_keys_are_those_of_this_version_of_the_state() -> None:
    known = features(reports(), MODEL, {"r1": KEY})
    keys = block_keys(known).sort("key", "position")
    assert (known.height, keys["position"].n_unique()) == (ROWS, ROWS)
    assert digest(known, keys) == PINNED[STATE_VERSION], "raise STATE_VERSION in linkage/incremental.py, and pin its digest here"


@pytest.mark.parametrize("library", ["polars", "phonenumbers", "anyascii", "rapidfuzz", "duckdb", "splink"])
def test_a_state_tells_the_versions_that_made_it(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = maker(MODEL)
    assert f"{library} {version(library)}" in before.split("; ")
    newer = tuple(told + ".1" if told.startswith(f"{library} ") else told for told in incremental._libraries())
    monkeypatch.setattr(incremental, "_libraries", lambda: newer)
    assert maker(MODEL) != before


def test_a_state_tells_its_rounds_and_no_key() -> None:
    told = maker(MODEL, {"r1": KEY})
    assert told != maker(MODEL)
    assert KEY.hex() not in told
