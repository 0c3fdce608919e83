"""The register of linkage rounds in the vault, and what it keeps out of the kept reports.

Here: reading and writing the register, taking tokens of closed rounds out of reports. Never here: a key, a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from ingest.vault import Vault
from linkage.private.rounds import Rounds

REGISTER = "linkage-rounds"
_COLUMN = "person_token"


def load_rounds(vault: Vault) -> Rounds:
    """The register; empty before the first round."""
    payload = vault.load(REGISTER)
    return Rounds.model_validate_json(payload) if payload else Rounds()


def store_rounds(vault: Vault, rounds: Rounds) -> None:
    """Replace the register."""
    vault.store(REGISTER, rounds.model_dump_json().encode())


def without_tokens(reports: pl.DataFrame, tags: Iterable[str]) -> pl.DataFrame:
    """The reports without the tokens that begin with one of the tags; other tokens and columns stay."""
    some = "|".join(sorted(tags))
    if not some or _COLUMN not in reports.columns:
        return reports
    left = pl.col(_COLUMN).str.replace_all(rf"(?:{some})\.\S+", "").str.replace_all(r"\s+", " ").str.strip_chars()
    is_held = pl.col(_COLUMN).str.contains(rf"(?:{some})\.")
    return reports.with_columns(pl.when(is_held).then(pl.when(left != "").then(left)).otherwise(pl.col(_COLUMN)).alias(_COLUMN))


def holds_tokens(reports: pl.DataFrame, tag: str) -> bool:
    """Whether any report has a token of the round with that tag."""
    return _COLUMN in reports.columns and bool(reports[_COLUMN].str.contains(rf"{tag}\.").any())


def kept_out(vault: Vault, batch_id: str, frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The frames of a batch without tokens of closed rounds; a batch that brought some is remembered as their holder."""
    rounds = load_rounds(vault)
    held = {each.name: [batch_id] for each in rounds.closed if any(holds_tokens(frame, each.tag) for frame in frames.values())}
    if held:
        store_rounds(vault, rounds.with_holders(held))
    tags = [each.tag for each in rounds.closed]
    return {name: without_tokens(frame, tags) for name, frame in frames.items()}
