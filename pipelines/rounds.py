"""Linkage rounds of an instance: open one, end one, and the keys of those that are open.

Here: in which order the rooms are asked when a round ends, so that an end that was cut off is repeated whole.
Never here: how a key or a token is made (`linkage.private`), how records are linked.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from engine.parquet import encode
from ingest.vault import Vault
from linkage.private.rounds import KEY_BYTES, key_file, round_key, round_keys, round_tag
from pipelines.instance import Instance
from pipelines.kept import reports_of
from pipelines.round_register import holds_tokens, load_rounds, store_rounds, without_tokens


@dataclass(frozen=True)
class Closed:
    """What ending a round did: reports that lost tokens, links kept as judgements, batches whose raw files still hold tokens."""

    reports: int
    links: int
    batch_ids: tuple[str, ...]


def open_keys(instance: Instance) -> dict[str, bytes]:
    """The keys of the open rounds by name, to make named records' tokens with; empty when no round is open."""
    rounds = load_rounds(instance.vault)
    return round_keys(instance.linkage_secret, rounds) if rounds.open else {}


def open_tags(instance: Instance) -> frozenset[str]:
    """What every token of an open round begins with; empty when none is open."""
    return frozenset(round_tag(key) for key in open_keys(instance).values())


def open_round(instance: Instance, name: str, *, salt: bytes | None = None) -> bytes:
    """Open the round with a random salt and give its key file; the same bytes for a round that is open already.

    `salt` is for the sample, whose tokens are made before its round is opened.
    Raises `UserError` for a name that is none, or of a round that was closed.
    """
    rounds = load_rounds(instance.vault)
    opened = rounds.opened(name, secrets.token_bytes(KEY_BYTES) if salt is None else salt)
    payload = key_file(instance.linkage_secret, name, opened.salt_of(name))
    if opened != rounds:
        store_rounds(instance.vault, opened)
    return payload


def close_round(instance: Instance, name: str) -> Closed:
    """End the round: links by its tokens stay as judgements, its tokens go from every kept report, its key is never made again.

    Raises `UserError` when there is no such round. May be called again for a closed round: what was cut off is ended.
    """
    from pipelines.linkage_objects import drop_state
    from pipelines.linking import keep_round_links, link_persons

    vault = instance.vault
    rounds = load_rounds(vault)
    rounds.ensure_known(name)
    links = 0
    if known := rounds.closed_round(name):  # its links were kept before its key went
        tag, holders = known.tag, _holders(vault, known.tag)
    else:
        key = round_key(instance.linkage_secret, name, rounds.salt_of(name))
        tag = round_tag(key)
        holders = _holders(vault, tag)
        links = keep_round_links(instance, name, key) if holders else 0
    rounds = rounds.after_closing(name, tag).with_holders({name: holders})
    store_rounds(vault, rounds)
    reports = sum(_strip(vault, batch_id, tag) for batch_id in holders)
    drop_state(vault)  # it holds tokens, also where an earlier call ended between two of these lines
    if instance.warehouse_file.exists():
        link_persons(instance)
    closed = rounds.closed_round(name)
    return Closed(reports, links, _with_raw(vault, closed.batch_ids if closed else ()))


def raw_token_holders(instance: Instance) -> tuple[str, ...]:
    """The batches whose raw files, encrypted, still hold tokens of a closed round, in the order of landing."""
    vault = instance.vault
    return _with_raw(vault, [batch_id for each in load_rounds(vault).closed for batch_id in each.batch_ids])


def _with_raw(vault: Vault, some: Collection[str]) -> tuple[str, ...]:
    return tuple(batch_id for batch_id in vault.batch_ids() if batch_id in some and vault.has_raw(batch_id))


def _holders(vault: Vault, tag: str) -> list[str]:
    return [batch_id for batch_id in vault.batch_ids() if _holds(vault, batch_id, tag)]


def _holds(vault: Vault, batch_id: str, tag: str) -> bool:
    return any(holds_tokens(reports.frame, tag) for reports in reports_of(vault, batch_id).values())


def _strip(vault: Vault, batch_id: str, tag: str) -> int:
    """How many reports of the batch lost a token of the round."""
    count = 0
    for unit, reports in reports_of(vault, batch_id).items():
        if holds_tokens(reports.frame, tag):
            left = without_tokens(reports.frame, [tag])
            changed = left["person_token"].ne_missing(reports.frame["person_token"])
            count += int(changed.sum())
            vault.store_beside(batch_id, unit.value, encode(left))
    return count
