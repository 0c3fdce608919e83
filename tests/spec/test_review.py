"""Review: what is asked first, what is said of a pair, and the picture of it; every number adds up, and no cell of a report is in it."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import polars as pl
import pytest
from rich.console import Console

from linkage.bonds import JUDGEMENTS
from linkage.clusters import QUESTIONS
from linkage.features import features
from linkage.guards import Guard
from linkage.model import LinkageModel, load_model
from linkage.review.explanation import (
    Explanation,
    Outcome,
    account_text,
    bits_text,
    explained,
    notes_of,
    outcome_word,
    prior_bits,
    standing_text,
    step_text,
    steps_of,
)
from linkage.review.picture import picture
from linkage.review.queue import Question, judgement_to_take_back, verdict_of, waiting
from linkage.review.waterfall import bar_text, bars_of, scale_of, waterfall
from linkage.review.words import Likeness, field_word, known_levels, level_word, likeness_of
from schemas.messages import list_text, say, spoken
from schemas.vocabulary import LANGUAGES, Language
from schemas.zones import Identified

MODEL = load_model()
SVG = "{http://www.w3.org/2000/svg}"


def questions(*rows: tuple[str, str, int, int, int]) -> pl.DataFrame:
    """Questions by left, right, weight, size_left, size_right."""
    return pl.DataFrame([(*row, False) for row in rows], schema=QUESTIONS, orient="row")


def judgements(*rows: tuple[int, str, str, str, str]) -> pl.DataFrame:
    """Judgements by number, left, right, verdict, by."""
    return pl.DataFrame([(*row, "2026-01-01T00:00:00+00:00") for row in rows], schema=JUDGEMENTS, orient="row")


def pairs(found: tuple[Question, ...]) -> list[str]:
    return [question.record_key_left + question.record_key_right for question in found]


class TestTheOrderOfQuestions:
    def test_a_pair_between_two_large_groups_comes_first(self) -> None:
        asked = questions(("a", "b", 0, 1, 1), ("c", "d", 0, 4, 3), ("e", "f", 0, 9, 1), ("g", "h", 0, 1, 2))
        assert pairs(waiting(asked, judgements(), 0.0)) == ["cd", "ef", "gh", "ab"]

    def test_among_equal_sizes_the_one_nearest_to_the_undecided_point_then_by_keys(self) -> None:
        asked = questions(("a", "b", 2_900, 1, 1), ("g", "h", 1_000, 1, 1), ("c", "d", -2_000, 1, 1), ("e", "f", 0, 1, 1))
        assert pairs(waiting(asked, judgements(), -0.5)) == ["ef", "cd", "gh", "ab"]

    def test_the_order_of_the_rows_does_not_matter(self) -> None:
        asked = questions(*[(f"l{n}", f"r{n}", n % 3 * 500, 1 + n % 2, 1) for n in range(12)])
        assert waiting(asked, judgements(), 0.5) == waiting(asked.reverse(), judgements(), 0.5)

    def test_what_was_judged_is_gone_and_what_was_put_off_comes_last(self) -> None:
        asked = questions(("a", "b", 0, 9, 9), ("c", "d", 0, 1, 1), ("e", "f", 0, 5, 5), ("g", "h", 0, 1, 1))
        said = judgements((1, "a", "b", "unsure", "x"), (2, "e", "f", "same", "x"), (3, "g", "h", "different", "x"))
        found = waiting(asked, said, 0.0)
        assert pairs(found) == ["cd", "ab"]
        assert [question.is_unsure for question in found] == [False, True]

    def test_the_newest_verdict_on_a_pair_counts(self) -> None:
        asked = questions(("a", "b", 0, 1, 1), ("c", "d", 0, 1, 1))
        said = judgements(
            (4, "a", "b", "same", "x"), (9, "a", "b", "unsure", "y"), (5, "c", "d", "unsure", "x"), (6, "c", "d", "same", "y")
        )
        assert pairs(waiting(asked, said, 0.0)) == ["ab"]
        assert pairs(waiting(asked, said.reverse(), 0.0)) == ["ab"]

    def test_nothing_to_ask_is_an_empty_queue(self) -> None:
        assert waiting(questions(), judgements(), 0.0) == ()


class TestTakingBack:
    def test_the_last_judgement_of_a_person_gives_way_to_what_stood_before(self) -> None:
        said = judgements((1, "a", "b", "different", "y"), (2, "a", "b", "same", "x"), (3, "c", "d", "same", "y"))
        assert judgement_to_take_back(said, "x") == ("a", "b", "different")

    def test_where_nothing_stood_before_it_is_unsure_which_binds_nothing(self) -> None:
        assert judgement_to_take_back(judgements((1, "a", "b", "same", "x")), "x") == ("a", "b", "unsure")

    def test_once_more_brings_it_back(self) -> None:
        said = judgements((1, "a", "b", "same", "x"), (2, "a", "b", "unsure", "x"))
        assert judgement_to_take_back(said, "x") == ("a", "b", "same")

    def test_nobody_takes_back_what_someone_judged_since(self) -> None:
        said = judgements((1, "a", "b", "same", "x"), (2, "a", "b", "different", "y"))
        assert judgement_to_take_back(said, "x") is None
        assert judgement_to_take_back(said, "z") is None

    def test_a_word_that_is_no_verdict_is_not_quoted(self) -> None:
        assert verdict_of("same") == "same"
        with pytest.raises(ValueError, match="same, different, unsure") as caught:
            verdict_of("Zephyrelle")
        assert "Zephyrelle" not in str(caught.value)


def explanation(
    model: LinkageModel = MODEL, question: Question | None = None, guards: tuple[Guard, ...] = (), **reached: int
) -> Explanation:
    """The account of a pair that reaches these levels by comparison, and is missing everything else."""
    levels = {f"level_{comparison.name}": reached.get(comparison.name, 0) for comparison in model.comparisons}
    asked = question or Question("a", "b", 400, 1, 1, is_joined=True)
    return Explanation(asked, prior_bits(model), steps_of(levels, model), guards, model.thresholds)


MIXED = explanation(given_name=1, family_name=len(MODEL.comparisons[1].levels) - 1, birth_date=1, gender=1)
"""One name agrees, the other differs, birth date and gender agree, all else is missing."""


class TestTheAccountOfAPair:
    def test_its_weights_sum_to_the_weight_that_linkage_gives_the_pair(self) -> None:
        rows = {
            "record_key": ["a", "b", "c"],
            "partner_code": ["p", "q", "q"],
            "given_name": ["Quendoline", "Quendolina", "Abel"],
            "family_name": ["Vastrik", "Vastrik", None],
            "birth_date": ["1991-04-07", "1991", "1960-02-03"],
            "gender_code": ["woman", "woman", "man"],
        }
        known = features(Identified(pl.DataFrame(rows)), MODEL)
        asked = [Question("a", "b", 0, 1, 1, is_joined=True), Question("b", "c", 0, 1, 1, is_joined=False)]
        from linkage.scoring import levels_of

        weights = levels_of(known, pl.DataFrame({"left": [0, 1], "right": [1, 2]}), MODEL)["weight"]
        found = explained(known, asked, MODEL)
        assert [each.question for each in found] == asked
        assert [each.total for each in found] == pytest.approx([weight / 1000 for weight in weights], abs=0.001)
        assert found[0].total > found[1].total

    def test_every_comparison_is_named_once_and_in_the_order_of_the_model(self) -> None:
        assert [step.comparison for step in MIXED.steps] == [comparison.name for comparison in MODEL.comparisons]

    def test_an_outcome_is_the_sign_of_the_weight(self) -> None:
        found = {step.comparison: step.outcome for step in MIXED.steps}
        assert (found["given_name"], found["family_name"], found["phone"]) == (Outcome.FOR, Outcome.AGAINST, Outcome.MISSING)
        silent = replace(MIXED.steps[0], bits=0.04)
        assert silent.outcome is Outcome.SILENT

    def test_what_is_equal_stays_equal_though_it_weighs_against(self) -> None:
        """A common name that both reports have in common is no difference; one sentence says why it weighs against all the same."""
        labels = [level.label for level in MODEL.comparisons[0].levels]
        common = explanation(given_name=labels.index("same words, common"))
        assert (common.steps[0].likeness, common.steps[0].outcome) == (Likeness.EQUAL, Outcome.AGAINST)
        assert "An equal but common name can weigh against" in " ".join(notes_of(common, "en"))
        assert "An equal but common name" not in " ".join(notes_of(MIXED, "en"))

    def test_every_level_that_is_called_different_or_missing_is_found_so_and_no_other(self) -> None:
        found = {level.label: likeness_of(level.label) for comparison in MODEL.comparisons for level in comparison.levels}
        assert {label for label, likeness in found.items() if likeness is Likeness.MISSING} == {"missing"}
        assert all((likeness is Likeness.DIFFERENT) == label.startswith("different") for label, likeness in found.items())
        assert [found[label] for label in ("same day", "same month", "nearly the same")] == [Likeness.EQUAL, Likeness.NEAR, Likeness.NEAR]

    def test_what_is_missing_weighs_nothing(self) -> None:
        assert explanation().total == pytest.approx(math.log2(MODEL.prior / (1 - MODEL.prior)))

    def test_it_says_what_holds_and_what_a_guard_forbids(self) -> None:
        guarded = explanation(guards=(Guard.DOCUMENT,), question=Question("a", "b", 400, 3, 2, is_joined=False))
        notes = " ".join(notes_of(guarded, "en"))
        assert "Today both count as two persons" in notes
        assert "document numbers differ" in notes
        assert "3 and 2; the mean weight between them is +0.4 bits" in notes
        assert "the pair that agrees most; the question is about both groups" in notes
        alone = " ".join(notes_of(explanation(), "en"))
        assert "agrees most" not in alone
        assert "one person: that is the best estimate" in alone
        assert "so far" not in alone
        assert "Today" not in " ".join(notes_of(explanation(question=Question("a", "b", 0, 1, 1, is_joined=None)), "en"))
        assert bits_text(MODEL.thresholds.automatic, "en") in alone

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_all_of_it_is_said_in_each_language(self, language: Language) -> None:
        guarded = replace(MIXED, guards=tuple(Guard), question=Question("a", "b", -1_500, 3, 2, is_joined=False))
        text = account_text(guarded, language) + " ".join(notes_of(guarded, language))
        assert all(field_word(comparison.name, language) in text for comparison in MODEL.comparisons)
        assert bits_text(guarded.total, language) in text
        english = account_text(guarded, "en") + " ".join(notes_of(guarded, "en"))
        if language != "en":
            words = set(re.findall("[a-z]{5,}", english)) & set(re.findall("[a-z]{5,}", text))
            assert not words & {"missing", "different", "together", "compared", "before", "count", "judgement"}
        assert len({spoken(outcome_word(outcome), language) for outcome in Outcome}) == len(Outcome)
        assert spoken(standing_text(is_joined=False), language) in text

    def test_numbers_are_written_as_the_language_does(self) -> None:
        assert [bits_text(-2.25, language) for language in LANGUAGES] == ["−2.2", "−2,2", "−2,2", "−2.2"]
        assert (bits_text(3.04, "en"), bits_text(0.01, "fr"), bits_text(-0.01, "en")) == ("+3.0", "0,0", "0.0")
        assert step_text(MIXED.steps[0], "en").startswith("Given name: ")


class TestTheWords:
    def test_every_level_of_the_model_is_said_in_all_languages(self) -> None:
        assert {level.label for comparison in MODEL.comparisons for level in comparison.levels} == known_levels()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_comparison_is_called_by_a_word_of_the_language(self, language: Language) -> None:
        words = [field_word(comparison.name, language) for comparison in MODEL.comparisons]
        assert len(set(words)) == len(words)
        assert not [word for word in words if "_" in word]

    def test_what_no_catalogue_knows_is_said_as_the_model_says_it(self) -> None:
        assert (level_word("a level of tomorrow", "fr"), field_word("shoe_size", "ar")) == ("a level of tomorrow", "shoe_size")


class TestTheWaterfall:
    def test_each_bar_begins_where_the_one_before_it_ends(self) -> None:
        bars = bars_of(MIXED, "en")
        for before, bar in pairwise(bars[:-1]):
            assert bar.start == before.end
            assert bar.end - bar.start == pytest.approx(bar.bits)
        assert (bars[0].start, bars[0].end, bars[-1].start) == (0.0, MIXED.prior, 0.0)
        assert bars[-1].end == pytest.approx(bars[-2].end) == pytest.approx(MIXED.total)

    def test_agreement_runs_to_the_right_and_difference_to_the_left(self) -> None:
        bars = bars_of(MIXED, "en")
        scale = scale_of(MIXED, bars)
        for bar in bars[1:-1]:
            moved = scale.place(bar.end) - scale.place(bar.start)
            assert {Outcome.FOR: moved > 0, Outcome.AGAINST: moved < 0}.get(bar.outcome or Outcome.MISSING, moved == 0)

    def test_no_bar_and_no_threshold_lies_outside_the_scale(self) -> None:
        bars = bars_of(MIXED, "en")
        scale = scale_of(MIXED, bars)
        limits = MODEL.thresholds
        assert all(0 < scale.place(bits) < 1 for bits in (limits.review, limits.asked, *(bar.end for bar in bars)))

    def test_a_bar_in_the_terminal_covers_the_columns_of_its_weight(self) -> None:
        bars = bars_of(MIXED, "en")
        drawn = [bar_text(bar, scale_of(MIXED, bars), MODEL.thresholds.link, width=40) for bar in bars]
        assert {len(text.plain) for text in drawn} == {40}
        by_name = dict(zip([bar.name for bar in bars], drawn, strict=True))
        assert by_name["Given name"].style == "green"
        assert by_name["Family name"].style == "red"
        assert by_name["Given name"].plain.count("█") > 1
        assert by_name["Telephone"].plain.count("█") == 0

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_the_terminal_shows_a_line_a_comparison_and_the_sum(self, language: Language) -> None:
        console = Console(width=200, record=True, file=None, force_terminal=False)
        with console.capture() as captured:
            console.print(waterfall(MIXED, language))
        lines = captured.get().splitlines()
        assert len(lines) == len(MODEL.comparisons) + 2
        assert bits_text(MIXED.total, language) in lines[-1]
        assert spoken(outcome_word(Outcome.FOR), language) in captured.get()


class TestThePicture:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_it_is_one_well_formed_document_that_fetches_and_runs_nothing(self, language: Language) -> None:
        text = picture(MIXED, language)
        root = ElementTree.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert {element.tag.removeprefix(SVG) for element in root.iter()} == {"svg", "title", "desc", "rect", "line", "text"}
        assert not re.search(r"href|url\(|@import|script|http(?!://www\.w3\.org/2000/svg)", text)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_who_does_not_see_it_hears_a_title_and_the_whole_account(self, language: Language) -> None:
        root = ElementTree.fromstring(picture(MIXED, language))
        named = {element.get("id"): element.text for element in root if element.get("id")}
        assert root.get("role") == "img"
        assert (root.get("aria-labelledby") or "").split() == list(named)
        assert named["desc"] == account_text(MIXED, language)
        assert root.get("lang") == language

    def test_its_bars_add_up_on_the_scale(self) -> None:
        bars = [bar for bar in bars_of(MIXED, "en") if bar.outcome is not Outcome.MISSING]
        boxes = ElementTree.fromstring(picture(MIXED, "en")).findall(f"{SVG}rect")[1:]
        assert len(boxes) == len(bars)
        per_bit = {
            round(float(box.get("width", 0)) / abs(bar.bits), 1) for box, bar in zip(boxes, bars, strict=True) if abs(bar.bits) > 0.5
        }
        assert max(per_bit) - min(per_bit) < 0.5
        ends = [float(box.get("x", 0)) + float(box.get("width", 0)) for box in boxes]
        assert all(0 < end < 860 for end in ends)

    def test_in_arabic_the_words_stand_on_the_right_and_the_scale_is_the_same(self) -> None:
        root = ElementTree.fromstring(picture(MIXED, "ar"))
        words = [text for text in root.findall(f"{SVG}text") if text.get("direction") == "rtl"]
        assert {float(text.get("x", 0)) for text in words} == {844.0}
        numbers = [text.text or "" for text in root.findall(f"{SVG}text") if text.get("direction") == "ltr"]
        assert bits_text(MIXED.total, "ar") in numbers
        places = [box.get("x") for box in root.findall(f"{SVG}rect")[1:]]
        bars = [bar for bar in bars_of(MIXED, "ar") if bar.outcome is not Outcome.MISSING]
        rising = [number for number, bar in enumerate(bars) if bar.bits > 1 and bar.outcome is Outcome.FOR]
        assert all(float(places[n] or 0) >= float(places[n - 1] or 0) for n in rising if bars[n - 1].bits > 0 and bars[n - 1].outcome)

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_every_comparison_is_named_once_with_a_bar_or_as_missing(self, language: Language) -> None:
        texts = [text.text or "" for text in ElementTree.fromstring(picture(MIXED, language)).findall(f"{SVG}text")]
        words = {step.comparison: field_word(step.comparison, language) for step in MIXED.steps}
        missing = [words[step.comparison] for step in MIXED.steps if step.outcome is Outcome.MISSING]
        shown = [word for word in words.values() if word not in missing]
        assert [text for text in texts if text in words.values()] == shown
        assert " ".join(texts).count(spoken(say("missing: {fields}", fields=list_text(missing, language)), language)) == 1

    def test_signs_that_steer_a_document_are_escaped(self) -> None:
        bold = MODEL.model_copy(
            update={"comparisons": (MODEL.comparisons[0].model_copy(update={"name": "<b>&", "levels": MODEL.comparisons[0].levels}),)}
        )
        levels = {"level_<b>&": 1}
        told = Explanation(MIXED.question, 0.0, steps_of(levels, bold), (), MODEL.thresholds)
        assert "<b>" not in picture(told, "en")
        assert ElementTree.fromstring(picture(told, "en")) is not None
