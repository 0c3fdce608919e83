"""Ways to tamper with a release so that its own sums and sizes still fit, and what verification then says."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from engine.parquet import encode
from schemas.errors import PromiseBroken
from warehouse.verification import verify

CANARY = "Zebulon Quetzal"


def broken(folder: Path) -> str:
    """What verification says of a folder that was tampered with."""
    with pytest.raises(PromiseBroken) as found:
        verify(folder)
    assert CANARY not in str(found.value)
    return str(found.value)


def cover_up(folder: Path) -> None:
    """Write the sums anew, as someone would who wants a change not to be seen."""
    names = sorted(path.name for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def edit_json(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    text = json.dumps(content, indent=2, sort_keys=path.name == "proof.json", ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8")
    cover_up(path.parent)


def edit_proof(folder: Path, **changed: object) -> None:
    """Change the statement about the first product."""
    edit_json(folder / "proof.json", lambda content: content["products"][0].update(changed))  # type: ignore[index]


def replace_table(folder: Path, frame: pl.DataFrame) -> None:
    """Put another table in the place of the first product, its CSV, hashes and sizes with it: the perfect cover-up."""
    payloads = {"everyone.parquet": encode(frame), "everyone.csv": frame.write_csv(include_bom=True, line_terminator="\r\n").encode()}
    for name, payload in payloads.items():
        (folder / name).write_bytes(payload)

    def describe(content: dict[str, object]) -> None:
        for resource in content["resources"]:  # type: ignore[attr-defined]
            if resource["path"] in payloads:
                payload = payloads[resource["path"]]
                resource.update(bytes=len(payload), hash=f"sha256:{sha256(payload).hexdigest()}")

    edit_json(folder / "datapackage.json", describe)
    edit_proof(folder, sha256=sha256(payloads["everyone.parquet"]).hexdigest())


def replace_bytes(folder: Path, payload: bytes) -> None:
    """Other bytes for the first product's Parquet file, with its size and hashes: the rows and their CSV stay."""
    (folder / "everyone.parquet").write_bytes(payload)

    def describe(content: dict[str, object]) -> None:
        content["resources"][0].update(bytes=len(payload), hash=f"sha256:{sha256(payload).hexdigest()}")  # type: ignore[index]

    edit_json(folder / "datapackage.json", describe)
    edit_proof(folder, sha256=sha256(payload).hexdigest())


def written(frame: pl.DataFrame, **options: object) -> bytes:
    """A Parquet file as another program might write it."""
    sink = io.BytesIO()
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    metadata = options.pop("metadata", None)
    settings = {"compression": "zstd", "store_schema": metadata is not None, **options}
    pq.write_table(table.replace_schema_metadata(metadata), sink, **settings)
    return sink.getvalue()
