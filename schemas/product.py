"""What a published product is: the model of `products/<name>.yml`.

Here: the specification. Never here: how a product is derived (`anonymize.product`) or written (`warehouse.publication`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.case import Person, PublishedPerson
from schemas.fields import Sensitivity, fields_of, names_of
from schemas.flags import FLAG_COLUMNS, FLAG_GROUP
from schemas.specification import Specification, Unfit, read_specification, specification_error
from schemas.vocabulary import Labels


class Product(Specification):
    """Columns of the master table, some of them coarser, for some of its persons; or, of kind flags, the whole table of flags."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    title: Labels
    description: Labels
    kind: Literal["persons", "flags"] = "persons"
    guarantee: Literal["k-anonymity", "k^m-anonymity"] = "k-anonymity"
    unit: Literal["person"] = "person"
    count_rule: Literal["distinct person"] = "distinct person"
    columns: tuple[str, ...] = Field(min_length=1)
    coarsen: dict[str, int] = Field(default_factory=dict, description="Column -> how many levels above the finest it is published at least")
    filters: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Quasi-identifier -> the published labels that are kept")

    @model_validator(mode="after")
    def _uses_the_three_verbs(self) -> Self:
        if self.kind == "flags":
            return self._is_the_table_of_flags()
        known = {field.name for field in fields_of(PublishedPerson)}
        if self.guarantee != "k-anonymity":
            raise Unfit(["guarantee: a table of persons keeps k-anonymity"])
        quasi = set(names_of(Person, Sensitivity.QUASI))
        faults = [f"no column {name} in the master table" for name in self.columns if name not in known]
        faults += [f"{name} is coarsened but not chosen" for name in self.coarsen if name not in self.columns]
        faults += [
            f"{name} is no quasi-identifier: only those may be coarsened or filtered"
            for name in (*self.coarsen, *self.filters)
            if name not in quasi
        ]
        if faults:
            raise Unfit(faults)
        return self

    def _is_the_table_of_flags(self) -> Self:
        faults = []
        if self.columns != (FLAG_GROUP, *FLAG_COLUMNS):
            faults.append(f"columns: a table of flags has {', '.join((FLAG_GROUP, *FLAG_COLUMNS))}, in this order")
        if self.coarsen or self.filters:
            faults.append("a table of flags is neither coarsened nor filtered")
        if self.guarantee != "k^m-anonymity":
            faults.append("guarantee: a table of flags keeps k^m-anonymity")
        if faults:
            raise Unfit(faults)
        return self


def load_product(path: Path) -> Product:
    """The product of one file; `SpecificationError` with every fault, also when its name is not the file's."""
    product = read_specification(path, Product, kind="product")
    if product.name != path.stem:
        raise specification_error([f"name: is not the name of the file, {path.stem}"], path, "product")
    return product


def load_products(folder: Path) -> dict[str, Product]:
    """Every product of a folder by name, in alphabetical order."""
    return {path.stem: load_product(path) for path in sorted(folder.glob("*.yml"))}
