"""What a thief can read who takes a device's keys, and what not: the promises of the double ratchet and of X3DH.

A thief here has everything of one side that rests at that moment: identity, the sessions' state, the private prekeys.
And every message that ever went by.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from ratcheting import ALICE, BOB, SIGNED, Secrets, Side, random_from, talk, two_sides

from wherry.ratchet.double_ratchet import decrypt, encrypt
from wherry.ratchet.sessions import Sessions
from wherry_signaling.errors import CannotOpen
from wherry_signaling.letters import Message


class Thief:
    """Somebody with a copy of all that a side has now."""

    def __init__(self, side: Side) -> None:
        self._state, self._own, self._peer = side.sessions.to_bytes(), side.own, side.peer
        self._prekeys = dict(side.prekeys.here)

    def can_read(self, message: Message) -> bool:
        """Whether the copy opens it: as it is, or as it is with the session forgotten, so that it begins anew."""
        return any(self._opens(state, message) for state in (self._state, b""))

    def can_read_outgoing(self, message: Message) -> bool:
        """Whether the copy opens what the victim itself sends: the sending chain, taken for one to receive by."""
        [session] = Sessions(self._own, self._peer.id, self._state)._all
        mine = session.ratchet
        mirrored = msgspec.structs.replace(
            mine,
            receive_chain=mine.send_chain,
            receive_header=mine.send_header,
            next_receive_header=mine.next_send_header,
            received=mine.sent,
        )
        try:
            decrypt(mirrored, message.header, message.box, random_from("thief"))
        except CannotOpen:
            return False
        return True

    def _opens(self, state: bytes, message: Message) -> bool:
        sessions = Sessions(self._own, self._peer.id, state)
        try:
            sessions.decrypt(message, Secrets(self._prekeys), random_from("thief"))
        except CannotOpen:
            return False
        return True


def _conversation(sides: tuple[Side, Side], turns: Sequence[int], *, one_time: bool) -> list[Message]:
    """All messages to Bob, opened."""
    seen = []
    for turn in turns:
        message = sides[turn].send(b"yesterday", sides[1 - turn], one_time=one_time)
        assert sides[1 - turn].open(message) == b"yesterday"
        if turn == 0:
            seen.append(message)
    return seen


@pytest.mark.parametrize("turns", [(0,), (0, 0, 0), (0, 1, 0), (0, 1, 1, 0, 0, 1)])
def test_yesterdays_messages_stay_sealed_when_todays_keys_are_taken(turns: tuple[int, ...]) -> None:
    sides = two_sides()
    yesterday = _conversation(sides, turns, one_time=True)
    thief = Thief(sides[1])
    assert not any(thief.can_read(message) for message in yesterday)


def test_a_message_that_was_not_opened_yet_is_the_thiefs_too() -> None:
    """Not a promise, but what the tests above would miss if the thief could not read at all."""
    alice, bob = two_sides()
    talk((alice, bob), (0, 1))
    under_way = alice.send(b"for Bob alone", bob)
    assert Thief(bob).can_read(under_way)
    skipped = alice.send(b"overtaken", bob)
    assert bob.open(alice.send(b"overtakes", bob)) == b"overtakes"
    assert Thief(bob).can_read(skipped)
    assert bob.open(skipped) == b"overtaken"
    assert not Thief(bob).can_read(skipped)


@pytest.mark.parametrize("answered", [False, True])
def test_first_messages_are_sealed_once_their_one_time_prekey_is_used(answered: bool) -> None:
    alice, bob = two_sides()
    first = alice.send(b"hello", bob, one_time=True)
    assert Thief(bob).can_read(first)
    bob.open(first)
    if answered:
        talk((alice, bob), (1,))
    assert not Thief(bob).can_read(first)


def test_first_messages_without_one_are_sealed_once_the_signed_prekey_is_gone() -> None:
    alice, bob = two_sides()
    first = alice.send(b"hello", bob)
    bob.open(first)
    assert Thief(bob).can_read(first)  # by the signed prekey, which is kept for 30 days: hence the one-time ones
    del bob.prekeys.here[SIGNED]
    assert not Thief(bob).can_read(first)


def test_the_sender_of_first_messages_cannot_open_them_again() -> None:
    alice, bob = two_sides()
    sent = [alice.send(b"hello", bob) for _ in range(3)]
    [session] = alice.sessions._all
    for message in sent:
        with pytest.raises(CannotOpen):
            decrypt(session.ratchet, message.header, message.box, random_from("thief"))


@pytest.mark.parametrize("robbed", [0, 1])
@pytest.mark.parametrize("before", [(0, 1), (0, 1, 0), (0, 1, 0, 1, 1)])
def test_after_a_theft_one_message_each_way_seals_again(robbed: int, before: tuple[int, ...]) -> None:
    """Each side draws a key when it hears of a new one. A word there and back is one that the thief does not have."""
    sides = two_sides()
    talk(sides, before)
    victim, friend = sides[robbed], sides[1 - robbed]
    thief = Thief(victim)
    assert thief.can_read(friend.send(b"the thief reads along", victim))
    assert thief.can_read_outgoing(victim.send(b"here too", friend))
    talk(sides, (robbed, 1 - robbed))
    tomorrow = victim.send(b"tomorrow", friend)
    assert not thief.can_read_outgoing(tomorrow)
    assert friend.open(tomorrow) == b"tomorrow"
    answer = friend.send(b"sealed again", victim)
    assert not thief.can_read(answer)
    assert victim.open(answer) == b"sealed again"


@pytest.mark.parametrize("robbed", [0, 1])
def test_a_thief_cannot_write_in_the_victims_name_after_it(robbed: int) -> None:
    sides = two_sides()
    talk(sides, (0, 1, 0, 1))
    stolen = sides[robbed].sessions._all[0].ratchet
    talk(sides, (robbed, 1 - robbed, robbed, 1 - robbed))
    _, header, box = encrypt(stolen, b"forged", random_from("thief"))
    friend = sides[1 - robbed]
    with pytest.raises(CannotOpen):
        friend.open(Message(session=stolen.session, initial=None, header=header, box=box))


def test_who_knows_the_identities_alone_reads_nothing() -> None:
    alice, bob = two_sides()
    messages = _conversation((alice, bob), (0, 1, 0), one_time=False)
    for own, peer in ((ALICE, BOB), (BOB, ALICE)):
        sessions = Sessions(own, peer.id)
        for message in messages:
            with pytest.raises(CannotOpen):
                sessions.decrypt(message, Secrets({}), random_from("thief"))


def test_no_key_is_in_what_a_log_would_show() -> None:
    alice, bob = two_sides()
    alice.send(b"lost", bob)
    bob.open(alice.send(b"hello", bob))
    shown = "".join(repr(one) for side in (alice, bob) for one in (side.sessions, side.sessions._all))
    for side in (alice, bob):
        [session] = side.sessions._all
        for value in (session.ratchet.root, session.ratchet.own, session.ratchet.next_send_header):
            assert repr(value) not in shown
