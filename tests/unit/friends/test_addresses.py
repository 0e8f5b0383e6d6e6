"""One's own addresses: each with a label, each changed alone."""

from __future__ import annotations

import pytest
from memory_post import Party

from wherry.errors import BadRequest, TooManyAddresses, UnknownLabel
from wherry.friends.events import AddressesChanged
from wherry.friends.limits import ADDRESSES


def test_there_is_one_from_the_beginning(ada: Party) -> None:
    [one] = ada.addresses.list()
    assert (one.label, one.address.peer) == ("", ada.id)
    assert ada.store.nospam(ada.random) == one.address.nospam


def test_each_is_changed_alone(ada: Party) -> None:
    card, page = ada.addresses.new("card"), ada.addresses.new("web page")
    changed = ada.addresses.rotate("card")
    assert changed.address != card.address
    assert ada.addresses.get("web page") == page.address
    assert not ada.addresses.is_current(card.address.nospam)
    assert ada.addresses.nospams() == {one.address.nospam for one in ada.addresses.list()}
    ada.addresses.remove("card")
    assert [one.label for one in ada.addresses.list()] == ["", "web page"]
    assert ada.seen.count(AddressesChanged()) == 5


def test_labels_that_will_not_do(ada: Party) -> None:
    ada.addresses.new("card")
    for label in ("card", "  ", " card\n"):
        with pytest.raises(BadRequest):
            ada.addresses.new(label)
    for ask in (ada.addresses.rotate, ada.addresses.remove, ada.addresses.get):
        with pytest.raises(UnknownLabel):
            ask("nobody")
    with pytest.raises(BadRequest):
        ada.addresses.remove("")
    for number in range(ADDRESSES - 2):
        ada.addresses.new(f"place {number}")
    with pytest.raises(TooManyAddresses):
        ada.addresses.new("one more")
