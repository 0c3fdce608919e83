"""The report's page as a partner opens it: from a folder, without network, in each language, light, dark, narrow and on paper."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from ingest.refusals import refusal
from ingest.report.build import checked_report
from ingest.report.page import report_page
from ingest.report.refused import refused_report
from ingest.validation.checking import check_batch
from schemas.messages import say
from schemas.partner import Partner
from schemas.vocabulary import LANGUAGES, Language
from tests.browser.conftest import Recorded, record

pytestmark = pytest.mark.slow
NARROW: ViewportSize = {"width": 360, "height": 800}
PARTNER = Partner.model_validate(
    {
        "name": "one",
        "title": "One",
        "language": "en",
        "agreement": "none",
        "files": [
            {
                "name": "cases",
                "columns": {
                    "Case": {"field": "source_record_id"},
                    "Day": {"field": "registration_date", "date_format": "%Y-%m-%d"},
                    "Country_of_citizenship_as_it_stands_in_the_passport": {"field": "citizenship_code"},
                    "Forms": {"field": "exploitation_codes", "separator": "|"},
                },
            }
        ],
    }
)
FILE = b"""A list
Case,Day,Country_of_citizenship_as_it_stands_in_the_passport,Forms
1,2024-01-01,FR,Servitude
2,2024-01-01,FR,?
3,31/12/2024,?,Servitude
4,2024-01-01

5,2024-01-01,FR,Servitude
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of one batch in every language, and that of a refusal."""
    place = tmp_path_factory.mktemp("reports")
    found = check_batch([FILE], PARTNER)
    for language in LANGUAGES:
        (place / f"{language}.html").write_text(report_page(checked_report(found, PARTNER, language)), encoding="utf-8")
    refused = refusal("file_empty", where=say("the batch of {partner}", partner="one"), allowed=say("at least one file"))
    (place / "refused.html").write_text(report_page(refused_report(refused, PARTNER, "ar")), encoding="utf-8")
    return place


@pytest.fixture(params=LANGUAGES)
def shown(request: pytest.FixtureRequest, chromium: Browser, folder: Path) -> Iterator[tuple[Language, Recorded]]:
    context = chromium.new_context(offline=True)
    recorded = record(context.new_page())
    recorded.page.goto((folder / f"{request.param}.html").as_uri())
    yield request.param, recorded
    context.close()


def contrasts(page: Page) -> list[float]:
    """Of every text the contrast with what is behind it (Web Content Accessibility Guidelines 2.2, 1.4.3)."""
    found: list[float] = page.evaluate(
        """() => {
            const light = colour => {
                const parts = colour.match(/[0-9.]+/g).slice(0, 3).map(part => part / 255);
                const [r, g, b] = parts.map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
                return .2126 * r + .7152 * g + .0722 * b;
            };
            const behind = node => {
                for (; node; node = node.parentElement) {
                    const colour = getComputedStyle(node).backgroundColor;
                    if (!colour.endsWith(", 0)")) return colour;
                }
                return "rgb(255, 255, 255)";
            };
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            const found = [];
            while (texts.nextNode()) {
                if (!texts.currentNode.textContent.trim()) continue;
                const node = texts.currentNode.parentElement;
                const pair = [light(getComputedStyle(node).color), light(behind(node))].sort((a, b) => b - a);
                found.push((pair[0] + .05) / (pair[1] + .05));
            }
            return found;
        }"""
    )
    return found


def test_it_asks_for_nothing_but_itself_and_complains_of_nothing(shown: tuple[Language, Recorded], folder: Path) -> None:
    language, recorded = shown
    assert recorded.addresses == [(folder / f"{language}.html").as_uri()]
    assert recorded.errors == []


def test_it_runs_in_the_direction_of_its_language(shown: tuple[Language, Recorded]) -> None:
    language, recorded = shown
    styles = recorded.page.evaluate("[...document.querySelectorAll('h1, h2, h3, p, dd, td')].map(node => getComputedStyle(node).direction)")
    assert set(styles) == {"rtl" if language == "ar" else "ltr"}


def test_it_can_be_read_by_a_screen_reader(shown: tuple[Language, Recorded]) -> None:
    language, recorded = shown
    page = recorded.page
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    levels = [int(level) for level in page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(each => each.tagName[1])")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    named = page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby]')].map(each => !!document.getElementById(each.getAttribute('aria-labelledby')))"
    )
    assert len(named) > 5
    assert all(named)
    assert page.get_by_role("img").count() == 1
    assert page.evaluate("[...document.querySelectorAll('table')].every(each => each.querySelector('thead th[scope=col]'))")


def test_the_bar_is_as_long_as_the_counts(shown: tuple[Language, Recorded]) -> None:
    """Three rows of five of data are held or rejected; the parts stand in the order in which the language is read."""
    language, recorded = shown
    parts = recorded.page.evaluate(
        """() => [...document.querySelectorAll('.bar span')].map(each =>
            [each.className, each.getBoundingClientRect().x, each.getBoundingClientRect().width])"""
    )
    assert [name for name, _, _ in parts] == ["accepted", "quarantined", "rejected", "non_data"]
    widths = {name: width for name, _, width in parts}
    assert widths["accepted"] == pytest.approx(2 * widths["rejected"], rel=0.05)
    places = [place for _, place, _ in parts]
    assert places == sorted(places, reverse=language == "ar")


def test_an_example_of_a_date_reads_from_left_to_right_also_between_arabic_words(chromium: Browser, folder: Path) -> None:
    page = chromium.new_page()
    page.goto((folder / "ar.html").as_uri())
    places = page.evaluate(
        """() => {
            const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (texts.nextNode()) {
                const start = texts.currentNode.textContent.indexOf("2024-12-31");
                if (start < 0) continue;
                return [0, 5, 8].map(offset => {
                    const range = document.createRange();
                    range.setStart(texts.currentNode, start + offset);
                    range.setEnd(texts.currentNode, start + offset + 1);
                    return range.getBoundingClientRect().x;
                });
            }
            return [];
        }"""
    )
    assert len(places) == 3
    assert places == sorted(places)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["en", "refused"])
def test_every_text_has_contrast_enough(chromium: Browser, folder: Path, scheme: str, name: str) -> None:
    context = chromium.new_context(offline=True, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto((folder / f"{name}.html").as_uri())
    found = contrasts(page)
    assert len(found) > 8
    assert min(found) >= 4.5
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_telephone_nothing_stands_beyond_the_edge(chromium: Browser, folder: Path, language: Language) -> None:
    context = chromium.new_context(viewport=NARROW, offline=True)
    page = context.new_page()
    page.goto((folder / f"{language}.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    context.close()


def test_on_paper_the_colours_of_the_bar_stay_and_no_finding_is_torn(chromium: Browser, folder: Path) -> None:
    page = chromium.new_page()
    page.goto((folder / "en.html").as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.querySelector('.bar span')).printColorAdjust") == "exact"
    assert page.evaluate("getComputedStyle(document.querySelector('article')).breakInside") == "avoid"
    page.close()


def test_a_refusal_says_what_where_and_what_to_do(chromium: Browser, folder: Path) -> None:
    page = chromium.new_page()
    page.goto((folder / "refused.html").as_uri())
    expect(page.locator("h2")).to_have_text("هذا الملف غير مقبول")
    assert page.locator("dt").all_inner_texts() == ["أين", "المسموح", "المطلوب"]
    assert "one" in page.locator("dd").first.inner_text()
    page.close()
