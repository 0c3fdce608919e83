"""Look at a batch without taking it in: whose it is, what is wrong with it, told in the reader's language.

Here: which rooms a check calls, in which order, and the report that comes of it, also of a batch that is refused.
Never here: a rule, a key, or anything of an instance but its partners' files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.reading.reader import identify
from ingest.report.annotated import write_annotated
from ingest.report.build import checked_report
from ingest.report.choice import choose_partner, unknown_layout
from ingest.report.document import CheckReport, Fit
from ingest.report.notes import RowNotes
from ingest.report.refused import refused_report
from ingest.validation.checking import BatchCheck, Progress, check_batch
from pipelines.instance import Instance
from pipelines.nameless import assert_names_nobody
from pipelines.stages import named_refusal
from pipelines.token_lint import SweepWithTokens
from schemas.errors import BatchRefused, UserError
from schemas.partner import Partner
from schemas.template import standard_partner
from schemas.vocabulary import Language


@dataclass(frozen=True, repr=False)
class Checked:
    """The report, and what it was made of; the latter two are None where the batch is refused."""

    report: CheckReport
    partner: Partner | None = None
    check: BatchCheck | None = None


def check_files(
    instance: Instance,
    files: Sequence[Path],
    partner: Partner | None,
    language: Language | None,
    *,
    keep_problems: bool = False,
    progress: Progress | None = None,
) -> Checked:
    """Check the files as one batch of the partner, or of the one whose columns fit clearly when none is given.

    The language is by default the partner's own, English where no partner is known. Memory does not grow with the files
    unless `keep_problems`, which `annotate` needs.
    """
    chosen, fits = partner, ()  # type: tuple[Partner | None, tuple[Fit, ...]]
    try:
        if chosen is None:
            chosen, fits = _chosen(instance, files, language)
        if chosen is None:
            raise unknown_layout(fits, len(files))
        assert_names_nobody(files, chosen)
        sweep = SweepWithTokens()
        check = sweep.added_to(check_batch(files, chosen, sweep=sweep, keep_problems=keep_problems, progress=progress))
    except BatchRefused as refused:
        better = refused if partner is None else named_refusal(instance, partner, files, refused)
        return Checked(refused_report(better, chosen, language or (chosen.language if chosen else "en"), fits))
    is_known = chosen.name in instance.partners
    return Checked(checked_report(check, chosen, language or chosen.language, fits, is_known=is_known), chosen, check)


def annotate(checked: Checked, files: Sequence[Path], target: Path) -> tuple[Path, ...]:
    """Write each file back with its problems beside its rows; of several files each under its own name in the partner's file.

    Needs a check that kept its problems. Raises `ValueError` when it did not, `UserError` when a file of the batch would be
    written over, `OSError` when the disk refuses.
    """
    if checked.partner is None or checked.check is None or checked.check.problems is None:
        raise ValueError("only a check that kept its problems can be written beside the rows")
    found = identify(files, checked.partner)
    places = {name: target if len(found) == 1 else target.with_name(f"{target.stem}-{name}{target.suffix}") for name in found}
    if any(place.exists() and place.samefile(file) for place in places.values() for file in files):
        raise UserError(
            "a file would be written over one that is checked",
            where=", ".join(place.name for place in places.values()),
            allowed="names that no file of the batch has",
            next_step="choose another name for --annotated; the files are as they were",
        )
    for name, place in places.items():
        notes = RowNotes(name, checked.partner, checked.check.problems, checked.report.language)
        write_annotated(found[name], checked.partner.file(name), notes, place)
    return tuple(places.values())


def _chosen(instance: Instance, files: Sequence[Path], language: Language | None) -> tuple[Partner | None, tuple[Fit, ...]]:
    choice = choose_partner(files, instance.partners, standard_partner(language or "en"))
    return choice.partner, choice.fits
