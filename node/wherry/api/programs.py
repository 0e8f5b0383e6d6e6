"""The tokens of programs: they live until their owner revokes them, in a file that holds nothing but their digests.

::

    tokens.json, mode 0600:  {"v": 1, "tokens": [{"name": "…", "sha256": "<hex>", "created": "<RFC 3339>"}, …]}
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from wherry_signaling.errors import HomeUnusable

from ..errors import BadRequest
from ..home import JSON_BYTES, write_atomically
from .limits import PROGRAMS
from .tokens import Caller, Random, digest_of, new_token

#: What a program's token begins with, so that one that got into a log or a commit is known for what it is.
PREFIX: Final = "wherry_"


class _Kept(Struct, frozen=True, kw_only=True):
    name: str
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    created: str


class _File(Struct, frozen=True, kw_only=True):
    v: int = 1
    tokens: list[_Kept] = []


class Programs:
    """Programs that may use the API.

    :param file: where their tokens' digests rest; None: nowhere, they end with the node.
    :raises HomeUnusable: if the file is damaged or cannot be read.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._kept: dict[str, _Kept] = {}
        self._callers: dict[bytes, Caller] = {}
        for one in _read(file).tokens if file is not None else ():
            self._add(one)

    def all(self) -> list[tuple[str, str]]:
        """Name and time of making of each, the oldest first."""
        return [(one.name, one.created) for one in self._kept.values()]

    def find(self, token: str) -> Caller | None:
        """Whose token it is."""
        digest = digest_of(token)
        return self._callers.get(digest) if digest is not None else None

    def new(self, name: str, *, random: Random, created: str) -> str:
        """A token for a program: told this once.

        :raises BadRequest: if there is one of that name, or there are too many.
        :raises DiskFull, HomeUnusable: if it cannot be kept; then there is none.
        """
        if name in self._kept:
            raise BadRequest(f"there is a token for {name!r} already", hint="Revoke it first, or choose another name.")
        if len(self._kept) >= PROGRAMS:
            raise BadRequest(f"there are {PROGRAMS} tokens already", hint="Revoke one that is not used any more.")
        token = new_token(random, PREFIX)
        digest = digest_of(token)
        assert digest is not None
        one = _Kept(name=name, sha256=digest.hex(), created=created)
        self._write([*self._kept.values(), one])
        self._add(one)
        return token

    def revoke(self, name: str) -> None:
        """End a program's token, and what it has under way.

        :raises BadRequest: if there is none of that name.
        :raises DiskFull, HomeUnusable: if that cannot be kept; then it still works.
        """
        one = self._kept.get(name)
        if one is None:
            raise BadRequest(f"there is no token for {name!r}", hint="See which there are: wherry token list")
        self._write([kept for kept in self._kept.values() if kept is not one])
        del self._kept[name]
        self._callers.pop(bytes.fromhex(one.sha256)).end()

    def _add(self, one: _Kept) -> None:
        self._kept[one.name] = one
        self._callers[bytes.fromhex(one.sha256)] = Caller(name=one.name)

    def _write(self, tokens: list[_Kept]) -> None:
        if self._file is not None:
            write_atomically(self._file, msgspec.json.encode(_File(tokens=tokens)))


def _read(file: Path) -> _File:
    try:
        with file.open("rb") as handle:
            return msgspec.json.decode(handle.read(JSON_BYTES), type=_File)
    except FileNotFoundError:
        return _File()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        hint = "Move it away: only the tokens of programs are in it."
        raise HomeUnusable(f"{file} is damaged: {error}", hint=hint) from error
    except OSError as error:
        raise HomeUnusable(f"{file}: {error.strerror}") from error
