"""Look at the tokens of a batch as an attacker would: are any of the wrong form, too frequent, unkeyed, or as frequent as names?

Here: what can be told from the tokens alone. Never here: a token in a finding, a key, the making of tokens.
A token that carries a birth date is rare; one that stands on many records, or whose frequencies are those of names, can be guessed by
counting (Christen et al., Linking Sensitive Data, 2020, chapter 9).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from linkage.private.clk import CLK_PATTERN
from linkage.private.rounds import TAG_DIGITS, round_tag, well_known_keys
from linkage.private.slots import CODES, common_parts
from linkage.private.tokens import TOKEN_PATTERN

MOST_RECORDS, MOST_SHARE = 8, 0.002
"""A token may stand on eight records of a batch, or on one in five hundred."""
LEAST_PROFILED = 200
MOST_REPETITION = 1 / 1_000
"""The share of pairs of records with an equal token. Names: about 1 in 100 to 1 in 400; a name with a birth date: under 1 in 20,000."""
_PLAIN_HASHES = ("md5", "sha1", "sha256", "sha512")
_HEX_LENGTHS = (32, 40, 64, 128)
_FOREIGN = "foreign"


class Fault(StrEnum):
    """What may be wrong with tokens."""

    WRONG_FORM = "wrong_form"
    TOO_FREQUENT = "too_frequent"
    UNKEYED = "unkeyed"
    LIKE_NAMES = "like_names"


@dataclass(frozen=True)
class Finding:
    """One fault: on how many records, and for frequencies in which slot; never a token."""

    fault: Fault
    records: int
    slot: str | None = None

    @property
    def text(self) -> str:
        """The fault as a sentence."""
        of_slot = f" of the kind {self.slot}" if self.slot else ""
        return _SENTENCES[self.fault].format(records=self.records, slot=of_slot)


@dataclass(frozen=True)
class Lint:
    """What was found on how many records with a token."""

    records: int
    findings: tuple[Finding, ...]


_SENTENCES = {
    Fault.WRONG_FORM: "{records:,} record(s) hold something that is no token of casehouse encode: a token of one field, or of another tool",
    Fault.TOO_FREQUENT: "one token{slot} stands on {records:,} records: more than one person can have in a batch",
    Fault.UNKEYED: "{records:,} record(s) hold tokens made without a key, or with one that anybody would try: they can be read back",
    Fault.LIKE_NAMES: "the tokens{slot} on {records:,} records are about as frequent as names: counting them tells who is who",
}


class Linter:
    """Tokens looked at chunk by chunk; of each only its kind and eight bytes are kept, until the end."""

    def __init__(self) -> None:
        self._seen: list[pl.DataFrame] = []
        self._records = 0
        self._wrong_form = self._unkeyed = 0

    def add(self, cells: pl.Series) -> None:
        """Look at some records' cells; several tokens in a cell are separated by spaces."""
        frame = cells.alias("cell").to_frame().with_row_index("record", offset=self._records)
        self._records += frame.height
        words = frame.select("record", pl.col("cell").str.split(" ").alias("word")).explode("word").filter(pl.col("word") != "")
        is_ours = pl.col("word").str.contains(rf"^(?:{TOKEN_PATTERN}|{CLK_PATTERN})$")
        slot = pl.when(is_ours).then(pl.col("word").str.slice(TAG_DIGITS + 1, 3)).otherwise(pl.lit(_FOREIGN))
        words = words.with_columns(slot.alias("slot")).filter(pl.col("slot") != "clk")
        self._wrong_form += words.filter(pl.col("slot") == _FOREIGN)["record"].n_unique()
        self._unkeyed += _unkeyed(words)
        kind = pl.col("slot").cast(pl.Enum([*CODES, _FOREIGN]))
        self._seen.append(words.select("record", kind, pl.col("word").hash(seed=0).alias("word")).unique())

    def end(self) -> Lint:
        """What is wrong with all that was looked at."""
        seen = pl.concat(self._seen) if self._seen else pl.DataFrame(schema={"record": pl.UInt32, "slot": pl.String, "word": pl.UInt64})
        found = [Finding(Fault.WRONG_FORM, self._wrong_form), Finding(Fault.UNKEYED, self._unkeyed)]
        times = seen.group_by("slot", "word").len("records").with_columns(pl.col("records").cast(pl.Int64), pl.col("slot").cast(pl.String))
        count = seen["record"].n_unique()
        found += [*_frequent(times, count), *_like_names(times, seen)]
        return Lint(count, tuple(finding for finding in found if finding.records))


def lint(cells: pl.Series) -> Lint:
    """What is wrong with a column of tokens; deterministic, and no token is in what is said.

    Frequencies are looked at from 200 records on. Cells of any other form are looked at as one-field tokens of another tool.
    """
    linter = Linter()
    linter.add(cells)
    return linter.end()


def _frequent(times: pl.DataFrame, count: int) -> Iterator[Finding]:
    limit = max(MOST_RECORDS, MOST_SHARE * count)
    for slot, records in times.group_by("slot").agg(pl.col("records").max()).sort("slot").iter_rows():
        if records > limit:
            yield Finding(Fault.TOO_FREQUENT, records, slot if slot != _FOREIGN else None)


def _unkeyed(words: pl.DataFrame) -> int:
    """Records with a token of ours by the tag of a well-known key, or another that is the hash of a common name, plain or so keyed."""
    tags = sorted(round_tag(key) for key in well_known_keys())
    ours = words.filter((pl.col("slot") != _FOREIGN) & pl.col("word").str.head(TAG_DIGITS).is_in(tags))
    foreign = words.filter(pl.col("slot") == _FOREIGN).with_columns(pl.col("word").str.to_lowercase())
    is_hash = pl.col("word").str.contains("^[0-9a-f]+$") & pl.col("word").str.len_chars().is_in(_HEX_LENGTHS)
    foreign = foreign.filter(is_hash)
    guessed = foreign.filter(pl.col("word").is_in(list(_guesses()))) if foreign.height else foreign
    return pl.concat([ours["record"], guessed["record"]]).n_unique()


def _like_names(times: pl.DataFrame, seen: pl.DataFrame) -> Iterator[Finding]:
    """Simpson's index of repetition by slot: the share of pairs of records whose token is equal."""
    equal = (pl.col("records") * (pl.col("records") - 1)).sum().alias("equal")
    holders = seen.group_by(pl.col("slot").cast(pl.String)).agg(pl.col("record").n_unique().cast(pl.Int64).alias("holders"))
    for slot, pairs, count in times.group_by("slot").agg(equal).join(holders, on="slot").sort("slot").iter_rows():
        if count >= LEAST_PROFILED and pairs > MOST_REPETITION * count * (count - 1):
            yield Finding(Fault.LIKE_NAMES, count, slot if slot != _FOREIGN else None)


def _guesses() -> Iterator[str]:
    """Hashes of common name parts without a key, and with the keys that anybody would try."""
    for part in sorted(common_parts()):
        for text in (part, part.upper(), part.capitalize()):
            yield from (hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest() for name in _PLAIN_HASHES)
        yield from (_keyed(key)(part) for key in well_known_keys())


def _keyed(key: bytes) -> Callable[[str], str]:
    return lambda text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
