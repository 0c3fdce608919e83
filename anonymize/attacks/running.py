"""All attacks on a release in one call, and what they may not reach.

Here: which attack is made on which tables. Never here: an attack, or the choice of a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import polars as pl

from anonymize.attacks.contributors import share_of_strangers, subtract_own
from anonymize.attacks.differencing import subtract_tables
from anonymize.attacks.flags import join_by_order, link_flags
from anonymize.attacks.holdings import Earlier, FlagRows, Hierarchies, Reenactment, Shown, Truth
from anonymize.attacks.homogeneity import infer, infer_in_class
from anonymize.attacks.linkage import link, link_in_class
from anonymize.attacks.minimality import conclude
from anonymize.attacks.outcome import Limits, Outcome
from anonymize.attacks.reenactment import play_through
from anonymize.attacks.singling_out import single_out
from schemas.errors import CasehouseError


@dataclass(frozen=True)
class Verdict:
    """What every attack reached."""

    outcomes: tuple[Outcome, ...]

    def table(self) -> pl.DataFrame:
        """The outcomes as a table of names and counts, for a private report."""
        columns = [field.name for field in fields(Outcome)]
        return pl.DataFrame({column: [getattr(outcome, column) for outcome in self.outcomes] for column in columns}, strict=False)

    @property
    def broken(self) -> tuple[str, ...]:
        """A reason for each outcome past its limit, in names and counts; none when the release withstood."""
        return tuple(outcome.reason for outcome in self.outcomes if not outcome.is_within_limit)


def run_attacks(
    shown: Sequence[Shown],
    truth: Truth,
    hierarchies: Hierarchies,
    limits: Limits,
    *,
    earlier: Sequence[Earlier] = (),
    flags: FlagRows | None = None,
    reenactment: Reenactment | None = None,
) -> Verdict:
    """Make every attack that the holdings allow, on every product, and hold the outcomes against the limits.

    Tables hold no null: what is withheld is `suppressed`. Without contributors, flags or a reenactment the attacks that
    need them are not made. Deterministic. Raises `ControlFailed` when an attack finds nothing in the table that it must
    break, and `CasehouseError` when the truth lacks a published column or a person.
    """
    _assert_whole(shown, truth)
    return Verdict(tuple(_outcomes(shown, truth, hierarchies, limits, earlier, flags, reenactment)))


def _outcomes(
    shown: Sequence[Shown],
    truth: Truth,
    hierarchies: Hierarchies,
    limits: Limits,
    earlier: Sequence[Earlier],
    flags: FlagRows | None,
    played: Reenactment | None,
) -> Iterator[Outcome]:
    quasi = [column for column in truth.labels.columns if any(column in each.quasi for each in shown)]
    sensitive = [column for column in truth.labels.columns if any(column in each.sensitive for each in shown)]
    for each in shown:
        yield from single_out(each, truth, hierarchies, limits)
        yield from link(each, truth, hierarchies, limits)
        yield from infer(each, truth, hierarchies, limits)
    yield from link_in_class(truth, quasi, sensitive, limits)
    yield from infer_in_class(truth, quasi, sensitive, limits)
    yield from subtract_own(truth, quasi, limits)
    yield from share_of_strangers(truth, quasi, sensitive)
    yield from subtract_tables(shown, earlier, truth.original.select(quasi), hierarchies, limits)
    if flags is not None:
        yield from link_flags(flags, limits)
        yield join_by_order(flags, limits)
    if played is not None:
        yield conclude(played, hierarchies, limits)
        yield from play_through(played, limits)


def _assert_whole(shown: Sequence[Shown], truth: Truth) -> None:
    """`CasehouseError` when the truth lacks a published column or a person: attacks would be made on less than there is."""
    wanted = {
        "original": (truth.original, [each.quasi for each in shown]),
        "labels": (truth.labels, [each.quasi + each.sensitive for each in shown]),
    }
    for name, (table, columns) in wanted.items():
        missing = sorted({column for each in columns for column in each} - set(table.columns))
        if missing:
            raise CasehouseError(f"the {name} behind the release lack the published column(s) {', '.join(missing)}")
    lengths = {table.height for table in (truth.original, truth.labels)} | {
        len(each) for each in (truth.contributors, truth.is_new) if each is not None
    }
    if len(lengths) > 1:
        raise CasehouseError(f"the tables behind the release differ in length: {sorted(lengths)} rows")
