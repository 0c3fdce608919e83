"""Bring numbers and addresses down to what identifies: documents, telephones, e-mails, post codes, words of places.

Here: normalised values, over distinct ones. Never here: names, birth dates, a guess of a country.
"""

from __future__ import annotations

import phonenumbers
import polars as pl

_SHORTEST_NUMBER = 4
# A number in international form whose digits after the country code begin with no trunk zero is in E.164 once separators are gone;
# the library, forty times slower, is asked about the others only.
_CODES = "|".join(str(code) for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE, reverse=True))
_PLAIN_INTERNATIONAL = rf"^\+(?:{_CODES})[1-9]\d{{5,13}}$"


def number(value: pl.Series) -> pl.Series:
    """A document's number or a post code: letters and digits only, upper case; null under four, which identify nobody."""
    kept = value.str.normalize("NFKC").str.replace_all(r"[^\p{L}\p{N}]+", "").str.to_uppercase()
    return kept.set(kept.str.len_chars() < _SHORTEST_NUMBER, None)


def email(value: pl.Expr) -> pl.Expr:
    """An address of e-mail in lower case; null where it is none."""
    kept = value.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", "")
    return pl.when(kept.str.contains(r"^[^@]+@[^@]+\.[^@.]+$")).then(kept)


def phones(values: pl.Series) -> pl.Series:
    """Telephones in E.164 (ITU-T) where the country code is stated (+ or 00), else their digits without leading zeros.

    The country is never guessed: a national number of two countries is then one text, and its weight in the model allows for that.
    Null under four digits.
    """
    table = pl.DataFrame({"as_sent": values}, schema={"as_sent": pl.String})
    distinct = table.drop_nulls().unique()
    frame = distinct.with_columns(
        pl.col("as_sent").str.normalize("NFKC").str.replace_all(r"[^\p{Nd}+]+", "").str.replace(r"^00", "+").alias("phone")
    )
    phone = pl.col("phone")
    is_plain = phone.str.contains(_PLAIN_INTERNATIONAL)
    asked = frame.filter(phone.str.starts_with("+") & ~is_plain)["phone"].unique()
    formal = pl.DataFrame({"phone": asked, "formal": pl.Series([_formal(one) for one in asked], dtype=pl.String)})
    national = phone.str.replace_all(r"\+", "").str.strip_chars_start("0")
    kept = pl.coalesce("formal", pl.when(is_plain).then(phone), national)
    found = frame.join(formal, on="phone", how="left").select(
        "as_sent", pl.when(kept.str.len_chars() >= _SHORTEST_NUMBER).then(kept).alias("phone")
    )
    return table.join(found, on="as_sent", how="left", maintain_order="left")["phone"]


def _formal(international: str) -> str | None:
    try:
        parsed = phonenumbers.parse(international, None)
    except phonenumbers.NumberParseException:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
