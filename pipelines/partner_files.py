"""Partner files in the making: where drafts and samples lie, what a draft lacks to be a partner file, what a sample comes to.

Here: the files of the partners' folder and the rules for them. Never here: what a person types or sees
(`pipelines.commands.partners`), how a draft is judged (`ingest.drafting`), or what a batch comes to (`ingest.validation`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from anonymize.sweep import identifiers_in_text
from ingest.drafting.draft import FileDraft, draft_file
from ingest.drafting.text import draft_text
from ingest.validation.expectation import ACCEPTED, ACCOUNT, Expectation, differences, observed
from schemas.errors import SpecificationError, UserError
from schemas.partner import load_partner, load_partners
from schemas.units import Unit

_DRAFTS, _SAMPLES = "drafts", "samples"
_NAME = re.compile(r"^[a-z][a-z0-9-]*$")


@dataclass(frozen=True)
class PartnerFolder:
    """The folder of the partner files, with the drafts and the samples in it."""

    folder: Path

    def names(self) -> list[str]:
        """Every partner that has a file, in alphabetical order."""
        return sorted(path.stem for path in self.folder.glob("*.yml"))

    def file(self, name: str) -> Path:
        """Where a partner's file lies or will lie."""
        return self.folder / f"{name}.yml"

    def draft(self, name: str) -> Path:
        """Where a draft lies that is no partner file yet: apart, so that it stops nobody's work."""
        return self.folder / _DRAFTS / f"{name}.yml"

    def sample(self, name: str) -> Path:
        """The folder of a partner's sample."""
        return self.folder / _SAMPLES / name

    def file_or_draft(self, name: str) -> Path:
        """The partner's file, or its draft where there is no file."""
        return self.file(name) if self.file(name).exists() else self.draft(name)


@dataclass(frozen=True)
class WrittenDraft:
    """A draft that was written: where, what was found in each file, and what keeps it from being a partner file."""

    path: Path
    files: tuple[FileDraft, ...]
    faults: tuple[str, ...]


def write_draft(folder: PartnerFolder, name: str, files: Sequence[Path], unit: Unit, *, out: Path | None, threshold: float) -> WrittenDraft:
    """Draft the partner file of files as they came, by what all other partners' files teach; overwrites nothing.

    Raises `UserError` for a name that no partner can have or a file that is there already, and what `draft_file` raises.
    """
    if not _NAME.match(name):
        raise UserError("no such name can be", where="--name", allowed="small letters, digits and hyphens", next_step="choose another")
    known = {partner: found for partner, found in load_partners(folder.folder).items() if partner != name}
    names = ["records"] if len(files) == 1 else [f"file-{number}" for number in range(1, len(files) + 1)]
    drafts = tuple(draft_file(file, its_name, unit, known, threshold=threshold) for file, its_name in zip(files, names, strict=True))
    text = draft_text(name, drafts)
    faults = _faults(name, text)
    target = out or (folder.draft(name) if faults else folder.file(name))
    _write_new(target, text)
    return WrittenDraft(target, drafts, faults)


def changes_of_sample(folder: PartnerFolder, name: str, *, accept: bool) -> tuple[str, ...]:
    """How what a partner's sample comes to now differs from what is expected; kept as what is expected with `accept`.

    Raises `UserError` when there is no sample, `SpecificationError` when the partner's file has faults.
    """
    partner = load_partner(folder.file_or_draft(name))
    sample = folder.sample(name)
    kept = [sample / ACCOUNT, sample / ACCEPTED]
    payloads = sorted(path for path in sample.glob("*") if path.is_file() and path not in kept)
    if not payloads:
        raise UserError(
            "the partner has no sample", where=str(sample), allowed="the files of one batch, invented, its oddities in them",
            next_step="put 5 to 30 invented rows there, in the partner's own layout, then: casehouse partner test --accept",
        )  # fmt: skip
    now = observed(payloads, partner, identifiers_in_text)
    expected = Expectation(*(path.read_text(encoding="utf-8") if path.exists() else "" for path in kept))
    if accept:
        for path, text in zip(kept, (now.account, now.accepted), strict=True):
            path.write_text(text, encoding="utf-8")
    return differences(expected, now)


def _faults(name: str, text: str) -> tuple[str, ...]:
    """What keeps the draft from being a partner file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        try:
            load_partner(path)
        except SpecificationError as error:
            return error.faults
    return ()


def _write_new(target: Path, text: str) -> None:
    if target.exists():
        raise UserError(
            "there is such a file already", where=str(target), allowed="a new file", next_step="choose another --out, or remove it first"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
