"""Texts as they are compared: headers with headers, and the texts of cells with the texts of our lists.

Here: the two foldings that files and specifications are read by. Never here: names of persons (`linkage.folding`).
"""

from __future__ import annotations

import unicodedata


def folded_header(text: str) -> str:
    """A header as it is compared: composed (NFC), single spaces, no byte order mark, straight apostrophes, case folded.

    Accents stay: in some languages they alone tell two columns apart.
    """
    composed = unicodedata.normalize("NFC", text).replace("\ufeff", "").replace("\u2019", "'")
    return " ".join(composed.split()).casefold()


def folded_label(text: str) -> str:
    """The text of a category as it is compared when neither case, accents nor the shape of an apostrophe matter.

    Compatibility decomposition (NFKD, Unicode Standard Annex 15) without its nonspacing marks, in small letters.
    """
    letters = (letter for letter in unicodedata.normalize("NFKD", text.strip()) if unicodedata.category(letter) != "Mn")
    return "".join(letters).replace("\u2019", "'").lower()
