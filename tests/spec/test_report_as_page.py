"""The report as a page: in its language and direction, by itself, escaped, with every finding and the bar."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from test_report import report_of

from ingest.report.page import report_page
from schemas.vocabulary import Language


class _Page(HTMLParser):
    """What a page holds: its tags with their attributes, and its text outside the style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def only(self, tag: str) -> dict[str, str | None]:
        (found,) = [attributes for name, attributes in self.tags if name == tag]
        return found


class TestThePage:
    @pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("fr", "ltr"), ("es", "ltr"), ("ar", "rtl")])
    def test_it_is_in_the_language_and_runs_in_its_direction(self, language: Language, direction: str) -> None:
        assert _Page(report_page(report_of(language=language))).only("html") == {"lang": language, "dir": direction}

    def test_it_stands_by_itself(self) -> None:
        page = _Page(report_page(report_of()))
        assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in page.tags}
        assert not [attributes for _, attributes in page.tags if attributes.keys() & {"src", "href"}]

    def test_names_are_escaped(self) -> None:
        assert "One &amp; &lt;b&gt;all&lt;/b&gt;" in report_page(report_of())
        assert not [tag for tag, _ in _Page(report_page(report_of())).tags if tag == "b"]

    def test_it_tells_every_finding_of_the_document(self) -> None:
        report = report_of()
        texts = "".join(_Page(report_page(report)).texts)
        for finding in report.findings:
            for part in (finding.code, finding.column or "", finding.text, *finding.allowed):
                assert part in texts

    def test_the_bar_pictures_the_account_and_says_it(self) -> None:
        page = _Page(report_page(report_of()))
        bars = [attributes["style"] for tag, attributes in page.tags if tag == "span" and "style" in attributes]
        assert bars == ["flex-grow:3", "flex-grow:6", "flex-grow:3", "flex-grow:4"]
        said = [attributes["aria-label"] for tag, attributes in page.tags if attributes.get("role") == "img"]
        assert said == ["3 accepted, 6 quarantined, 3 rejected, 4 no data"]
