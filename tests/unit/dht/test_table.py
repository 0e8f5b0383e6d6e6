"""The routing table: the k nearest of all it has, limits by network, siblings, contacts that move."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings, strategies as st
from kademlia.node import Node

from wherry.dht import Contact, Endpoint
from wherry.dht.limits import (
    CONTACTS_PER_NETWORK,
    CONTACTS_PER_NETWORK_AND_BUCKET,
    CONTACTS_PER_PRIVATE_HOST,
    REFRESH_S,
    SIBLINGS,
    K,
)
from wherry.dht.table import Table
from wherry.testing.dht import public_address
from wherry_signaling.scope import Scope

OWN = Node(bytes(20))
IDS = st.binary(min_size=20, max_size=20)


def table_of(count: int, seed: int = 1) -> tuple[Table, list[Contact]]:
    chance = random.Random(seed)
    contacts = [Contact(chance.randbytes(20), Endpoint(public_address(number), 4770)) for number in range(count)]
    table = Table(OWN)
    for contact in contacts:
        table.add_contact(contact)
    return table, contacts


@settings(max_examples=50, deadline=None)
@given(ids=st.lists(IDS, max_size=80, unique=True), key=IDS, removed=st.sets(st.integers(0, 79)), k=st.integers(1, 25))
def test_the_nearest_are_the_nearest_of_all(ids: list[bytes], key: bytes, removed: set[int], k: int) -> None:
    # Invariant: find_neighbors gives the k nearest of `contacts`, whatever was added and removed before.
    table = Table(OWN)
    contacts = [Contact(node_id, Endpoint(public_address(number), 1)) for number, node_id in enumerate(ids)]
    for contact in contacts:
        table.add_contact(contact)
    for number in removed:
        if number < len(contacts):
            table.remove_contact(contacts[number])
    target = int.from_bytes(key, "big")
    expected = sorted(table.contacts, key=lambda contact: contact.distance(target))[:k]
    assert table.find_neighbors(Node(key), k) == expected
    assert bytes(20) not in {contact.id for contact in table.contacts}
    buckets = [contact for bucket in table.buckets for contact in bucket.nodes.values()]
    assert {contact.id for contact in buckets} <= {contact.id for contact in table.contacts}
    assert all(len(bucket) <= K for bucket in table.buckets)


def test_buckets_tile_the_whole_space() -> None:
    table, _ = table_of(500)
    ends = [bucket.range for bucket in table.buckets]
    assert ends[0][0] == 0
    assert ends[-1][1] == 2**160 - 1
    assert all(one[1] + 1 == other[0] for one, other in itertools.pairwise(ends))
    for edge in (0, 2**159 - 1, 2**159, 2**160 - 1):
        bucket = table.buckets[table.get_bucket_for(Node(edge.to_bytes(20, "big")))]
        assert bucket.range[0] <= edge <= bucket.range[1]


def test_those_nearest_to_us_are_kept_whatever_their_bucket_says() -> None:
    table, contacts = table_of(1500)
    nearest = sorted(contacts, key=lambda contact: contact.distance(0))[:SIBLINGS]
    assert {contact.id for contact in nearest} <= {contact.id for contact in table.contacts}
    assert len(table) <= 32 * K + SIBLINGS, "kademlia splits far buckets five bits deep"


def test_a_removed_contact_makes_room_for_the_newest_replacement() -> None:
    table, contacts = table_of(1500)
    left_out = [contact for contact in contacts if table.get(contact.id) is None]
    late = left_out[-1]
    stale = table.add_contact(late)
    assert stale is not None
    assert table.get(late.id) is None
    table.remove_contact(stale)
    assert table.get(late.id) is late


@pytest.mark.parametrize(
    ("host", "most"),
    [("11.0.0.{}", CONTACTS_PER_NETWORK), ("10.0.0.1", CONTACTS_PER_PRIVATE_HOST), ("127.0.0.1", 80)],
)
def test_limits_by_network(host: str, most: int) -> None:
    chance = random.Random(2)
    table = Table(OWN)
    for number in range(80):
        table.add_contact(Contact(chance.randbytes(20), Endpoint(host.format(number + 1), 1000 + number)))
    # 127.0.0.1 is bounded by its buckets alone.
    assert len(table) <= most
    assert len(table) > (CONTACTS_PER_NETWORK_AND_BUCKET if most == CONTACTS_PER_NETWORK else most // 2)


def test_a_contact_that_moved_is_kept_at_its_new_address() -> None:
    table = Table(OWN)
    old, new = (Contact(b"\1" * 20, Endpoint(host, 1)) for host in ("11.0.0.1", "11.0.1.1"))
    table.add_contact(old)
    table.add_contact(new)
    assert list(table.contacts) == [new]


def test_a_public_asker_is_told_no_private_contact() -> None:
    table = Table(OWN)
    for number, host in enumerate(("127.0.0.1", "10.0.0.1", "11.0.0.1"), 1):
        table.add_contact(Contact(bytes([number]) * 20, Endpoint(host, 1)))
    told = {scope: {c.endpoint.host for c in table.find_neighbors(OWN, scope=scope)} for scope in Scope}
    assert told == {
        Scope.LOOPBACK: {"127.0.0.1", "10.0.0.1", "11.0.0.1"},
        Scope.PRIVATE: {"10.0.0.1", "11.0.0.1"},
        Scope.GLOBAL: {"11.0.0.1"},
    }


def test_buckets_nobody_looked_into_are_lonely() -> None:
    table, _ = table_of(200)
    assert table.lonely_buckets(REFRESH_S - 1) == []
    table.touch(Node(b"\xff" * 20), REFRESH_S)
    lonely = table.lonely_buckets(REFRESH_S)
    assert len(lonely) == len(table.buckets) - 1
    assert table.buckets[-1] not in lonely


def test_how_many_are_nearer_than_we() -> None:
    table, contacts = table_of(100)
    key = b"\x40" * 20
    nearer = sum(contact.distance(int.from_bytes(key, "big")) < int.from_bytes(key, "big") for contact in contacts)
    assert table.nearer_than_us(Node(key)) == nearer
