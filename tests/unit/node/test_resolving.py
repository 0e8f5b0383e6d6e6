"""Whom a person means."""

from __future__ import annotations

import pytest

from wherry.errors import AmbiguousPeer, InvalidAddress, UnknownPeer
from wherry.resolving import Acquaintance, resolve
from wherry_signaling.address import Address, InviteLink
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity

ADA, BELA, CY = (Identity(bytes([number] * 32)).id for number in (1, 2, 3))
KNOWN = [Acquaintance(ADA, "ada", "quiet heron"), Acquaintance(BELA, "", "Cy"), Acquaintance(CY, "", "Cy")]


@pytest.mark.parametrize(
    "text", [str(ADA), "ada", "Quiet Heron", str(ADA)[-6:], "…" + str(ADA)[-6:], str(ADA)[:14], str(ADA)[8:13]]
)
def test_every_way_to_mean_somebody(text: str) -> None:
    assert resolve(text, KNOWN) == ADA


def test_a_link_brings_its_ways_in() -> None:
    link = InviteLink(Address(CY, bytes(8)), (EndpointAddress("192.0.2.7", 4770),))
    links: list[InviteLink] = []
    assert resolve(str(link), [], links.append) == CY
    assert links == [link]


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
