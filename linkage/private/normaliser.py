"""The pinned normaliser of keyed tokens: what of a name, a document, a telephone number and a birth date a token is made over.

Here: one version of it, as polars expressions that stand for themselves. Never here: a secret, or anything that linkage may improve.
Every rule is part of the meaning of every token: a change makes a new `NORMALISER_VERSION`, and old tokens match no more.
`vectors.json` beside this module holds what each input becomes, to be checked in any language.
"""

from __future__ import annotations

import polars as pl

from schemas.vocabulary import MISSING_CODES

NORMALISER_VERSION = "2"

# Letters that NFKD leaves whole, each with what it becomes (ISO 9 and BGN/PCGN in their simplest form). Combining marks are gone before.
_LATIN = "ß:ss æ:ae œ:oe ø:o đ:d ð:d þ:th ł:l ı:i ħ:h ŋ:n ə:a"
_CYRILLIC = """
    а:a б:b в:v г:g д:d е:e ж:zh з:z и:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f ы:i э:e і:i ѳ:f ѵ:i ґ:g ђ:d
    ј:j ћ:c х:kh ц:ts ч:ch ш:sh щ:sh ю:yu я:ya ъ: ь: є:e љ:l њ:n џ:j ќ:k ѓ:g ѕ:z ѐ:e ѝ:i
"""
# Vowel signs are marks and gone too; the long vowels waw and yeh stay as u and i, save at the start of a word.
_ARABIC = """
    ا:a ب:b ت:t ث:th ج:j ح:h خ:kh د:d ذ:dh ر:r ز:z س:s ش:sh ص:s ض:d ط:t ظ:z ع:a غ:gh ف:f ق:q ك:k ل:l م:m ن:n ه:h
    و:u ي:i ى:a ة:a ء: پ:p چ:ch ژ:zh گ:g ک:k ی:i ہ:h ۃ:a ۀ:h ٱ:a ے:i ڑ:r ٹ:t ڈ:d ں:n ـ:
"""
# Words that partners write, join or leave out: articles and links of descent.
_PARTICLES = """
    al el ul ould uld wuld bin ibn ben bint bt binti walad de da do dos das del della di du des la le las los
    van von der den ter y e
"""
_MOST_NAME_PARTS = 5
_LEAST_DOCUMENT, _LEAST_PHONE, _PHONE_DIGITS = 5, 7, 9
_NEAR_YEARS = (-2, -1, 0, 1, 2)


def _table(text: str) -> dict[str, str]:
    return {letter: becomes for letter, _, becomes in (entry.partition(":") for entry in text.split())}


_LETTERS = {**_table(_LATIN), **_table(_CYRILLIC), **_table(_ARABIC)}
PARTICLES = frozenset(_PARTICLES.split())


def folded(name: pl.Expr) -> pl.Expr:
    """A name as lower-case words, one space between; null where nothing is left.

    Unicode NFKD (UAX 15), marks stripped, Arabic and Cyrillic letters transliterated to a to z, apostrophes dropped, anything that is
    no letter a space. Letters of other scripts stay as they are.
    """
    plain = (
        name.str.normalize("NFKD")
        .str.replace_all(r"\p{M}+", "")
        .str.to_lowercase()
        # A second pass: lower-casing a capital dotted I makes a new mark.
        .str.replace_all(r"\p{M}+", "")
        .str.replace_all(r"(^|\P{L})ال(\p{L}{3,})", "${1}al ${2}")
        .str.replace_all(r"(^|\P{L})و", "${1}w")
        .str.replace_all(r"(^|\P{L})[يی]", "${1}y")
        .str.replace_many(list(_LETTERS), list(_LETTERS.values()))
        .str.replace_all(r"['’‘ʼ`´ʿʾ]", "")
        .str.replace_all(r"\P{L}+", " ")
        .str.strip_chars()
    )
    return pl.when(plain != "").then(plain)


def skeleton(word: pl.Expr) -> pl.Expr:
    """What stays of a folded word across spellings: the consonants, one letter a sound, runs collapsed; a leading vowel counts as a.

    Romanisations of one name agree on it far more often than on letters (muhammad, mohamed and the Arabic spelling: mhmd).
    """
    sounds = (
        word.str.replace_all(r"^(?:al|el)([^aeiouy][a-z]{4,})$", "${1}")
        .str.replace_many(
            ["sch", "tch", "dj", "kh", "gh", "dh", "th", "ph", "sh", "ch", "zh", "ck"],
            ["s", "s", "j", "h", "g", "d", "t", "f", "s", "s", "s", "k"],
        )
        .str.replace_all(r"c([eiy])", "s${1}")
        .str.replace_many(["c", "q", "w", "z", "x"], ["k", "k", "v", "s", "ks"])
        .str.replace_all(r"^y", "j")
        .str.replace_all(r"^[aeiou]+", "A")
        .str.replace_all(r"[aeiouy]+", "")
        .str.replace_all(r"h+$", "")
        .str.to_lowercase()
    )
    for letter in "bdfghjklmnprstv":
        sounds = sounds.str.replace_all(f"{letter}{{2,}}", letter)
    return pl.when(sounds.str.len_chars() > 1).then(sounds).otherwise(word)


