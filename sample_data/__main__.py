"""Write the sample data: `python -m sample_data FOLDER [--reports N] [--seed S]`.

Here: the arguments and one line of summary. Never here: how batches are invented (`sample_data.generate`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sample_data.generate import generate

SAMPLE_KEY = b"the sample's linkage key, no secret"
"""Tokens of the sample are made with it when no other key is given; it protects nobody, since nobody in the sample exists."""


def main() -> None:
    """Parse the arguments, write the folder, say in one line what was written."""
    parser = argparse.ArgumentParser(prog="python -m sample_data", description="Write invented partner batches.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reports", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    made = generate(given.folder, reports=given.reports, seed=given.seed, linkage_key=SAMPLE_KEY)
    sys.stdout.write(
        f"{made.reports} reports about {made.persons} invented persons, {made.incidents} cases, {made.planted} planted problems "
        f"in {made.files} files of {made.size / 1e6:.1f} MB\n"
    )


if __name__ == "__main__":
    main()
