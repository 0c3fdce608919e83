"""Every file of a release but its sums, made anew from the tables, the products' texts and the proof alone.

Here: which renderer makes which file; publication writes these bytes and verification compares with them.
Never here: the disk, a clock, or anything that a reader of a release does not have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from schemas.release import ReleaseProof
from warehouse.codebook import codebook_text, readme_text
from warehouse.description import package_text, proof_text
from warehouse.errata import errata_payload
from warehouse.flag_totals import totals_payload
from warehouse.labels import labels_payload
from warehouse.published import PublishedTable
from warehouse.release_files import CODEBOOK, ERRATA, LABELS, PACKAGE, PROOF, README, TOTALS, csv_name, parquet_name


def payloads_of(tables: Sequence[PublishedTable], proof: ReleaseProof) -> Mapping[str, bytes]:
    """File name -> bytes; the same tables and proof give the same bytes on the same versions of `schemas.release.WRITERS`."""
    csv_payloads = {csv_name(table.product.name): csv_payload(table.frame) for table in tables}
    csv_payloads |= {LABELS: labels_payload(tables, _told(proof)), ERRATA: errata_payload(proof), TOTALS: totals_payload(proof)}
    texts = {
        PACKAGE: package_text(tables, proof, csv_payloads),
        CODEBOOK: codebook_text(tables, proof),
        PROOF: proof_text(proof),
        README: readme_text(tables, proof),
    }
    parquet = {parquet_name(table.product.name): table.payload for table in tables}
    return parquet | csv_payloads | {name: text.encode() for name, text in texts.items()}


def _told(proof: ReleaseProof) -> Mapping[str, set[str]]:
    """The labels that counts are told of, by column."""
    told: dict[str, set[str]] = {}
    pairs = [(each.column, each.label) for each in proof.errata] + [(each.column, each.label) for each in proof.flag_totals]
    for column, label in pairs:
        told.setdefault(column, set()).add(label)
    return told


def csv_payload(frame: pl.DataFrame) -> bytes:
    """RFC 4180, with a byte order mark for Excel."""
    return frame.write_csv(include_bom=True, line_terminator="\r\n", quote_style="necessary").encode()