def name_parts(names: pl.DataFrame) -> pl.DataFrame:
    """From position and any number of name columns: position, `part`, `sides`: the skeletons of a record's words, each once.

    `sides` lists the columns that the part stands in. Particles go unless a column holds nothing else, and so do initials (one letter
    a to z). Of more than five parts the first five of the alphabet stay. A record without a name has no row.
    """
    columns = [name for name in names.columns if name != "position"]
    long = names.unpivot(on=columns, index="position", variable_name="column", value_name="name").drop_nulls("name")
    distinct = long.select("name").unique().with_columns(folded(pl.col("name")).str.split(" ").alias("word"))
    words = distinct.drop_nulls("word").explode("word")
    is_particle = pl.col("word").is_in(sorted(PARTICLES))
    words = words.filter((~is_particle | is_particle.all().over("name")) & ~pl.col("word").str.contains("^[a-z]$"))
    vocabulary = words.select("word").unique().with_columns(skeleton(pl.col("word")).alias("part"))
    parts = long.join(words.join(vocabulary, on="word").select("name", "part"), on="name")
    sided = parts.group_by("position", "part").agg(pl.col("column").unique().sort().alias("sides"))
    return sided.sort("position", "part").filter(pl.int_range(pl.len()).over("position") < _MOST_NAME_PARTS)


def document(value: pl.Expr) -> pl.Expr:
    """A document number: NFKC, letters and digits only, upper case; null under five characters."""
    kept = value.str.normalize("NFKC").str.replace_all(r"[^\p{L}\p{Nd}]+", "").str.to_uppercase()
    return pl.when(kept.str.len_chars() >= _LEAST_DOCUMENT).then(kept)


def phone(value: pl.Expr) -> pl.Expr:
    """The last nine digits of a telephone number, which country and trunk prefixes leave alone; null under seven digits."""
    digits = value.str.normalize("NFKC").str.replace_all(r"[^0-9]+", "").str.tail(_PHONE_DIGITS)
    return pl.when(digits.str.len_chars() >= _LEAST_PHONE).then(digits)


def birth_day(value: pl.Expr) -> pl.Expr:
    """A full birth date as `YYYY-aa-bb`, the smaller of month and day first, since partners swap them; else null.

    Read from YYYY-MM-DD, also with month and day swapped. 1 January is how a known year is written, so it is no full date.
    """
    text = value.str.strip_chars()
    is_date = text.str.to_date("%Y-%m-%d", strict=False).is_not_null() | text.str.to_date("%Y-%d-%m", strict=False).is_not_null()
    is_full = text.str.contains(r"^\d{4}-\d{2}-\d{2}$") & is_date & ~text.str.ends_with("-01-01")
    month, day = text.str.slice(5, 2), text.str.slice(8, 2)
    low, high = pl.min_horizontal(month, day), pl.max_horizontal(month, day)
    return pl.when(is_full).then(pl.concat_str(text.str.head(4), low, high, separator="-"))


def birth_day_as_stated(value: pl.Expr) -> pl.Expr:
    """A full birth date as it was written, YYYY-MM-DD, where `birth_day` finds one; else null."""
    return pl.when(birth_day(value).is_not_null()).then(value.str.strip_chars())


def birth_years(value: pl.Expr) -> pl.Expr:
    """The birth years to make tokens with, as a list of text; null where no year is stated.

    One for a full date or a month (YYYY-MM); for a year alone, also written as 1 January, those up to two years off as well, since such
    a year is an estimate.
    """
    text = value.str.strip_chars()
    stated = pl.when(text.str.contains(r"^\d{4}(-\d{2}){0,2}$")).then(text.str.head(4).cast(pl.Int32, strict=False))
    is_exact = text.str.contains(r"^\d{4}-\d{2}$") | birth_day(value).is_not_null()
    near = pl.concat_list([(stated + years).cast(pl.String) for years in _NEAR_YEARS])
    return pl.when(stated.is_null()).then(None).when(is_exact).then(pl.concat_list([stated.cast(pl.String)])).otherwise(near)


def gender(value: pl.Expr) -> pl.Expr:
    """A gender as `M`, `W` or the code itself in upper case; null when blank or missing."""
    kept = code(value)
    return (
        pl.when(kept.is_in(["F", "FEMALE", "WOMAN", "W"]))
        .then(pl.lit("W"))
        .when(kept.is_in(["M", "MALE", "MAN"]))
        .then(pl.lit("M"))
        .otherwise(kept)
    )


def code(value: pl.Expr) -> pl.Expr:
    """A code of a vocabulary, such as a citizenship: stripped and in upper case; null when blank or a code for a missing value."""
    kept = value.str.strip_chars().str.to_uppercase()
    return pl.when(~kept.is_in(["", *(missing.upper() for missing in MISSING_CODES)])).then(kept)
