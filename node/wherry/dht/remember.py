"""Contacts for the next start, as JSON: ``{"v": 1, "contacts": [["192.0.2.7", 4770], …]}``. kademlia's is a pickle."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec

from wherry_signaling.errors import Malformed

from .endpoint import Endpoint, from_socket
from .limits import REMEMBERED, REMEMBERED_BYTES

_Port = Annotated[int, msgspec.Meta(gt=0, lt=65536)]


class _File(msgspec.Struct):
    v: int
    contacts: list[tuple[str, _Port]]


def save_contacts(path: Path, endpoints: Iterable[Endpoint]) -> None:
    """Write `endpoints` to `path`, wholly or not at all.

    :raises OSError: if it cannot be written.
    """
    file = _File(1, [(endpoint.host, endpoint.port) for endpoint in endpoints][:REMEMBERED])
    beside = path.with_name(path.name + ".new")
    beside.write_bytes(msgspec.json.encode(file))
    os.replace(beside, path)


def load_contacts(path: Path) -> list[Endpoint]:
    """The endpoints in the file; none if there is no such file or it is damaged: they are a convenience."""
    try:
        with path.open("rb") as file:
            read = msgspec.json.decode(file.read(REMEMBERED_BYTES), type=_File)
        return [from_socket(contact) for contact in read.contacts[:REMEMBERED]]
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError, Malformed):
        return []
