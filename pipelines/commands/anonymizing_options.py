"""The options of `casehouse anonymize`: what each is called and what its help says.

Here: names, defaults that are none, words of help. Never here: what an option does.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class Mode(StrEnum):
    """How fine the cells of one column are: each as fine as its class allows, or all alike."""

    LOCAL = "local"
    UNIFORM = "uniform"


class Shown(StrEnum):
    """What a label is: a level of the hierarchy, or the values of the class one by one."""

    HIERARCHY = "hierarchy"
    SETS = "sets"


class Withheld(StrEnum):
    """What stands in a cell whose value is withheld."""

    NULL = "null"
    STAR = "*"

    @property
    def text(self) -> str | None:
        """The text of such a cell, None for null."""
        return None if self is Withheld.NULL else self.value


_SHUFFLE = (
    "Order the rows by what is published alone. Without it they keep the order of the input: use it whenever that order tells "
    "anything, such as when somebody came or who sent them in."
)

Table: TypeAlias = Annotated[Path, typer.Argument(help="Parquet, one row a person, text columns; or CSV with a header")]
Quasi: TypeAlias = Annotated[str, typer.Option("--qi", help="Columns that others may know of a person, with commas between them")]
Hierarchies: TypeAlias = Annotated[str, typer.Option(help="What the hierarchy files begin with: PREFIX<column>.csv; value;coarser;...;*")]
Out: TypeAlias = Annotated[Path, typer.Option("--out", help="Where to write the table, as Parquet")]
K: TypeAlias = Annotated[int | None, typer.Option("-k", help="The least persons in a class; by default the policy's, 11")]
Sensitive: TypeAlias = Annotated[str, typer.Option(help="Columns that must not be learnt of a person; a null cell counts as not known")]
L: TypeAlias = Annotated[
    int | None, typer.Option("-l", help="The least known values of each sensitive column in a class; by default the policy's, 2")
]
Entropy: TypeAlias = Annotated[
    float | None, typer.Option(help="As uncertain as so many equally frequent values; by default 1, which asks nothing")
]
Waive: TypeAlias = Annotated[
    str, typer.Option(help="Sensitive columns of which less may be asked where the whole table cannot reach -l or --entropy")
]
Closeness: TypeAlias = Annotated[
    float | None, typer.Option(help="How far a class may be from the whole table, 0 to 1; by default 1, which asks nothing")
]
Missing: TypeAlias = Annotated[
    str | None, typer.Option(help="More codes of sensitive columns and flags that tell nothing, beside null, unknown, NA and the like")
]
Contributor: TypeAlias = Annotated[str, typer.Option(help="The column that says who sent a person in; it is not published")]
Separator: TypeAlias = Annotated[str | None, typer.Option(help="What stands between several contributors in a cell")]
Strangers: TypeAlias = Annotated[
    int | None, typer.Option(help="Others that each contributor leaves in a class; by default the policy's, 5")
]
Flags: TypeAlias = Annotated[str, typer.Option(help="Columns to publish in a table of their own, shuffled inside groups of persons")]
FlagsOut: TypeAlias = Annotated[Path | None, typer.Option(help="Where to write that table")]
FlagGroup: TypeAlias = Annotated[int | None, typer.Option(help="The least persons in a group; by default the policy's, 500")]
FlagWidth: TypeAlias = Annotated[int | None, typer.Option(help="Flags that others may know of one person; by default the policy's, 2")]
OfMode: TypeAlias = Annotated[Mode, typer.Option(help="local: each cell as fine as its class allows; uniform: one level a column")]
Suppress: TypeAlias = Annotated[float, typer.Option(help="uniform: the largest share of persons that may be suppressed")]
Labels: TypeAlias = Annotated[Shown, typer.Option(help="Show levels of the hierarchies, or sets of values")]
Weights: TypeAlias = Annotated[str, typer.Option(help="How much columns matter, such as citizenship=4,year=8; 1 for the others")]
Quality: TypeAlias = Annotated[bool, typer.Option("--quality", help="Lose a little less, for about five times the time.")]
Suppressed: TypeAlias = Annotated[Withheld, typer.Option(help="What a cell shows whose value is withheld")]
Shuffle: TypeAlias = Annotated[bool, typer.Option("--shuffle", help=_SHUFFLE)]
Explain: TypeAlias = Annotated[bool, typer.Option("--explain", help="Say what each condition beyond k costs; searches once more for each.")]
Report: TypeAlias = Annotated[
    Path | None,
    typer.Option(help="Write the figures here, as JSON; private, since it counts the table as it was, though it shows no value"),
]
Threads: TypeAlias = Annotated[int | None, typer.Option(min=1, help="Processors to use; the result is the same on any number")]
