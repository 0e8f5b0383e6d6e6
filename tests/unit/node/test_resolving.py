"""Whom a person means."""

from __future__ import annotations

import pytest

from wherry.errors import AmbiguousPeer, InvalidAddress, InvalidMultiaddr, UnknownPeer
from wherry.resolving import Acquaintance, resolve
from wherry_signaling.address import Address, InviteLink
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity
from wherry_signaling.multiaddrs import introduced_by

ADA, BELA, CY = (Identity(bytes([number] * 32)).id for number in (1, 2, 3))
KNOWN = [Acquaintance(ADA, "ada", "quiet heron"), Acquaintance(BELA, "", "Cy"), Acquaintance(CY, "", "Cy")]


@pytest.mark.parametrize(
    "text", [str(ADA), "ada", "Quiet Heron", str(ADA)[-6:], "…" + str(ADA)[-6:], str(ADA)[:14], str(ADA)[8:13]]
)
def test_every_way_to_mean_somebody(text: str) -> None:
    assert resolve(text, KNOWN) == ADA


def test_a_link_brings_its_ways_in() -> None:
    link = InviteLink(Address(CY, bytes(8)), (EndpointAddress("192.0.2.7", 4770),))
    ways: list[InviteLink | EndpointAddress] = []
    assert resolve(str(link), [], ways.append) == CY
    assert ways == [link]


def test_a_multiaddr_names_a_peer_and_a_way() -> None:
    own = EndpointAddress("192.0.2.7", 4770, peer=CY)
    by_ada = EndpointAddress("192.0.2.8", 4770, peer=ADA)
    ways: list[InviteLink | EndpointAddress] = []
    assert resolve(str(own), [], ways.append) == CY
    assert resolve(str(introduced_by(by_ada, CY)), [], ways.append) == CY
    assert ways == [own, by_ada]
    with pytest.raises(InvalidMultiaddr):
        resolve("/ip4/192.0.2.7/tcp/4770/ws", [])
    with pytest.raises(InvalidMultiaddr):
        resolve("/nonsense", [])


def test_a_private_label_wins_over_a_claimed_name() -> None:
    assert resolve("Cy", [*KNOWN, Acquaintance(ADA, "Cy", "")]) == ADA


def test_ambiguous_names_all_that_fit() -> None:
    with pytest.raises(AmbiguousPeer) as caught:
        resolve("Cy", KNOWN)
    assert BELA.short in str(caught.value)
    assert CY.short in str(caught.value)


def test_unknown_and_damaged_are_told_apart() -> None:
    with pytest.raises(UnknownPeer):
        resolve("nobody", KNOWN)
    with pytest.raises(UnknownPeer):
        resolve("", KNOWN)
    with pytest.raises(InvalidAddress):
        resolve(str(Address(CY, bytes(8)))[:-2], KNOWN)
