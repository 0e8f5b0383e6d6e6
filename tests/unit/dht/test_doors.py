"""The small things at the door: address proofs, endpoints, names, remembered contacts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from wherry.dht import Endpoint, load_contacts, save_contacts
from wherry.dht.endpoint import from_socket, unpack
from wherry.dht.limits import REMEMBERED, TOKEN_S
from wherry.dht.resolve import resolve
from wherry.dht.tokens import Tokens
from wherry_signaling.errors import Malformed
from wherry_signaling.scope import Scope

HERE, THERE = Endpoint("11.0.0.1", 4770), Endpoint("11.0.0.1", 4771)
KEY = bytes(32)


def test_a_token_proves_one_key_at_one_endpoint_for_a_while() -> None:
    tokens = Tokens(random.Random(1).randbytes)
    token = tokens.mint(HERE, KEY, 0)
    assert tokens.check(token, HERE, KEY, 0)
    assert not tokens.check(token, THERE, KEY, 0)
    assert not tokens.check(token, HERE, b"\1" * 32, 0)
    assert not tokens.check(b"", HERE, KEY, 0)
    assert not tokens.check(token[:8], HERE, KEY, 0)
    assert tokens.check(token, HERE, KEY, 2 * TOKEN_S - 1)
    assert not tokens.check(token, HERE, KEY, 3 * TOKEN_S)
    assert not Tokens(random.Random(2).randbytes).check(token, HERE, KEY, 0)


@settings(deadline=None)
@given(steps=st.lists(st.floats(0, 3 * TOKEN_S), max_size=8))
def test_a_fresh_token_is_good_for_five_minutes_whenever_it_was_minted(steps: list[float]) -> None:
    # Invariant: what was minted now is good until the secret was replaced twice: TOKEN_S at least.
    tokens, now = Tokens(random.Random(1).randbytes), 0.0
    for step in steps:
        now += step
        assert tokens.check(tokens.mint(HERE, KEY, now), HERE, KEY, now + TOKEN_S * 0.99)


@settings(deadline=None)
@given(data=st.binary(max_size=20))
def test_any_bytes_are_an_endpoint_or_malformed(data: bytes) -> None:
    # Invariant: unpack gives an endpoint that packs into the same bytes, or raises Malformed.
    try:
        endpoint = unpack(data)
    except Malformed:
        return
    assert endpoint.pack() == data


@pytest.mark.parametrize(
    ("address", "endpoint", "scope", "network"),
    [
        (("127.0.0.1", 1), "127.0.0.1:1", Scope.LOOPBACK, "127.0.0.1:1"),
        (("::ffff:10.0.0.1", 1, 0, 0), "10.0.0.1:1", Scope.PRIVATE, "10.0.0.1"),
        (("11.0.0.9", 1), "11.0.0.9:1", Scope.GLOBAL, "11.0.0.0/24"),
        (("2a0b:11::9", 1, 0, 0), "[2a0b:11::9]:1", Scope.GLOBAL, "2a0b:11::/56"),
        (("fe80::1%eth0", 1, 0, 2), "[fe80::1]:1", Scope.PRIVATE, "fe80::1"),
    ],
)
def test_endpoints_of_sockets(address: tuple[str, int], endpoint: str, scope: Scope, network: str) -> None:
    seen = from_socket(address)
    assert (str(seen), seen.scope, seen.network) == (endpoint, scope, network)


@pytest.mark.parametrize("data", ["e0000001 0001", "00000000 0001", "ffffffff 0001", "0b000001 0000"])
def test_nobody_listens_there(data: str) -> None:
    with pytest.raises(Malformed):
        unpack(bytes.fromhex(data))


async def test_addresses_are_taken_as_they_are_and_bad_names_left_out() -> None:
    asked = [HERE, Endpoint("::ffff:11.0.0.1", 4770), Endpoint("no such name\0", 1), Endpoint("x" * 300, 1), THERE]
    assert await resolve(asked) == [HERE, THERE]


async def test_names_are_resolved() -> None:
    assert Endpoint("127.0.0.1", 7) in await resolve([Endpoint("localhost", 7)])


def test_contacts_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "contacts.json"
    assert load_contacts(path) == []
    save_contacts(path, [HERE, THERE] * REMEMBERED)
    assert load_contacts(path) == [HERE, THERE] * (REMEMBERED // 2)


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[]", b'{"v":1,"contacts":[["name",1]]}', b"\x80\x04K\x01."])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "contacts.json"
    path.write_bytes(content)
    assert load_contacts(path) == []
