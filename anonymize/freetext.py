"""What may be known of a narrative outside the vault: how long it is and in which language.

Here: counting characters and telling languages apart by script and function words. Never here: a word of the text in a
result, a model, or a guess where the words do not decide.

Function words carry the language of even a short text, because they are frequent and closed classes (Ingle 1976;
Grefenstette 1995, "Comparing two language identification schemes", JADT). The neighbours of French, Spanish and English are
listed too, so that Portuguese is not read as Spanish.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from schemas.vocabulary import UNKNOWN

LEADING_CHARACTERS = 2_000
"""Only the beginning is read: three hundred words decide, and a long narrative costs no more than a short one."""
LEAST_LETTERS = 12
"""Under it a text is no sentence, and two words of a name would decide its language."""
LEAST_SHARE = 0.12
"""Of the words of running text 35 to 55 % stand in these lists for their own language, and under 10 % for a language unlike it."""
OWN_ARABIC_SHARE = 0.97
"""Persian, Urdu, Kurdish and Pashto write over 5 % of their letters with signs that Arabic has not."""

OTHER = "other_language"

_WORDS = {
    "en": "the of and to in is was were he she her his they that by with for on at from had been who which it not as be this "
    "has have are an but when would could after their them him or",
    "fr": "le la les l d un une des du de et est a ete qui que qu dans pour par avec sur il elle ils elles son sa ses ne n pas "
    "s se c ce cette au aux en avait etait sont leur plus ou mais apres j je ont y m lui",
    "es": "el la los las un una unos de del y es fue que en por para con su sus se no al lo le les habia estaba era cuando pero "
    "donde ella ellos como desde hasta sin sobre muy fueron han ha este esta quien mas",
    "pt": "o a os as um uma de do da dos das e foi que em no na nos nas por para com seu sua se nao ao lhe havia estava era quando "
    "mas onde ela ele eles como desde ate sem sobre muito foram pelo pela mais",
    "it": "il lo la i gli le un uno una di del della dei delle e era che in nel nella per con suo sua si non al alla da dal ha "
    "aveva stato stata sono come quando dove lei lui dopo anche ma",
    "ca": "el la els les l un una de del dels i es va que en per amb seu seva se no al ha havia estava era quan pero on ella ells "
    "com des fins sense sobre molt amb van aquest aquesta mes",
    "ro": "si de la un o a cu pe in din pentru care nu este au fost era ca mai se lui ei ea sa i prin sau dar dupa fi fara",
    "de": "der die das und in zu den von mit ist war sie er es ein eine einer dem des auf fur nicht wurde im als auch nach bei "
    "aus hat hatte dass wie uber sich ihr ihre",
    "nl": "de het een en van in te dat is was op zij hij met voor niet door werd haar zijn aan bij uit naar als ook heeft had "
    "die om maar toen er",
    "id": "yang dan di ke dari untuk dengan pada tidak ini itu adalah oleh dia mereka akan telah sudah dalam sebagai karena ia bisa ada",
    "tl": "ang ng sa na mga at ay si ni siya nang para kanya niya hindi ito isang kung may din rin nila sila",
    "ht": "li yo nan te pou ak ki yon la a pa sou lè epi men ap se konn kote anpil",
    "so": "iyo ka ku waa oo ay uu la in si wuxuu waxay kale laga loo leh ayaa",
    "sw": "na ya wa kwa ni katika za la alikuwa yake hii huo kama lakini watu baada",
    "tr": "ve bir bu da de icin ile olarak cok daha sonra kadar gibi ama onu ona olan edildi",
    "pl": "i w na z do nie sie jest to ze o jak po za od przez dla byla byl ale jej jego oraz ktora ktory",
    "sq": "dhe e i te ne nje per me nga qe ka u nuk si ishte kur por pas",
}


def length_count(narratives: pl.Series) -> pl.Series:
    """The number of characters of each narrative (Unicode code points), 0 without one."""
    return narratives.cast(pl.String).str.len_chars().fill_null(0).cast(pl.Int64)


def language_code(narratives: pl.Series) -> pl.Series:
    """The language of each narrative: en, fr, es, ar, `other_language`, or `unknown` when there is too little text to tell.

    One code a narrative, in the order given; each distinct text is read once, and equal texts get equal codes.
    """
    texts = narratives.cast(pl.String).alias("text").to_frame()
    distinct = texts.drop_nulls().unique().with_row_index("number")
    if distinct.is_empty():
        return pl.Series(narratives.name, [UNKNOWN] * narratives.len(), dtype=pl.String)
    coded = _with_function_words(_with_scripts(distinct)).select("text", code=_decision())
    return texts.join(coded, on="text", how="left", maintain_order="left")["code"].fill_null(UNKNOWN).alias(narratives.name)


def _with_scripts(distinct: pl.DataFrame) -> pl.DataFrame:
    """Lower-case text without accents, and its letters by script."""
    folded = pl.col("text").str.slice(0, LEADING_CHARACTERS).str.to_lowercase().str.normalize("NFKD").str.replace_all(r"\p{M}", "")
    counted = distinct.with_columns(folded=folded).with_columns(
        letters=pl.col("folded").str.count_matches(r"\p{L}"),
        latin=pl.col("folded").str.count_matches(r"\p{Latin}"),
        arabic=pl.col("folded").str.count_matches(r"[\p{Arabic}&&\p{L}]"),
        own_arabic=pl.col("folded").str.count_matches(r"[ء-غف-ي]"),
    )
    return counted.with_columns(pl.col("letters", "latin", "arabic", "own_arabic").cast(pl.Int64))


def _with_function_words(distinct: pl.DataFrame) -> pl.DataFrame:
    """The number of words, and one column a language: how many of them are function words of it."""
    words = (
        distinct.select("number", word=pl.col("folded").str.extract_all(r"\p{L}+"))
        .explode("word")
        .drop_nulls()
        .join(_function_words(), on="word", how="left")
        .group_by("number")
        .agg(pl.len().cast(pl.Int64).alias("words"), *(pl.col(language).sum().cast(pl.Int64) for language in _WORDS))
    )
    return distinct.join(words, on="number", how="left").with_columns(pl.col("words", *_WORDS).fill_null(0))


@cache
def _function_words() -> pl.DataFrame:
    """Word -> a column a language, 1 where the word is one of its function words."""
    by_language = {language: set(words.split()) for language, words in _WORDS.items()}
    listed = sorted(set().union(*by_language.values()))
    flags = {language: [int(word in words) for word in listed] for language, words in by_language.items()}
    return pl.DataFrame({"word": listed} | flags)


def _decision() -> pl.Expr:
    best = pl.max_horizontal(*_WORDS)
    is_read = (pl.col("latin") * 2 > pl.col("letters")) & (best >= LEAST_SHARE * pl.col("words")) & (best > 0)
    is_arabic = (pl.col("arabic") * 2 > pl.col("letters")) & (pl.col("own_arabic") >= OWN_ARABIC_SHARE * pl.col("arabic"))
    # A text that two languages claim alike is left undecided rather than given to the first of a list.
    is_tied = pl.sum_horizontal(*((pl.col(language) == best).cast(pl.Int64) for language in _WORDS)) > 1
    decided = pl.when(pl.col("letters") < LEAST_LETTERS).then(pl.lit(UNKNOWN)).when(is_arabic).then(pl.lit("ar"))
    decided = decided.when(~is_read | is_tied).then(pl.lit(OTHER))
    for language in ("en", "fr", "es"):
        decided = decided.when(pl.col(language) == best).then(pl.lit(language))
    return decided.otherwise(pl.lit(OTHER))
