"""Draw the example of docs/anonymization.md: from the repository root, `.venv/bin/python docs/pictures/classes.py`.

Here: the twelve persons of the page's own table in their classes. Never here: the method; a test runs it on the same table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch

PAGE = Path(__file__).resolve().parents[1] / "anonymization.md"
PICTURE = Path(__file__).with_name("classes.png")
INK, SOFT, LINE, BOX = "#1c2430", "#566274", "#d5dbe3", "#f5f7f9"
FORMS = {"sexual": ("sexual exploitation", "#b4532a"), "labour": ("forced labour", "#1f6f8b")}
PIXELS, DPI = (1200, 460), 100

Person = tuple[str, str]  # name and form


def main() -> None:
    """Write the picture from the table on the page."""
    rows = persons()
    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11, "text.color": INK})
    figure = Figure(figsize=(PIXELS[0] / DPI, PIXELS[1] / DPI), dpi=DPI, facecolor="white")
    panels: Sequence[Axes] = figure.subplots(1, 2, squeeze=False)[0]
    figure.subplots_adjust(left=0.02, right=0.98, top=0.86, bottom=0.12, wspace=0.06)
    for panel, title, column in zip(panels, ("k = 3", "k = 3 and l = 2"), (5, 6), strict=True):
        classes: dict[str, list[Person]] = defaultdict(list)
        for row in rows:
            classes[row[column]].append((row[0], row[4]))
        draw(panel, title, classes)
    marks = [Line2D([], [], marker="o", linestyle="", markersize=9, color=colour, label=name) for name, colour in FORMS.values()]
    figure.legend(handles=marks, loc="lower left", bbox_to_anchor=(0.015, 0.0), ncols=2, frameon=False)
    figure.savefig(PICTURE, metadata={"Software": None})


def persons() -> list[list[str]]:
    """The rows of the example: name, quasi-identifiers, form, and both published labels."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| | year | age |")) + 2
    end = next(number for number in range(start, len(lines)) if not lines[number].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:end]]


def draw(panel: Axes, title: str, classes: Mapping[str, Sequence[Person]]) -> None:
    """One box a class: what it shows, and its persons coloured by what must not be learnt."""
    panel.set_axis_off()
    panel.set_xlim(0, 12)
    panel.set_ylim(0, 4 * 1.1)
    panel.set_title(f"{title}: {len(classes)} classes", loc="left", fontweight="bold", fontsize=13)
    height = 4.4 / len(classes)
    for number, (label, members) in enumerate(classes.items()):
        bottom = 4.4 - (number + 1) * height
        panel.add_patch(
            FancyBboxPatch((0.1, bottom + 0.08), 11.7, height - 0.16, boxstyle="round,pad=0,rounding_size=.12", fc=BOX, ec=LINE)
        )
        middle = bottom + height / 2
        panel.text(0.4, middle, label.replace(", ", "\n"), va="center", fontsize=10.5, color=INK, linespacing=1.35)
        for place, (name, form) in enumerate(members):
            across = 4.6 + place * (6.6 / max(len(members) - 1, 1))
            panel.plot(across, middle + 0.12, "o", markersize=15, color=FORMS[form][1])
            panel.text(across, middle - 0.3, name, ha="center", va="center", fontsize=9.5, color=SOFT)


if __name__ == "__main__":
    main()
