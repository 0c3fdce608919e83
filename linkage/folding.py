"""Bring text written in any script down to plain letters, and names further to a skeleton of their sounds.

Here: folding and skeletons, as polars expressions. Never here: birth dates, scores, secrets; the pinned text that keyed tokens
are made over, which `linkage.private` keeps for itself.
"""

from __future__ import annotations

import polars as pl
from anyascii import anyascii

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
# Words that partners write, join or leave out: articles and links of descent. They carry no weight.
_PARTICLES = """
    al el ul ould uld wuld bin ibn ben bint bt binti walad de da do dos das del della di du des la le las los
    van von der den ter y e
"""


def _table(text: str) -> dict[str, str]:
    return {letter: becomes for letter, _, becomes in (entry.partition(":") for entry in text.split())}


_LETTERS = {**_table(_LATIN), **_table(_CYRILLIC), **_table(_ARABIC)}
PARTICLES = frozenset(_PARTICLES.split())


def folded(name: pl.Expr) -> pl.Expr:
    """A name as lower-case words, one space between; null where nothing is left.

    Unicode NFKD (UAX 15), marks stripped, Arabic and Cyrillic letters transliterated to a to z, apostrophes dropped, anything that is
    no letter a space. Letters of other scripts stay as they are; `folded_values` transliterates them too.
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


def folded_values(names: pl.Series) -> pl.Series:
    """What `folded` makes of every name, and letters of all other scripts transliterated to a to z by `anyascii`.

    A digit between letters is a typing error of a letter and is dropped. Meant for distinct values: `anyascii` takes one at a time.
    """
    text = names.str.replace_all(r"(\p{L})\p{Nd}+(\p{L})", "${1}${2}")
    plain = pl.DataFrame({"name": text}).select(folded(pl.col("name")))["name"]
    is_foreign = plain.str.contains("[^a-z ]").fill_null(value=False)
    if not is_foreign.any():
        return plain
    romanised = pl.Series([anyascii(name) if foreign else None for name, foreign in zip(text, is_foreign, strict=True)], dtype=pl.String)
    return pl.DataFrame({"name": romanised, "plain": plain}).select(pl.coalesce(folded(pl.col("name")), "plain"))["name"]


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
