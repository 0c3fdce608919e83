"""Draw the waterfall of an invented pair: from the repository root, `.venv/bin/python docs/pictures/review.py`.

Here: two invented reports, and the picture that review draws of them, as Chromium shows it. Never here: how it is drawn.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import polars as pl
from pages import browser

from linkage.features import features
from linkage.model import load_model
from linkage.review.explanation import Explanation, explained
from linkage.review.picture import picture
from linkage.review.queue import Question
from schemas.zones import Identified

REPORTS = {
    "record_key": ["1", "2"],
    "partner_code": ["fr-police", "es-linea-ayuda"],
    "given_name": ["Quendoline", "Quendolina"],
    "family_name": ["El-Vastriki", "Vastriqui"],
    "birth_date": ["1991-04-17", "1991-11-02"],
    "gender_code": ["woman", "woman"],
    "citizenship_code": ["MA", "MA"],
    "phone": ["+33 1 99 00 12 34", "+34 910 000 111"],
}
"""Everyone here is invented."""


def main() -> None:
    """Write `review.png` beside this script."""
    with tempfile.TemporaryDirectory() as folder, browser() as opened:
        file = Path(folder) / "review.svg"
        file.write_text(picture(invented_pair(), "en"), encoding="utf-8")
        page = opened.new_page(viewport={"width": 860, "height": 600}, device_scale_factor=2)
        page.goto(file.as_uri())
        page.locator("svg").screenshot(path=str(Path(__file__).with_name("review.png")))


def invented_pair() -> Explanation:
    """The account of the two reports under the frozen model."""
    model = load_model()
    [found] = explained(features(Identified(pl.DataFrame(REPORTS)), model), [Question("1", "2", 0, 1, 1, is_joined=False)], model)
    return replace(found, question=replace(found.question, is_joined=found.total >= model.thresholds.link))


if __name__ == "__main__":
    main()
