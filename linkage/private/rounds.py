"""Keys of linkage rounds: each round of exchange with partners has its own, made from one master secret.

Here: making and checking them, the file that a partner gets, the register of open and closed rounds.
Never here: where the master or the register is kept (`pipelines.rounds`), a token.
The key of a round is HKDF-SHA-256 (RFC 5869) of the master, with the round's name in `info` and a random salt of the round: nobody who
holds the keys of some rounds learns the master or the key of another round, and a key whose salt is deleted cannot be made again.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Literal, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from linkage.private.normaliser import NORMALISER_VERSION
from schemas.errors import UserError

KEY_BYTES = 32
TAG_DIGITS = 8
_LEAST_DISTINCT_BYTES = 12
"""32 random bytes hold fewer than 12 different ones once in 10^25 times."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_OBVIOUS = (b"", b"key", b"secret", b"password", b"test", b"changeme", b"casehouse", b"linkage", b"0", b"1", b"salt")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class KeyFile(_Frozen):
    """What a partner needs to encode for one round, and nothing of the master."""

    kind: Literal["casehouse linkage round key"] = "casehouse linkage round key"
    round: str
    normaliser: str
    key: str
    check: str

    def __repr__(self) -> str:
        return f"<KeyFile of round {self.round}>"

    __str__ = __repr__

    @property
    def secret(self) -> bytes:
        """The round's key."""
        return bytes.fromhex(self.key)


class OpenRound(_Frozen):
    """A round that is open: its name, and its salt in hexadecimal digits, without which the master makes no key of it."""

    name: str
    salt: str = ""

    def __repr__(self) -> str:
        return f"<OpenRound {self.name}>"

    __str__ = __repr__


class ClosedRound(_Frozen):
    """A round that is over: its name, the tag of its tokens, and the batches in whose raw files some were."""

    name: str
    tag: str
    batch_ids: tuple[str, ...] = ()


class Rounds(_Frozen):
    """The register: the rounds that are open with their salts, and those that were closed and may never open again, without."""

    open: tuple[OpenRound, ...] = ()
    closed: tuple[ClosedRound, ...] = ()

    @field_validator("open", mode="before")
    @classmethod
    def _without_salt(cls, given: object) -> object:
        """Rounds of an earlier version are names alone: their keys were made without a salt."""
        return [{"name": each} if isinstance(each, str) else each for each in given] if isinstance(given, (list, tuple)) else given

    @property
    def open_names(self) -> tuple[str, ...]:
        """The names of the open rounds, in alphabetical order."""
        return tuple(each.name for each in self.open)

    def opened(self, name: str, salt: bytes) -> Self:
        """With the round open; one that is already keeps the salt it has. `UserError` for a name that is none, or of a closed round."""
        _check_name(name)
        if self.closed_round(name):
            raise UserError(
                "this linkage round was closed, so its key can never be made again",
                where=f"linkage round {name}",
                allowed="a name that no round had before",
                next_step="casehouse linkage round with a new name",
            )
        if name in self.open_names:
            return self
        opened = sorted((*self.open, OpenRound(name=name, salt=salt.hex())), key=lambda each: each.name)
        return self.model_copy(update={"open": tuple(opened)})

    def salt_of(self, name: str) -> bytes:
        """The salt of an open round; `UserError` when it is not open."""
        for each in self.open:
            if each.name == name:
                return bytes.fromhex(each.salt)
        raise self._unknown()

    def after_closing(self, name: str, tag: str) -> Self:
        """With the round closed and its salt gone; the same when it is already. `UserError` when there never was such a round."""
        if self.closed_round(name):
            return self
        self.ensure_known(name)
        closed = sorted((*self.closed, ClosedRound(name=name, tag=tag)), key=lambda each: each.name)
        return self.model_copy(update={"open": tuple(each for each in self.open if each.name != name), "closed": tuple(closed)})

    def with_holders(self, held: Mapping[str, Iterable[str]]) -> Self:
        """With these batches remembered as holders of tokens, by the name of the closed round."""
        closed = [each.model_copy(update={"batch_ids": tuple(sorted({*each.batch_ids, *held.get(each.name, ())}))}) for each in self.closed]
        return self.model_copy(update={"closed": tuple(closed)})

    def closed_round(self, name: str) -> ClosedRound | None:
        """The closed round of that name."""
        return next((each for each in self.closed if each.name == name), None)

    def ensure_known(self, name: str) -> None:
        """`UserError` when no round, open or closed, has the name."""
        if name not in self.open_names and not self.closed_round(name):
            raise self._unknown()

    def _unknown(self) -> UserError:
        return UserError(
            "there is no linkage round of that name",
            where="casehouse linkage close",
            allowed=", ".join(self.open_names) or "no round is open",
            next_step="use the name of an open round",
        )


