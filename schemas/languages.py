"""Languages that persons speak: ISO 639, named by the Unicode CLDR.

Here: one list, from pycountry and babel. Never here: the four languages that Casehouse itself speaks.
"""

from __future__ import annotations

import re

import pycountry
from babel import Locale

from schemas.folding import folded_label
from schemas.vocabulary import LANGUAGES, Labels, Term, Vocabulary

WITHOUT_ALPHA_2 = ("fil", "rom", "ckb", "kmr", "prs", "pcm", "fon", "bem", "tzm", "kab", "rif", "shi", "arn", "quc", "ceb", "war", "rhg")
"""Languages of persons in case files that ISO 639-1 has no two letters for."""


def spoken_languages() -> Vocabulary:
    """The languages of ISO 639-1 by two letters, and some by three; the three letters of ISO 639-2 and 639-3 are read too."""
    names = {language: Locale(language).languages for language in LANGUAGES}
    terms = []
    for known in pycountry.languages:
        code = getattr(known, "alpha_2", known.alpha_3)
        if len(code) == 2 or code in WITHOUT_ALPHA_2:
            labels = {language: names[language].get(code) for language in LANGUAGES}
            also = [known.alpha_3, getattr(known, "bibliographic", known.alpha_3), known.name]
            if all(labels.values()):
                terms.append(
                    Term(code, Labels.model_validate(labels), synonyms=tuple(dict.fromkeys(text for text in also if text != code)))
                )
    title = Labels(en="Spoken language", fr="Langue parlée", es="Idioma hablado", ar="اللغة المحكية")
    words = {folded_label(text) for term in terms for text in (*map(term.labels.of, LANGUAGES), *term.synonyms[-1:])}
    codes = {text for term in terms for text in (term.code, *term.synonyms) if re.fullmatch("[a-z]{2,3}", text)}
    letter_codes = frozenset(code for code in codes if code not in words)
    return Vocabulary("spoken_language", title, tuple(sorted(terms, key=lambda term: term.code)), letter_codes=letter_codes)
