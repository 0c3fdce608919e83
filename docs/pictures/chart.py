"""Draw the README's chart from a release: from the repository root, `.venv/bin/python docs/pictures/chart.py`.

Here: one question asked of the published files alone, and how its answer is drawn. Never here: the warehouse.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from schemas.release import ReleaseProof
from schemas.vocabulary import MISSING_CODES, SUPPRESSED, vocabulary, year_hierarchy

PICTURE = Path(__file__).with_name("chart.png")
PRODUCT = "regional-trends"
LEVEL = 0
"""The level of the year hierarchy at which years are compared: single years, which the policy's weight keeps for nearly everyone."""
WITHOUT_REGION = {"unknown": "Unknown", "not_collected": "Not collected", "not_applicable": "Not applicable", SUPPRESSED: "Suppressed"}
INK, SOFT, LINE = "#1c2430", "#566274", "#d5dbe3"
VALUE, NO_VALUE = "#1f6f8b", "#9aa3ad"
PIXELS, DPI = (1200, 700), 100


@dataclass(frozen=True)
class Cell:
    """Persons with one region and one year; `is_wider` where the label is a span of years."""

    region: str
    years: str
    is_wider: bool
    persons: int


def main() -> None:
    """Write the picture from the latest release of the instance, or from the folder that is named."""
    home = Path(os.environ.get("CASEHOUSE_HOME", "var"))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", nargs="?", type=Path, default=home / "releases" / "latest", help="a release folder")
    folder: Path = parser.parse_args().release
    if not (folder / f"{PRODUCT}.parquet").is_file():
        parser.exit(2, f"{folder} holds no {PRODUCT}.parquet; next: make run\n")
    proof = ReleaseProof.model_validate_json((folder / "proof.json").read_text(encoding="utf-8"))
    draw(counted(pl.read_parquet(folder / f"{PRODUCT}.parquet")), proof).savefig(PICTURE, metadata={"Software": None})


def counted(persons: pl.DataFrame) -> tuple[Cell, ...]:
    """Persons by region of citizenship and year, each label of a year brought to one level where that is possible."""
    found: Counter[tuple[str, str, bool]] = Counter()
    for label, region, rows in persons.group_by("registration_year", "citizenship_code").len().iter_rows():
        years, is_wider = one_level(label)
        found[region, years, is_wider] += rows
    return tuple(Cell(*key, rows) for key, rows in sorted(found.items()))


def one_level(label: str) -> tuple[str, bool]:
    """The label at the compared level; one that is wider stays as it is and is told apart."""
    for path in year_hierarchy().values():
        if label in path[: LEVEL + 1] and label not in (*MISSING_CODES, SUPPRESSED):
            return path[LEVEL], False
    return label, True


def draw(cells: Sequence[Cell], proof: ReleaseProof) -> Figure:
    """One panel a region on one scale; every published person stands in exactly one bar."""
    mpl.rcParams.update({"font.family": "DejaVu Sans", "font.size": 11, "text.color": INK, "axes.edgecolor": LINE})
    regions = ordered(cells)
    figure = Figure(figsize=(PIXELS[0] / DPI, PIXELS[1] / DPI), dpi=DPI, facecolor="white")
    axes: Sequence[Axes] = figure.subplots(1, len(regions), sharey=True, squeeze=False)[0]
    figure.subplots_adjust(left=0.055, right=0.985, top=0.765, bottom=0.235, wspace=0.12)
    spans = sorted({(cell.is_wider, cell.years) for cell in cells})
    for axis, region in zip(axes, regions, strict=True):
        panel(axis, region, spans, {(cell.is_wider, cell.years): cell.persons for cell in cells if cell.region == region})
    axes[0].set_ylim(0, max(cell.persons for cell in cells) * 1.12)
    write_texts(figure, cells, proof)
    return figure


def ordered(cells: Sequence[Cell]) -> list[str]:
    """Regions by persons, most first; after them why there is no region."""
    persons = Counter[str]()
    for cell in cells:
        persons[cell.region] += cell.persons
    return sorted(persons, key=lambda region: (*has_no_value(region), -persons[region], region))


def has_no_value(region: str) -> tuple[bool, bool]:
    return region in (*MISSING_CODES, SUPPRESSED), region == SUPPRESSED


def panel(axis: Axes, region: str, spans: Sequence[tuple[bool, str]], persons: Mapping[tuple[bool, str], int]) -> None:
    """The bars of one region, the wider span set apart from the others."""
    colour = NO_VALUE if any(has_no_value(region)) else VALUE
    places = [place + (0.45 if is_wider else 0) for place, (is_wider, _) in enumerate(spans)]
    for place, span in zip(places, spans, strict=True):
        fill, hatch = ("white", "////") if span[0] else (colour, "")
        axis.bar(place, persons.get(span, 0), width=0.78, linewidth=1, facecolor=fill, edgecolor=colour, hatch=hatch)
    name = WITHOUT_REGION.get(region) or vocabulary("country").label(region, "en")
    axis.set_title(f"{name}\n", loc="left", fontsize=12, fontweight="bold", color=SOFT if colour == NO_VALUE else INK, pad=0)
    axis.text(0, 1.015, f"{sum(persons.values()):,} persons", transform=axis.transAxes, fontsize=10, color=SOFT)
    labels = [years if place in (0, len(spans) - 1) or is_wider else "" for place, (is_wider, years) in enumerate(spans)]
    axis.set_xticks(places, labels, fontsize=9, linespacing=1.2)
    axis.tick_params(length=0, colors=SOFT)
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axis.grid(axis="y", color=LINE, linewidth=0.6)
    axis.set_axisbelow(True)
    for side in ("top", "left", "right"):
        axis.spines[side].set_visible(False)


def write_texts(figure: Figure, cells: Sequence[Cell], proof: ReleaseProof) -> None:
    """Title, unit and rule, legend, and what a reader must know before comparing bars."""
    total = sum(cell.persons for cell in cells)
    wider = sum(cell.persons for cell in cells if cell.is_wider)
    k = next(product.k for product in proof.products if product.name == PRODUCT)
    source = "invented sample data" if proof.is_simulated else "published release"
    figure.text(0.02, 0.945, "Reported victims by region of citizenship and year of registration", fontsize=17, fontweight="bold")
    figure.text(0.02, 0.9, f"{total:,} distinct persons, k = {k}, {source} (release {proof.version})", fontsize=12, color=SOFT)
    handles = [
        Patch(facecolor=VALUE, label="region published"),
        Patch(facecolor=NO_VALUE, label="no region: unknown, or suppressed to protect persons"),
        Patch(facecolor="white", edgecolor=SOFT, hatch="////", label="registered in some year of a wider span"),
    ]
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.012, 0.09), ncols=3, frameon=False, fontsize=10)
    note = (
        f"Every person stands in one bar. {wider:,} persons ({wider / total:.1%}) are published "
        "with a span of years (hatched).\nA change over the years can come from a change in reporting; the suppressed may be of any region."
    )
    figure.text(0.02, 0.03, note, fontsize=9.5, color=SOFT, linespacing=1.5)


if __name__ == "__main__":
    main()
