"""How a canary is searched for: in bytes as partners encode them, in databases whose storage is compressed, in the vault opened.

Here: the forms of a canary and what may hold them. Never here: what is searched.
"""

from __future__ import annotations

import html
import json
import sqlite3
import unicodedata
from functools import cache
from pathlib import Path

from engine.duck import connect
from engine.parquet import decode
from ingest.vault import Vault

ENCODINGS = ("utf-8", "utf-16-le", "cp1252", "cp1251", "cp1256")
DERIVED = ("problems", "events", "withdrawals", "victim", "perpetrator", "incident")
"""What stands beside a batch in the vault, as tables."""


@cache
def forms_of(canary: str) -> frozenset[bytes]:
    """The canary as bytes: as written, folded, without accents, in the encodings partners use, in JSON and in HTML."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", canary) if not unicodedata.combining(letter))
    texts = {canary, canary.casefold(), canary.upper(), plain, plain.casefold()}
    found = set()
    for text in texts | {html.escape(text) for text in texts}:
        for encoding in ENCODINGS:
            try:
                found.add(text.encode(encoding))
            except UnicodeEncodeError:
                continue
        found.add(json.dumps(text)[1:-1].encode())
    return frozenset(form for form in found if len(form) >= 6)


def traces(canaries: list[str], haystack: bytes) -> list[int]:
    """Which canaries, by number, stand in the bytes."""
    return [number for number, canary in enumerate(canaries) if any(form in haystack for form in forms_of(canary))]


def database_text(path: Path) -> str:
    """Every cell of every table of a DuckDB or SQLite file, as text: storage may be compressed."""
    if path.suffix == ".duckdb":
        connection = connect(path, read_only=True)
        tables = [row[0] for row in connection.execute("select table_name from duckdb_tables()").fetchall()]
        return "\n".join(str(connection.execute(f"select * from {table}").fetchall()) for table in tables)
    reader = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [row[0] for row in reader.execute("select name from sqlite_master where type = 'table'")]
    return "\n".join(str(reader.execute(f'select * from "{table}"').fetchall()) for table in tables)


def derived_text(vault: Vault, partner_code: str) -> str:
    """All that the vault keeps beside the raw files of a partner's batches, opened and as text."""
    batches = [batch_id for batch_id in vault.batch_ids() if vault.manifest(batch_id).partner_code == partner_code]
    payloads = [vault.load_beside(batch_id, name) for batch_id in batches for name in DERIVED]
    return "\n".join(str(decode(payload).rows()) for payload in payloads if payload)
