"""Take the README's picture of the asset graph: from the repository root, `.venv/bin/python docs/pictures/graph.py`.

Here: which part of Dagster's pages is shown and how. Never here: a drawing of ours; the picture is what `make ui` shows.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, ViewportSize, expect

from docs.pictures.pages import CASEHOUSE, browser, served

PICTURE = Path(__file__).with_name("graph.png")
SIZE: ViewportSize = {"width": 1400, "height": 930}
SHOWN_OPEN = ("es_linea_ayuda", "linkage", "publication")
"""The groups that the picture opens: one partner stands for all, since a factory makes the same assets for each."""
EMPTY_SPOT = (150, 200)
"""A place of the graph where nothing is drawn; a double click on it brings the whole graph into view."""
SETTLED_MS = 1500
"""How long the graph takes to be laid out and drawn anew."""
SMALL_WALK = ("run", "--sample", "--reports", "600", "--release")


def main() -> None:
    """Write the picture from the instance in CASEHOUSE_HOME, or from a small walk where there is none yet."""
    with tempfile.TemporaryDirectory(prefix="casehouse-graph-") as folder:
        work = Path(folder)
        home = Path(os.environ.get("CASEHOUSE_HOME", "var")).resolve()
        if not (home / "dagster" / "history").is_dir():
            home = work / "walked"
            subprocess.run([CASEHOUSE, *SMALL_WALK], env={**os.environ, "CASEHOUSE_HOME": str(home)}, check=True)
        with served(home, work) as pages, browser() as opened:
            page = opened.new_page(viewport=SIZE)
            expanded = ",".join(f"global@global:{group}" for group in SHOWN_OPEN)
            page.goto(f"{pages.address}/asset-groups?expanded={quote(expanded)}")
            show(page)
            page.screenshot(path=PICTURE)


def show(page: Page) -> None:
    """Bring the graph into the state of the picture: no side bars, and all of it in view."""
    expect(page.locator("foreignObject").get_by_text("release", exact=True)).to_be_visible(timeout=20_000)
    page.get_by_text("Hide navigation").click()
    page.get_by_placeholder("Jump to").locator("xpath=following::button[1]").click()
    page.wait_for_timeout(SETTLED_MS)
    page.mouse.dblclick(*EMPTY_SPOT)
    expect(page.get_by_text("Latest event")).to_have_count(5)
    expect(page.get_by_text("fetching statuses")).to_have_count(0, timeout=20_000)
    page.wait_for_timeout(SETTLED_MS)


if __name__ == "__main__":
    main()
