"""The page of one question: cells side by side, differences set off, codes in words, nothing that steers a terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from linkage.model import load_model
from linkage.registry.judging import Verdict
from linkage.review.explanation import Explanation, prior_bits, steps_of
from linkage.review.queue import Question
from linkage.review.waterfall import bars_of
from pipelines.review_page import differing, effects_text, keys_text, page_of, says_text
from pipelines.reviewing import Page
from schemas.vocabulary import LANGUAGES, Language

MODEL = load_model()
LEFT = {"partner_code": "first-ngo", "given_name": "Quendolinara", "middle_name": "Ada", "gender_code": "woman", "citizenship_code": "MA"}
RIGHT = {"partner_code": "second-ngo", "given_name": "Quendolinora", "gender_code": "woman", "citizenship_code": None}


def page(left: dict[str, str | None], right: dict[str, str | None], **reached: int) -> Page:
    levels = {f"level_{comparison.name}": reached.get(comparison.name, 0) for comparison in MODEL.comparisons}
    asked = Question("a", "b", 400, 1, 1, is_joined=False)
    return Page("0a1b2c3d", Explanation(asked, prior_bits(MODEL), steps_of(levels, MODEL), (), MODEL.thresholds), left, right)


def printed(shown: Page, language: Language = "en", *, verdict: Verdict | None = None, width: int = 160, note: str = "") -> str:
    console = Console(width=width, force_terminal=False, color_system=None)
    with console.capture() as captured:
        console.print(page_of(shown, "question 1 of 1", verdict, language, width, note))
    return captured.get()


def test_cells_stand_under_the_partner_that_wrote_them() -> None:
    lines = printed(page(LEFT, RIGHT, given_name=1, gender=1)).splitlines()
    head = next(line for line in lines if "first-ngo" in line)
    name = next(line for line in lines if "Quendolinara Ada" in line)
    assert head.index("first-ngo") == name.index("Quendolinara")
    assert head.index("second-ngo") == name.index("Quendolinora")


def test_codes_are_said_in_words_of_the_language() -> None:
    assert "Femme" in printed(page(LEFT, RIGHT, gender=1), "fr")
    assert "Marruecos" in printed(page(LEFT, RIGHT), "es")
    unlisted = page(LEFT | {"gender_code": "no-such-code"}, RIGHT, gender=1)
    assert "no-such-code" in printed(unlisted)


def test_what_one_report_does_not_state_is_a_dash_and_what_neither_states_is_named_in_one_line() -> None:
    text = printed(page(LEFT, RIGHT, given_name=1))
    citizenship = next(line for line in text.splitlines() if "Morocco" in line)
    assert "—" in citizenship
    assert "missing" in citizenship
    [neither] = [line for line in text.splitlines() if line.startswith("not stated in either report")]
    assert "Telephone" in neither
    assert "Citizenship" not in neither


def test_a_token_is_shown_by_its_beginning() -> None:
    text = printed(page(LEFT | {"person_token": "f" * 64}, RIGHT))
    assert f"{'f' * 12}…" in text
    assert "f" * 13 not in text


def test_signs_that_differ_are_set_off_and_small_letters_are_no_difference() -> None:
    left, right = differing("Quendolinara", "quendolinora")
    assert [(span.start, span.end) for span in left.spans] == [(9, 10)]
    assert [(span.start, span.end) for span in right.spans] == [(9, 10)]
    assert differing("same", "SAME")[0].spans == []
    assert [text.plain for text in differing("", "x")] == ["—", "x"]
    dotted = differing("İ" * 3 + "a", "İ" * 3 + "b")
    assert [(span.start, span.end) for span in dotted[0].spans] == [(3, 4)]


def test_a_cell_cannot_steer_the_terminal() -> None:
    text = printed(page(LEFT | {"given_name": "\x1b[2Jx\u202ey[bold]z"}, RIGHT, given_name=1))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b[2Jx\\u202ey[bold]z" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [80, 160])
def test_every_key_is_on_the_page(language: Language, width: int) -> None:
    text = printed(page(LEFT, RIGHT, given_name=1), language, width=width)
    assert all(f"[{key}]" in text for key in "sdubq")
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert len(keys_text(language).plain.split("[")) == 6


def test_an_answer_that_was_given_and_what_went_wrong_are_said() -> None:
    text = printed(page(LEFT, RIGHT), verdict="different", note="not kept")
    assert "your answer so far: different persons" in text
    assert "not kept" in text


def test_an_answer_that_is_not_applied_is_said_so() -> None:
    judged = page(LEFT, RIGHT)
    assert "this answer is not applied" in printed(replace(judged, is_contradicted=True), verdict="same")
    assert "this answer is not applied" not in printed(judged, verdict="same")


def test_an_equal_name_is_shown_as_equal_whatever_it_weighs() -> None:
    common = [level.label for level in MODEL.comparisons[0].levels].index("same words, common")
    alike = page(LEFT | {"middle_name": None}, RIGHT | {"given_name": "Quendolinara"}, given_name=common)
    [name] = [line for line in printed(alike).splitlines() if "Quendolinara" in line]
    assert "= same words, common" in name
    assert "−" in name
    says = says_text(alike.explanation.steps[0], bars_of(alike.explanation, "en")[1], "Quendolinara", "Quendolinara", "en")
    assert "red" not in str(says.style)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_each_answer_will_do_is_said(language: Language) -> None:
    assert effects_text(language) in " ".join(printed(page(LEFT, RIGHT), language, width=400).split("\n"))


def test_a_token_that_neither_report_has_is_not_named_as_missing() -> None:
    assert "token" not in printed(page(LEFT, RIGHT))


def test_in_a_narrow_window_the_reports_stand_one_below_the_other() -> None:
    lines = printed(page(LEFT, RIGHT, given_name=1, gender=1), width=50).splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("Given name"))
    assert lines[at + 1 : at + 3] == ["  first-ngo: Quendolinara Ada", "  second-ngo: Quendolinora"]
    assert "= same words, rare" in lines[at]
    assert any(line.startswith("together") for line in lines[at:])
