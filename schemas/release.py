"""What a release says of itself: the promises that anyone can check against its bytes.

Here: the model of `proof.json`, in which no text can be written freely. Never here: a measure being taken or a file
being written.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.case import Person
from schemas.fields import Sensitivity, names_of
from schemas.flags import FLAG_COLUMNS
from schemas.vocabulary import vocabulary

WRITERS = ("babel", "casehouse", "polars", "pyarrow", "pycountry")
"""Whose versions can change the bytes of a release; names of countries come from Babel."""
PERSONS_STEP = 100
"""Of the exact number of persons found, a reader of two releases could count who came and who was withdrawn."""
LOSS_DIGITS = 3
"""More digits of a loss would let a reader solve for the counts that it was worked out from."""


def _quasi_identifier(name: str) -> str:
    if name not in names_of(Person, Sensitivity.QUASI):
        raise ValueError("is no quasi-identifier")
    return name


def _sensitive_field(name: str) -> str:
    if name not in (*names_of(Person, Sensitivity.SENSITIVE), *FLAG_COLUMNS):
        raise ValueError("is no sensitive field")
    return name


def _flag(name: str) -> str:
    if name not in FLAG_COLUMNS:
        raise ValueError("is no flag")
    return name


def _published_column(name: str) -> str:
    if name not in (*names_of(Person, Sensitivity.QUASI), *names_of(Person, Sensitivity.SENSITIVE)):
        raise ValueError("is no column that errata can be of")
    return name


def _source_type(code: str) -> str:
    if code not in vocabulary("source_type").codes():
        raise ValueError("is no type of source")
    return code


def _rounded(loss: float) -> float:
    return round(loss, LOSS_DIGITS)


Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Loss = Annotated[Share, AfterValidator(_rounded)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
WriterVersion = Annotated[str, Field(pattern=r"^[0-9]{1,4}(\.[0-9]{1,8}){0,3}((a|b|rc|\.post|\.dev)[0-9]{1,4})?$")]
QuasiIdentifier = Annotated[str, AfterValidator(_quasi_identifier)]
SensitiveField = Annotated[str, AfterValidator(_sensitive_field)]
PublishedColumn = Annotated[str, AfterValidator(_published_column)]
FlagColumn = Annotated[str, AfterValidator(_flag)]
SourceTypeCode = Annotated[str, AfterValidator(_source_type)]


class _Statement(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True)


class PersonInterval(_Statement):
    """How many distinct persons the linkage finds in the victim reports that stand: at least `fewest`, at best guess `persons`, at most
    `most`.

    `most` joins only what links automatically, `persons` also what is more likely one person than two, and `fewest` also
    every pair that a human would be asked about. No statement about victims whom no partner reported.
    """

    fewest: Count
    persons: Count
    most: Count

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.fewest <= self.persons <= self.most:
            raise ValueError("persons: not between the fewest and the most")
        return self

    def told(self, k: int, published: int) -> FoundPersons:
        """The interval as a release of so many persons may tell it, in whole steps from their number.

        `fewest` is rounded down, `persons` to the nearest step, `most` to the next step above. A step is at least 2k, the two ends never
        meet, and that no fewer persons are found than published cuts no step in two: so each figure stands for at least k numbers.
        """
        step = -(-2 * k // PERSONS_STEP) * PERSONS_STEP
        fewest = (self.fewest - published) // step
        nearest = (self.persons - published + step // 2) // step
        most = (self.most - published) // step + 1
        figures = [published + steps * step for steps in (fewest, nearest, most)]
        least = figures[0] if figures[0] >= step else 0  # a part of a step at the bottom would be too narrow
        return FoundPersons(fewest=least, persons=max(least, figures[1]), most=figures[2], step=step)


class FoundPersons(PersonInterval):
    """An interval told in whole steps, so that nobody's coming or going shows; the ends differ, and `most` itself is never reached."""

    step: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _is_no_exact_number(self) -> Self:
        if self.fewest == self.most:
            raise ValueError("persons found: an exact number")
        return self

    def is_counted_from(self, published: int) -> bool:
        """Whether each figure is in whole steps from the number of published persons, or 0."""
        return all(not figure or not (figure - published) % self.step for figure in (self.fewest, self.persons, self.most))


