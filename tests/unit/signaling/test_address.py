"""Addresses and invite links, as people hand them out and paste them."""

from __future__ import annotations

import time

import pytest
from golden import Vector, vectors
from hypothesis import given, strategies as st

from wherry_signaling.address import Address, InviteLink, parse_who, peer_of
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import InvalidAddress, InvalidLink, InvalidPeerId, LocalError
from wherry_signaling.identity import Identity

ALICE = Identity(b"\xa1" * 32)
ADDRESS = Address(ALICE.id, bytes.fromhex("0011223344556677"))
ADDRESSES = st.builds(
    lambda seed, nospam: Address(Identity(seed).id, nospam),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=8, max_size=8),
)
VIAS = st.lists(
    st.builds(
        EndpointAddress,
        st.sampled_from(["192.0.2.7", "2001:db8::7", "node.example.org", "node-1"]),
        st.integers(1, 65535) | st.just(443),
        st.booleans(),
    ),
    max_size=3,
).map(tuple)
#: What mail programs, chats and people put into a text.
MESS = st.sampled_from([" ", "\n", "\r\n\t", "\u00a0", "%20", "%0A"])


@vectors("address", good=True)
def test_an_address_is_read(vector: Vector) -> None:
    address = Address.parse(vector["text"])
    assert (address.peer.key, address.nospam) == (vector.hex("public"), vector.hex("nospam"))
    assert str(address.peer) == vector["peer_id"]
    assert str(address) == vector["canonical"]


@vectors("address", good=False)
def test_a_damaged_address_is_refused(vector: Vector) -> None:
    with vector.refused():
        Address.parse(vector["text"])


@vectors("links", good=True)
def test_a_link_is_read(vector: Vector) -> None:
    link = InviteLink.parse(vector["text"])
    assert str(link.address) == vector["address"]
    assert [str(via) for via in link.vias] == vector["vias"]
    assert str(link) == vector["canonical"]
    assert InviteLink.parse(str(link)) == link


@vectors("links", good=False)
def test_what_is_no_link_is_refused(vector: Vector) -> None:
    with vector.refused():
        InviteLink.parse(vector["text"])


def test_the_http_form_opens_the_inviters_own_page() -> None:
    own = EndpointAddress("192.0.2.7", 4770, peer=ALICE.id)
    link = InviteLink(ADDRESS).http(own)
    assert link == f"http://192.0.2.7:4770/#/add/{ADDRESS}"
    assert InviteLink.parse(link) == InviteLink(ADDRESS, (own.without_peer(),))


def test_a_link_with_one_way_in_is_under_a_hundred_characters() -> None:
    assert len(str(InviteLink(ADDRESS, (EndpointAddress("192.168.100.200", 44770),)))) < 100
    assert len(InviteLink(ADDRESS).http(EndpointAddress("192.168.100.200", 44770))) < 100


@pytest.mark.parametrize(
    ("pasted", "error"),
    [
        ("", InvalidAddress),
        ("hello", InvalidAddress),
        ("12D3KooW", InvalidPeerId),
        ("http://192.0.2.7/", InvalidLink),
        ("mailto:somebody@example.org", InvalidLink),
    ],
)
def test_what_was_meant_is_named(pasted: str, error: type[LocalError]) -> None:
    with pytest.raises(error):
        parse_who(pasted)


@pytest.mark.parametrize(
    "who", [ALICE.id, ADDRESS, InviteLink(ADDRESS), InviteLink(ADDRESS, (EndpointAddress("a", 1),))]
)
def test_whatever_names_somebody_is_read(who: object) -> None:
    assert parse_who(f" <{who}>\n") == who
    assert peer_of(parse_who(str(who))) == ALICE.id


def test_a_megabyte_is_refused_at_once() -> None:
    began = time.perf_counter()
    for parse in (Address.parse, parse_who, InviteLink.parse):
        for text in ("2" * 1_000_000, "12D3KooW" * 100_000, "wherry:" + "2" * 1_000_000):
            with pytest.raises(LocalError):
                parse(text)
    assert time.perf_counter() - began < 5  # base58 takes the square of the length: minutes


@given(ADDRESSES, st.data())
def test_an_address_reads_back_however_it_is_mangled(address: Address, data: st.DataObject) -> None:
    # Invariant: white space and percent signs anywhere in an address do no harm.
    text = str(address)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(str(address))))
        if "%" not in text[max(0, at - 2) : at]:
            text = text[:at] + data.draw(MESS) + text[at:]
    assert Address.parse(text) == address


@given(ADDRESSES, st.data())
def test_a_wrong_character_is_found(address: Address, data: st.DataObject) -> None:
    # Invariant: with one character changed or left out, or two neighbours swapped, it is refused (1 in 2^32 is not).
    text = str(address)
    at = data.draw(st.integers(0, len(text) - 2))
    other = data.draw(st.sampled_from([c for c in "123ABCabcxyz" if c != text[at]]))
    wrong = [text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :]]
    if text[at] != text[at + 1]:
        wrong.append(text[:at] + text[at + 1] + text[at] + text[at + 2 :])
    for one in wrong:
        with pytest.raises(InvalidAddress):
            Address.parse(one)


@given(ADDRESSES, VIAS)
def test_a_link_reads_back(address: Address, vias: tuple[EndpointAddress, ...]) -> None:
    # Invariant: a link printed is a link read, with every way in.
    link = InviteLink(address, vias)
    assert InviteLink.parse(str(link)) == link
    for via in vias:
        assert InviteLink.parse(link.http(via)) == InviteLink(address, (via,))
