"""Draw the picture of a check report: the sample's police register, checked in French, as Chromium shows the page.

Here: which file and which part of the page. Never here: what the report says.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from pages import CASEHOUSE, browser

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "var" / "sample" / "inbox" / "fr-police"
WIDTH, HEIGHT = 1000, 900


def main() -> None:
    """Check the register in `var/sample` and write `check.png` beside this script."""
    with tempfile.TemporaryDirectory() as folder:
        page_file = Path(folder) / "report.html"
        subprocess.run([CASEHOUSE, "check", *map(str, REGISTER.glob("*.csv")), "--lang", "fr", "--html", str(page_file)], check=False)
        with browser() as opened:
            page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT})
            page.goto(page_file.as_uri())
            page.screenshot(path=str(Path(__file__).with_name("check.png")))


if __name__ == "__main__":
    main()