class FlagProof(_Statement):
    """What a table of flags promises beside k: who knows at most `width` flags of a person finds none or k rows in a group of at
    least `group` persons, by what rows show and by what they may hide.

    The classes of its `ProductProof` are the groups; nothing is said of homogeneity.
    """

    width: Annotated[int, Field(ge=1, le=3)]
    group: Count


class ProductProof(_Statement):
    """What one published table promises, as the gate measured it from the table's bytes."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")
    file: str
    sha256: Digest
    rows: Count
    columns: tuple[str, ...]
    quasi_identifiers: tuple[str, ...]
    sensitive: tuple[SensitiveField, ...]
    guarantee: str
    k: Count
    smallest_class: Count
    classes: Count
    largest_homogeneous_share: Share
    homogeneous_share: Share
    homogeneous_share_by_field: dict[SensitiveField, Share]
    suppressed_cells: Count
    cells: Count
    flags: FlagProof | None = None


class CohortProof(_Statement):
    """Persons that entered in one release, and what was lost in generalizing them (Iyengar's loss, 0 none to 1 all).

    Losses are rounded to three digits, whatever they are given with. `persons` counts those who entered; `retired` those
    of them whose rows were taken out since, after records were withdrawn. Their flags stand in `flag_groups` groups; `flags_lost`
    is the share of their stated means of control that is suppressed there.
    """

    cohort: Annotated[int, Field(ge=1)]
    persons: Count
    loss: Loss
    loss_by_column: dict[QuasiIdentifier, Loss]
    flag_groups: Count = 0
    flags_lost: Loss = 0.0
    waived_diversity: tuple[SensitiveField, ...] = ()
    retired: Count = 0

    @property
    def published(self) -> int:
        """Persons of the cohort whose rows the release shows."""
        return self.persons - self.retired

    @model_validator(mode="after")
    def _retires_no_more_than_entered(self) -> Self:
        if self.retired > self.persons:
            raise ValueError("retired: more persons than entered")
        return self


class Erratum(_Statement):
    """Persons of a cohort (`suppressed`: of any) published in a column under a label, or a finer one, that no longer fits them."""

    cohort: str = Field(pattern=r"^([1-9][0-9]{0,3}|suppressed)$")
    column: PublishedColumn
    label: str = Field(pattern=r"^[0-9A-Za-z_+. -]{1,60}$")
    persons: Count


class FlagTotal(_Statement):
    """Persons of a cohort of whom a flag is stated, before any is suppressed: those with a value of a column, or all.

    `column` and `label` are `all` for all persons of the cohort; a label `suppressed` is the sum over the values that are not told one
    by one.
    """

    cohort: Annotated[int, Field(ge=1)]
    flag: FlagColumn
    column: QuasiIdentifier | Literal["all"]
    label: str = Field(pattern=r"^[0-9A-Za-z_+. -]{1,60}$")
    persons: Count


class ReleaseProof(_Statement):
    """The whole statement: `proof.json` of a release folder.

    Where the data come from is told as of the day of publication: how many partners reported (`partners`), how many of
    them as which kind of source (`reported_by`; a partner of two kinds counts in both), in at least how many reports
    about victims (`reports`, rounded down to hundreds), how many distinct persons these are about (`persons_found`; None where
    the linkage does not say), and whether anyone in it is invented (`is_simulated`).
    """

    version: str = Field(pattern=r"^[0-9]{4}(-[0-9a-f]{8})?$")
    inputs_digest: Digest
    policy_digest: Digest
    software: dict[str, WriterVersion]
    is_simulated: bool
    partners: Count
    reports: Count
    reported_by: dict[SourceTypeCode, Count]
    published_persons: Count
    persons_found: FoundPersons | None = None
    cohorts: tuple[CohortProof, ...]
    products: tuple[ProductProof, ...]
    errata: tuple[Erratum, ...] = ()
    flag_totals: tuple[FlagTotal, ...] = ()

    @model_validator(mode="after")
    def _names_every_writer(self) -> Self:
        if set(self.software) != set(WRITERS):
            raise ValueError(f"software: gives the versions of {', '.join(WRITERS)}, no others")
        if any(partners > self.partners for partners in self.reported_by.values()):
            raise ValueError("reported_by: more partners of one kind than there are")
        return self
