"""What people open in a browser: the codebook of a release from its folder, and Dagster's pages on an instance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from docs.pictures.pages import Pages, served
from pipelines.publishing import latest_release
from tests.browser.conftest import Recorded, record
from tests.conftest import Walk

pytestmark = pytest.mark.slow
NARROW: ViewportSize = {"width": 400, "height": 800}


@pytest.fixture(scope="module")
def release(walk: Walk) -> Path:
    folder = latest_release(walk.instance.releases)
    assert folder is not None
    return folder


@pytest.fixture(scope="module")
def codebook(chromium: Browser, release: Path) -> Iterator[Recorded]:
    """The codebook as someone opens it from a folder, without network."""
    context = chromium.new_context(offline=True)
    recorded = record(context.new_page())
    recorded.page.goto((release / "codebook.html").as_uri())
    yield recorded
    context.close()


def codes_shown(page: Page, column: str) -> set[str]:
    """The codes in the table under the heading of a column."""
    table = page.locator(f"#codes-{column} + .wide table")
    return set(table.locator("tbody tr td:first-child").all_inner_texts())


class TestCodebook:
    def test_it_says_which_release_it_describes(self, codebook: Recorded, release: Path) -> None:
        assert codebook.page.title() == f"Codebook of release {release.name}"
        assert codebook.page.locator("h1").all_inner_texts() == [f"Codebook of release {release.name}"]
        expect(codebook.page.locator("h1")).to_be_visible()

    @pytest.mark.parametrize("product", ["global-persons", "regional-trends"])
    def test_every_column_of_a_table_stands_in_its_section(self, codebook: Recorded, release: Path, product: str) -> None:
        table = codebook.page.locator(f"#table-{product} ~ .wide table").first
        expect(table).to_be_visible()
        assert table.locator("tbody tr td:first-child").all_inner_texts() == pl.read_parquet(release / f"{product}.parquet").columns

    @pytest.mark.parametrize("product", ["global-persons", "regional-trends"])
    def test_every_code_that_occurs_is_explained(self, codebook: Recorded, release: Path, product: str) -> None:
        persons = pl.read_parquet(release / f"{product}.parquet")
        coded = [column for column in persons.columns if persons[column].dtype == pl.String]
        unexplained = {column: set(persons[column].unique()) - codes_shown(codebook.page, column) for column in coded}
        assert unexplained == {column: set() for column in coded}

    def test_every_text_stands_in_four_languages(self, codebook: Recorded) -> None:
        rows = codebook.page.locator("#codes-gender_code + .wide tbody tr")
        woman = rows.filter(has=codebook.page.locator("code", has_text=re.compile(r"^woman$")))
        texts = {language: woman.locator(f"td[lang={language}]").inner_text() for language in ("en", "fr", "es", "ar")}
        assert texts == {"en": "Woman", "fr": "Femme", "es": "Mujer", "ar": "امرأة"}
        empty = codebook.page.evaluate("[...document.querySelectorAll('[lang]')].filter(each => !each.textContent.trim()).length")
        assert empty == 0

    def test_arabic_runs_from_right_to_left_and_nothing_else_does(self, codebook: Recorded) -> None:
        directions = codebook.page.evaluate(
            """() => [...document.querySelectorAll("body [lang]")].map(each =>
                [each.lang, getComputedStyle(each).direction, getComputedStyle(each).textAlign, each.tagName])"""
        )
        arabic = [(direction, align) for language, direction, align, tag in directions if language == "ar" and tag in ("TD", "TH")]
        assert len(arabic) > 50
        assert set(arabic) == {("rtl", "right")}
        assert {direction for language, direction, _, _ in directions if language != "ar"} == {"ltr"}

    def test_it_can_be_read_by_a_screen_reader(self, codebook: Recorded) -> None:
        page = codebook.page
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.locator("h1").count() == 1
        levels = [int(level) for level in page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map(each => each.tagName[1])")]
        assert all(after <= before + 1 for before, after in pairwise(levels))
        headless = page.evaluate(
            "[...document.querySelectorAll('table')].filter(each => !each.querySelector('thead th[scope=col]')).length"
        )
        assert headless == 0
        targets = page.evaluate("[...document.querySelectorAll('nav a')].map(each => !!document.querySelector(each.hash))")
        assert len(targets) >= 8
        assert all(targets)

    def test_on_a_telephone_only_the_tables_scroll_sideways(self, chromium: Browser, release: Path) -> None:
        context = chromium.new_context(viewport=NARROW, offline=True)
        page = context.new_page()
        page.goto((release / "codebook.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
        assert page.evaluate("[...document.querySelectorAll('.wide')].some(each => each.scrollWidth > each.clientWidth)")
        context.close()

    def test_it_asks_for_nothing_but_itself_and_complains_of_nothing(self, codebook: Recorded, release: Path, tmp_path: Path) -> None:
        codebook.page.screenshot(path=tmp_path / "codebook.png", full_page=True)
        assert codebook.addresses == [(release / "codebook.html").as_uri()]
        assert codebook.errors == []


@pytest.fixture(scope="module")
def pages(walk: Walk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """`casehouse ui` over a copy of what Dagster stored during the walk."""
    with served(walk.instance.home, tmp_path_factory.mktemp("pages")) as running:
        yield running


def test_dagsters_pages_show_the_graph_ask_this_machine_alone_and_end_with_sigint(chromium: Browser, pages: Pages, tmp_path: Path) -> None:
    recorded = record(chromium.new_page())
    page = recorded.page
    page.goto(f"{pages.address}/asset-groups")
    groups = page.locator("foreignObject.group")
    for name in ("es_linea_ayuda", "fr_police", "linkage", "publication"):
        expect(groups.get_by_text(name, exact=True)).to_be_visible(timeout=20_000)
    page.screenshot(path=tmp_path / "graph.png")

    page.goto(f"{pages.address}/assets/fr_police/stored")
    expect(page.get_by_text("Registre de police: records without identity, in the warehouse.")).to_be_visible(timeout=20_000)
    for count in ("received", "accepted", "quarantined", "rejected", "non_data"):
        expect(page.get_by_text(count, exact=True).first).to_be_visible()

    page.goto(f"{pages.address}/assets/release")
    expect(page.get_by_text("The anonymous products, passed by the gate and verified from their bytes.")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("smallest_class", exact=True).first).to_be_visible()
    page.screenshot(path=tmp_path / "release.png")

    assert {host for _, host in recorded.asked()} == {"127.0.0.1"}
    page.close()
    pages.stop()
    assert (pages.exit_code, pages.left_running) == (0, False)
    assert "Error loading repository location" not in pages.log.read_text(encoding="utf-8")