def round_key(master: bytes, name: str, salt: bytes = b"") -> bytes:
    """The 32 bytes of the round's key: HKDF-SHA-256 of the master with the round's salt, info `casehouse linkage round 1|<name>`.

    A round of an instance has a random salt, deleted when it closes: then not even who holds the master makes its key again.

    Raises `UserError` for a master that is short or well known, or a name that is none.
    """
    _check_name(name)
    check_key(master, "the master secret of linkage")
    info = b"casehouse linkage round 1|" + name.encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt or None, info=info).derive(master)


def round_keys(master: bytes, rounds: Rounds) -> dict[str, bytes]:
    """The keys of the open rounds by name."""
    return {name: round_key(master, name, rounds.salt_of(name)) for name in rounds.open_names}


def round_tag(key: bytes) -> str:
    """The eight hexadecimal digits that every token of a round begins with: HMAC-SHA-256 of `casehouse round tag`, cut.

    They say which tokens belong together and let a wrong key file be recognised; they say nothing of the key.
    """
    return hmac.new(key, b"casehouse round tag", sha256).hexdigest()[:TAG_DIGITS]


def key_file(master: bytes, name: str, salt: bytes = b"") -> bytes:
    """The key file of a round for its partners, as JSON; raises what `round_key` raises."""
    key = round_key(master, name, salt)
    made = KeyFile(round=name, normaliser=NORMALISER_VERSION, key=key.hex(), check=_check_value(name, NORMALISER_VERSION, key))
    return (made.model_dump_json(indent=1) + "\n").encode()


def read_key_file(payload: bytes, where: str) -> KeyFile:
    """The key file, sound and of this normaliser; `where` names it in errors. Raises `UserError`, never with a part of the key."""
    try:
        found = KeyFile.model_validate_json(payload)
        secret = bytes.fromhex(found.key)
    except (ValidationError, ValueError):
        raise _refused("the file is no key file of a linkage round", where) from None
    _check_name(found.round)
    if found.normaliser != NORMALISER_VERSION:
        what = f"the key file asks for version {found.normaliser[:8]!a} of the normaliser; this Casehouse has {NORMALISER_VERSION}"
        raise _refused(what, where, "the same version of Casehouse at the partner and at the linkage authority")
    if not hmac.compare_digest(found.check, _check_value(found.round, found.normaliser, secret)):
        raise _refused("the key file was changed or cut: its check value does not fit", where)
    check_key(secret, where)
    return found


def check_key(key: bytes, where: str) -> None:
    """`UserError` for a key under 32 bytes or one that anybody would try: tokens made with it are broken by a dictionary."""
    if len(key) < KEY_BYTES:
        what = f"the key is too short: {len(key)} bytes"
    elif len(set(key)) < _LEAST_DISTINCT_BYTES or key in well_known_keys():
        what = "the key is one that anybody would try"
    else:
        return
    raise UserError(
        what,
        where=where,
        allowed=f"at least {KEY_BYTES} random bytes of a cryptographic generator",
        next_step="ask the linkage authority for the round's key file; it makes one with casehouse linkage round",
    )


def well_known_keys() -> frozenset[bytes]:
    """Keys that an attacker tries first: one byte repeated, bytes that count up or down, and hashes of obvious words."""
    repeated = {bytes([byte]) * KEY_BYTES for byte in (0, 1, 0x20, 0x2A, 0x30, 0x31, 0x61, 0xAA, 0xFF)}
    counting = {bytes(range(KEY_BYTES)), bytes(range(1, KEY_BYTES + 1)), bytes(range(KEY_BYTES - 1, -1, -1)), b"0123456789abcdef" * 2}
    hashed = {sha256(word).digest() for word in _OBVIOUS} | {hashlib.sha3_256(word).digest() for word in _OBVIOUS}
    return frozenset(repeated | counting | hashed)


def tags(keys: Mapping[str, bytes]) -> dict[str, str]:
    """The names of rounds by the tag that their tokens begin with."""
    return {round_tag(key): name for name, key in keys.items()}


def _check_value(name: str, normaliser: str, key: bytes) -> str:
    return hmac.new(key, f"casehouse key file|{name}|{normaliser}".encode(), sha256).hexdigest()[:16]


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UserError(
            "this is no name of a linkage round",
            where="the round's name",
            allowed="up to 40 of a to z, 0 to 9 and -, a letter or digit first, such as 2026-autumn",
            next_step="choose such a name; partners see it in the key file",
        )


def _refused(
    what: str, where: str, allowed: str = "a file that casehouse linkage round made for this round, whole and unchanged"
) -> UserError:
    return UserError(what, where=where, allowed=allowed, next_step="ask the linkage authority for the key file again; nothing was encoded")
