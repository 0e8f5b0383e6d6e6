"""What stands in a log or a traceback is a `repr`: no seed, token or word of an address is in any."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

import wherry
import wherry_signaling
from wherry.api.bodies import DashboardView, NewTokenView, TicketView
from wherry.api.people import AddressView
from wherry.copying import Owner
from wherry.friends.addresses import LabelledAddress
from wherry.views import IdView
from wherry_signaling.address import Address, InviteLink
from wherry_signaling.identity import Identity

#: Fields with these names hold something that makes whoever has it somebody, or lets them in.
SECRET = {"seed", "secret", "passphrase", "password", "token", "nospam", "root", "send_chain", "receive_chain"}
#: The DHT's tokens say which answer belongs to which request, on a wire that is open anyway.
OPEN = {"wherry.dht.frames"}
#: A value that is found again in any notation.
MARK = 0x6B
MARKED = bytes([MARK]) * 32


def fields_of(kind: type) -> tuple[str, ...]:
    if dataclasses.is_dataclass(kind):
        return tuple(one.name for one in dataclasses.fields(kind))
    if issubclass(kind, msgspec.Struct):
        return kind.__struct_fields__
    return ()


def classes() -> Iterator[type]:
    for package in (wherry, wherry_signaling):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                    if kind.__module__ == module.name and module.name not in OPEN:
                        yield kind


HOLDERS = [kind for kind in classes() if SECRET.intersection(fields_of(kind))]


def shown(one: object) -> bool:
    text = repr(one)
    return any(mark in text for mark in (MARKED.decode(), MARKED.hex(), str(list(MARKED))))


def made(kind: Any) -> object:
    """One of it, with the mark in every secret field: nothing is checked, for only its `repr` is asked for."""
    values = dict.fromkeys(fields_of(kind), b"?") | dict.fromkeys(SECRET.intersection(fields_of(kind)), MARKED)
    if issubclass(kind, msgspec.Struct):
        return kind(**values)
    one = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(one, name, value)
    return one


def test_there_are_some() -> None:
    assert {Owner, Address, NewTokenView} < set(HOLDERS)
    assert shown([MARKED])


@pytest.mark.parametrize("kind", HOLDERS, ids=lambda kind: kind.__qualname__)
def test_no_secret_is_shown(kind: type) -> None:
    assert not shown(Address(Identity(bytes(32)).id, MARKED) if kind is Address else made(kind))


def test_nor_is_one_in_a_text() -> None:
    address = Address(Identity(bytes(32)).id, MARKED[:8])
    text, link = str(address), str(InviteLink(address))
    for one in (
        InviteLink(address),
        LabelledAddress(label="card", address=address, since=1.0),
        AddressView(label="card", address=text),
        IdView(id=str(address.peer), name="Ada", address=text, invite=link, multiaddrs=[]),
        NewTokenView(name="chess", token="?", url=text),
        DashboardView(url=text, expires="?"),
        TicketView(path=text, expires="?"),
    ):
        assert text not in repr(one)
        assert repr(address.nospam)[2:-1] not in repr(one)
