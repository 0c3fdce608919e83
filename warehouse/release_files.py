"""Which files a release is made of, what they are called and how their sums are written.

Here: names, hashes and the text of the sum file, for the writer and the verifier alike.
Never here: what stands in a table, or a promise about it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

SUMS = "SHA256SUMS"
PROOF = "proof.json"
PACKAGE = "datapackage.json"
CODEBOOK = "codebook.html"
README = "README.txt"
LABELS = "labels.csv"
ERRATA = "errata.csv"
TOTALS = "flag-totals.csv"
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,80}")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""First in every CSV file: without it Excel takes the text for the code page of the machine."""

_SUM_LINE = re.compile(r"([0-9a-f]{64})  ([^/\\\n]+)")


def parquet_name(product: str) -> str:
    """The file that was measured by the gate."""
    return f"{product}.parquet"


def csv_name(product: str) -> str:
    """The same rows for programs that read no Parquet."""
    return f"{product}.csv"


def names_of_release(products: Iterable[str]) -> set[str]:
    """Every file of a release of these products; there is no other."""
    tables = {name for product in products for name in (parquet_name(product), csv_name(product))}
    return tables | {SUMS, PROOF, PACKAGE, CODEBOOK, README, LABELS, ERRATA, TOTALS}


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint_of(folder: Path) -> str:
    """The SHA-256 of the sum file: it names every byte of a release, so that a publisher can tell it by another way."""
    return sha256_of(folder / SUMS)


def sums_text(sums: Mapping[str, str]) -> str:
    """File name -> hash as `sha256sum -c` reads it, by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))


def parse_sums(text: str) -> dict[str, str] | None:
    """What `sums_text` wrote; None when a line is of another form, a name stands twice or they are out of order."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _SUM_LINE.fullmatch(line)
        if match is None:
            return None
        found[match[2]] = match[1]
    return found if sums_text(found) == text else None
