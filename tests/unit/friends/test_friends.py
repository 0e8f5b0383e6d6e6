"""Friends on a store: what people ask for, what the other side is told, and who may send what."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

import pytest
from memory_post import Party, befriend, calm, deliver

from wherry.errors import AlreadyFriends, BadRequest, NoRequest, NotFriends, OldAddress, PeerBlocked, RequestDeclined
from wherry.friends.bodies import Request, encode
from wherry.friends.events import FriendChanged
from wherry.friends.limits import OWED_S, PENDING
from wherry.friends.states import State
from wherry.messages.handlers import Void
from wherry.messages.packets import Item, Kind, Reason
from wherry_signaling.address import Address
from wherry_signaling.identity import Identity


def states(one: Party, other: Party) -> tuple[str, str]:
    return one.state(other), other.state(one)


def test_a_request_says_who_and_hello(ada: Party, bela: Party) -> None:
    sent = ada.friends.add(bela.addresses.get(), "Hi,\nit is Ada \x1b[31m")
    assert (sent.state, sent.hello) == (State.SENT, "Hi,\nit is Ada  [31m")
    assert deliver(ada, bela) == [None]
    [asked] = bela.friends.list()
    assert (asked.peer, asked.state, asked.name, asked.hello) == (ada.id, State.RECEIVED, "Ada", sent.hello)
    bela.friends.accept(ada.id)
    calm(ada, bela)
    assert states(ada, bela) == ("friends", "friends")
    assert ada.friends.get(bela.id).name == "Bela"
    assert FriendChanged(peer=ada.id, state=State.RECEIVED, before=State.STRANGER, by_them=True) in bela.seen
    assert FriendChanged(peer=bela.id, state=State.FRIENDS, before=State.SENT, by_them=True) in ada.seen


def test_requests_that_cross_are_a_friendship(ada: Party, bela: Party) -> None:
    ada.friends.add(bela.addresses.get())
    bela.friends.add(ada.addresses.get())
    bela.addresses.rotate()  # it wants Ada anyway: her request need not know the new word
    calm(ada, bela)
    assert states(ada, bela) == ("friends", "friends")


def test_a_declined_request_says_why(ada: Party, bela: Party) -> None:
    ada.friends.add(bela.addresses.get())
    deliver(ada, bela)
    bela.friends.decline(ada.id, "not now")
    assert bela.friends.list() == []
    calm(ada, bela)
    declined = ada.friends.get(bela.id)
    assert declined.state is State.DECLINED
    assert isinstance(declined.failure, RequestDeclined)
    assert declined.failure.detail == "not now"
    assert ada.friends.remove(bela.id).state is State.STRANGER
    assert ada.friends.list() == []


def test_a_withdrawn_request_is_gone_at_both_ends(ada: Party, bela: Party) -> None:
    ada.friends.add(bela.addresses.get())
    deliver(ada, bela)
    ada.friends.withdraw(bela.id)
    calm(ada, bela)
    assert states(ada, bela) == ("stranger", "stranger")
    with pytest.raises(NoRequest):
        bela.friends.accept(ada.id)


def test_asking_again_by_another_address_replaces_the_request(ada: Party, bela: Party) -> None:
    old = bela.addresses.get()
    bela.addresses.rotate()
    ada.friends.add(old, "hello")
    assert ada.friends.add(old, "hello").hello == "hello"
    assert len(ada.post.out) == 1
    ada.friends.add(bela.addresses.get())
    assert deliver(ada, bela) == [Reason.OLD_ADDRESS, None, None]
    assert states(ada, bela) == ("sent", "received")
    assert bela.friends.get(ada.id).hello == "hello"


def test_an_old_address_is_refused_and_friends_stay(ada: Party, bela: Party, cy: Party) -> None:
    befriend(ada, bela)
    card = bela.addresses.new("card")
    bela.addresses.rotate()
    cy.friends.add(card.address)
    assert deliver(cy, bela) == [None]
    bela.friends.decline(cy.id)
    bela.addresses.rotate("card")
    calm(cy, bela)
    cy.friends.add(card.address)
    assert deliver(cy, bela) == [Reason.OLD_ADDRESS]
    failure = cy.friends.get(bela.id).failure
    assert isinstance(failure, OldAddress)
    assert failure.peer == str(bela.id)
    assert states(ada, bela) == ("friends", "friends")


def test_who_is_removed_is_told(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.friends.remove(bela.id)
    calm(ada, bela)
    assert states(ada, bela) == ("stranger", "stranger")
    assert ada.friends.list() == bela.friends.list() == []
    with pytest.raises(NotFriends):
        ada.friends.remove(bela.id)


def test_who_is_blocked_hears_refused(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.friends.block(bela.id)
    assert ada.friends.block(bela.id).state is State.BLOCKED
    calm(ada, bela)
    assert states(ada, bela) == ("blocked", "stranger")
    assert ada.friends.is_blocked(bela.id.key)
    assert bela.id not in ada.friends.tagged()
    bela.friends.add(ada.addresses.get())
    assert deliver(bela, ada) == [Reason.REFUSED]
    assert states(ada, bela) == ("blocked", "declined")
    with pytest.raises(PeerBlocked):
        ada.friends.add(bela.addresses.get())
    ada.friends.unblock(bela.id)
    bela.friends.add(ada.addresses.get())
    assert deliver(bela, ada) == [None]


def test_no_more_requests_wait_than_may(tmp_path: Path, bela: Party) -> None:
    verdicts = []
    for number in range(PENDING + 3):
        stranger = Identity(number.to_bytes(32, "big")).id
        request = Item(1, Kind.REQUEST, bytes(16), 2**31, bela_request(bela))
        verdicts.append(bela.post.take(stranger, request))
    assert verdicts == [None] * PENDING + [Reason.FULL] * 3
    assert len(bela.friends.list()) == PENDING
    bela.friends.decline(bela.friends.list()[0].peer)
    last = Identity((PENDING + 1).to_bytes(32, "big")).id
    assert bela.post.take(last, Item(1, Kind.REQUEST, bytes(16), 2**31, bela_request(bela))) is None


def bela_request(bela: Party) -> bytes:
    from wherry.friends.bodies import Request, encode

    return encode(Request(bela.addresses.get().nospam, "Somebody", "let me in"))


def test_what_nobody_can_ask_for(ada: Party, bela: Party) -> None:
    with pytest.raises(BadRequest, match="own address"):
        ada.friends.add(ada.addresses.get())
    with pytest.raises(BadRequest, match="more than 1024 bytes"):
        ada.friends.add(bela.addresses.get(), "ä" * 513)
    with pytest.raises(BadRequest, match="an id alone"):
        ada.friends.add(bela.id)
    for ask in (ada.friends.accept, ada.friends.decline, ada.friends.withdraw):
        with pytest.raises(NoRequest):
            ask(bela.id)
    befriend(ada, bela)
    with pytest.raises(AlreadyFriends):
        ada.friends.add(bela.addresses.get())


def test_an_id_is_enough_for_one_who_has_asked(ada: Party, bela: Party) -> None:
    ada.friends.add(bela.addresses.get(), "hello")
    deliver(ada, bela)
    assert bela.friends.add(ada.id).state is State.FRIENDS


def test_labels_win_and_are_private(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.friends.label(bela.id, "Bela from work")
    calm(ada, bela)
    [friend] = ada.friends.list()
    assert (friend.label, friend.name) == ("Bela from work", "Bela")
    assert bela.friends.get(bela.id).label == ""


def test_the_gate(ada: Party, bela: Party, cy: Party) -> None:
    befriend(ada, bela)

    def admitted(party: Party, sender: Party, kind: Kind) -> bool:
        try:
            party.friends.admit(sender.id, Item(1, kind, bytes(16), 2**31, b""))
        except Void as void:
            return void.reason is not Reason.REFUSED
        return True

    words = {Kind.REQUEST, Kind.ACCEPT, Kind.DECLINE, Kind.WITHDRAW, Kind.REMOVE}
    written = {Kind.TEXT, Kind.BYTES, Kind.FRAGMENT, Kind.READ, Kind.TYPING}
    assert {kind for kind in Kind if admitted(ada, bela, kind)} == set(Kind)
    assert {kind for kind in Kind if admitted(ada, cy, kind)} == words
    ada.friends.block(bela.id)
    assert {kind for kind in Kind if admitted(ada, bela, kind)} == set()
    open_to_all = Party(ada.identity, ada.path.with_name("open.db"), "Open", writers="anyone")
    assert {kind for kind in Kind if admitted(open_to_all, cy, kind)} == words | written
    open_to_all.close()


def test_tags_and_words_for_mailboxes(ada: Party, bela: Party) -> None:
    address = bela.addresses.get()
    ada.friends.add(address)
    assert ada.friends.asked_by(bela.id) == address.nospam
    assert ada.friends.tagged() == (bela.id,)
    deliver(ada, bela)
    assert bela.friends.asked_by(ada.id) is None
    assert bela.friends.tagged() == ()
    bela.friends.accept(ada.id)
    calm(ada, bela)
    assert ada.friends.asked_by(bela.id) is None
    assert ada.friends.friends() == ada.friends.tagged() == (bela.id,)
    ada.friends.remove(bela.id)
    assert ada.friends.tagged() == (bela.id,)  # its receipt is awaited
    calm(ada, bela)
    assert ada.friends.tagged() == ()


def test_all_is_there_after_a_restart(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.friends.remove(bela.id)
    bela.friends.block(ada.id)
    before = ada.addresses.get()
    for party in (ada, bela):
        party.close()
        party.open()
    assert states(ada, bela) == ("stranger", "blocked")
    assert ada.addresses.get() == before


def test_words_that_nobody_can_read_are_malformed(ada: Party, bela: Party) -> None:
    for kind in (Kind.REQUEST, Kind.ACCEPT, Kind.DECLINE, Kind.REMOVE):
        assert ada.post.take(bela.id, Item(1, kind, bytes(16), 2**31, b"\xc1")) is Reason.MALFORMED
    assert ada.state(bela) == "stranger"


def test_a_link_names_an_address(ada: Party, bela: Party) -> None:
    from wherry_signaling.address import InviteLink

    link = InviteLink.parse(f"wherry:{Address(bela.id, bela.addresses.get().nospam)}")
    assert ada.friends.add(link).state is State.SENT


def test_a_copy_says_again_what_was_not_heard(ada: Party, bela: Party) -> None:
    ada.friends.add(bela.addresses.get(), "hello")
    [(_, first)] = ada.post.out
    ada.post.out.clear()
    ada.friends.take_up()
    [(_, again)] = ada.post.out
    assert again == first
    assert deliver(ada, bela) == [None]
    ada.friends.take_up()
    assert not ada.post.out


def test_a_contact_is_a_person_with_several_peers(ada: Party, bela: Party, cy: Party) -> None:
    befriend(ada, bela)
    ada.friends._rows.add_peer(bela.id, cy.id)  # Bela's telephone
    assert ada.friends.get(cy.id).peers == ada.friends.get(bela.id).peers == (bela.id, cy.id)
    assert ada.friends.friends() == (bela.id, cy.id)
    assert ada.friends.is_friend(cy.id.key)
    assert ada.friends.contact_of(cy.id) == bela.id
    for party in (bela, cy):
        party.history.send(ada.id, f"from {party.name}")
        assert deliver(party, ada) == [None]
    assert [one.content for one in ada.history.page(cy.id)] == ["from Bela", "from Cy"]
    assert len(ada.history.chats()) == 1
    ada.friends.remove(bela.id)
    calm(ada, bela)
    assert not ada.friends.is_friend(cy.id.key)


def test_a_comparison_is_remembered_and_can_be_taken_back(ada: Party, bela: Party) -> None:
    with pytest.raises(NotFriends):
        ada.friends.compared(bela.id, same=True)
    befriend(ada, bela)
    assert ada.friends.get(bela.id).compared == 0
    assert ada.friends.compared(bela.id, same=True).compared > 0
    ada.close()
    ada.open()
    assert ada.friends.get(bela.id).compared > 0
    assert ada.friends.compared(bela.id, same=False).compared == 0


def test_one_who_asks_again_and_again_is_news_once(ada: Party, bela: Party) -> None:
    nospam = bela.addresses.get().nospam

    def ask(hello: str) -> None:
        item = Item(1, Kind.REQUEST, secrets.token_bytes(16), 2**40, encode(Request(nospam, "Ada", hello)))
        assert bela.post.take(ada.id, item) is None

    def news() -> list[FriendChanged]:
        return [event for event in bela.seen if isinstance(event, FriendChanged)]

    for _ in range(100):
        ask("hello")
    assert len(news()) == 1
    with bela.store.database.write():  # as in one letter
        for number in range(100):
            ask(f"hello {number}")
    assert len(news()) == 2
    assert bela.friends.get(ada.id).hello == "hello 99"
    bela.friends.block(ada.id)
    assert (news()[-1].before, news()[-1].state) == (State.RECEIVED, State.BLOCKED)


def test_what_is_undone_is_no_news(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.seen.clear()
    with contextlib.suppress(KeyError), ada.store.database.write():
        ada.friends.remove(bela.id)
        raise KeyError
    assert ada.seen == []
    ada.friends.remove(bela.id)
    assert [event.state for event in ada.seen if isinstance(event, FriendChanged)] == [State.STRANGER]


def test_whoever_is_removed_and_never_says_that_it_knows_may_answer_for_some_weeks(ada: Party, bela: Party) -> None:
    befriend(ada, bela)
    ada.friends.remove(bela.id)
    assert ada.friends.tagged() == (bela.id,)
    ada.now += OWED_S + 1
    assert ada.friends.tagged() == ()
