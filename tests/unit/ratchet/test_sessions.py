"""Sessions with one peer: how they begin, which one is used, what is refused, and what is kept."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from ratcheting import ALICE, BOB, Side, random_from, scripted, talk, two_sides

from wherry.ratchet import Bundle
from wherry.ratchet.limits import SESSIONS, SKIPPED_AT_ONCE, SKIPPED_KEYS
from wherry.ratchet.sessions import Sessions
from wherry_signaling.errors import BadSignature, CannotOpen, RemoteError, WherryError
from wherry_signaling.identity import x25519_public
from wherry_signaling.letters import Initial, Message, Retry, decode_message, payload_of
from wherry_signaling.record import sign_prekey

SMALL_ORDER = bytes(32)


def _skipped(side: Side) -> int:
    return sum(len(chain.keys) for one in side.sessions._all for chain in one.ratchet.skipped)


# -- beginning --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one_time", [True, False])
def test_a_first_message_and_what_follows(one_time: bool) -> None:
    alice, bob = two_sides()
    first = alice.send(b"hello", bob, one_time=one_time)
    assert first.initial is not None
    assert bool(first.initial.one_time) is one_time
    assert bob.open(first) == b"hello"
    assert first.initial.one_time not in bob.prekeys.here
    again = alice.send(b"are you there?", bob)
    assert again.initial == first.initial  # until Bob was heard
    assert bob.open(again) == b"are you there?"
    assert alice.open(bob.send(b"yes", alice)) == b"yes"
    assert alice.send(b"good", bob).initial is None
    assert bob.sessions.encrypt(b"from who answers", bob.random).initial is None


def test_first_messages_open_in_any_order_and_use_their_prekey_once() -> None:
    for order in itertools.permutations(range(3)):
        alice, bob = two_sides()
        sent = [alice.send(b"%d" % number, bob, one_time=True) for number in range(3)]
        assert [bob.open(sent[number]) for number in order] == [b"%d" % number for number in order]


def test_both_begin_at_once_and_come_to_one_session() -> None:
    alice, bob = two_sides()
    from_alice, from_bob = alice.send(b"I", bob), bob.send(b"No, I", alice)
    assert (bob.open(from_alice), alice.open(from_bob)) == (b"I", b"No, I")
    assert alice.sessions.current != bob.sessions.current  # each uses the one that it heard last
    talk((alice, bob), (0, 1, 1, 0))
    assert alice.sessions.current == bob.sessions.current


def test_a_prekey_that_the_peer_did_not_sign_begins_nothing() -> None:
    alice, bob = two_sides()
    good = bob.bundle().prekey
    for prekey in (
        (good[0] + 1, good[1], good[2]),
        sign_prekey(ALICE, good[0], good[1]),
        sign_prekey(BOB, 1, SMALL_ORDER),
    ):
        with pytest.raises(BadSignature):
            alice.sessions.begin(Bundle(prekey=prekey), alice.random)
        assert alice.sessions.needs_bundle


@pytest.mark.parametrize("one_time", [(7, SMALL_ORDER), (0, x25519_public(bytes([7]) * 32))])
def test_a_one_time_prekey_of_no_use_is_left_out(one_time: tuple[int, bytes]) -> None:
    """A mailbox hands them out, and nobody signed them."""
    alice, bob = two_sides()
    alice.sessions.begin(Bundle(prekey=bob.bundle().prekey, one_time=one_time), alice.random)
    assert bob.open(alice.send(b"hello", bob)) == b"hello"


def test_a_one_time_prekey_that_a_mailbox_made_up_or_gave_twice_is_answered_by_a_retry() -> None:
    alice, bob = two_sides()
    alice.sessions.begin(
        Bundle(prekey=bob.bundle().prekey, one_time=(99, x25519_public(bytes(31) + b"\1"))), alice.random
    )
    refused = alice.send(b"hello", bob)
    with pytest.raises(CannotOpen, match="here no more"):
        bob.open(refused)
    assert alice.sessions.retried(bob.retry(refused.session), alice.random)
    assert bob.open(alice.send(b"hello", bob)) == b"hello"


def test_nothing_can_be_sent_before_a_session_is_begun() -> None:
    alice, _ = two_sides()
    assert alice.sessions.needs_bundle
    assert alice.sessions.current is None


# -- retries ----------------------------------------------------------------------------------------------------------


def test_a_retry_counts_if_it_names_the_session_that_is_used_and_once() -> None:
    alice, bob = two_sides()
    talk((alice, bob), (0, 1))
    before, session = alice.sessions.to_bytes(), alice.sessions.current
    assert session is not None
    assert not alice.sessions.retried(bob.retry(bytes(8)), alice.random)
    assert alice.sessions.to_bytes() == before
    retry = bob.retry(session)
    assert alice.sessions.retried(retry, alice.random)
    assert alice.sessions.current != session
    assert not alice.sessions.retried(retry, alice.random)
    talk((alice, bob), (0, 1, 0))


def test_a_retry_before_anything_was_begun_counts_for_nothing() -> None:
    alice, bob = two_sides()
    assert not alice.sessions.retried(bob.retry(bytes(8)), alice.random)
    assert alice.sessions.needs_bundle


@pytest.mark.parametrize("key", [SMALL_ORDER, x25519_public(bytes([9]) * 32)], ids=["small order", "not signed"])
def test_a_retry_with_a_bad_prekey_changes_nothing(key: bytes) -> None:
    alice, bob = two_sides()
    talk((alice, bob), (0, 1))
    session, before = alice.sessions.current, alice.sessions.to_bytes()
    assert session is not None
    signer = BOB if key == SMALL_ORDER else ALICE
    retry = Retry(session=session, issued=1, prekey=sign_prekey(signer, 1, key), one_time=None)
    with pytest.raises(BadSignature):
        alice.sessions.retried(retry, alice.random)
    assert alice.sessions.to_bytes() == before


def test_messages_of_other_sessions_are_opened_after_a_retry() -> None:
    """Both began, and one of the two sessions is refused: what is under way in the other is not lost."""
    alice, bob = two_sides()
    alice.send(b"lost", bob)
    under_way = bob.send(b"mine", alice)
    refused = alice.sessions.current
    assert refused is not None
    assert alice.sessions.retried(bob.retry(refused), alice.random)
    assert alice.open(under_way) == b"mine"


# -- several sessions -------------------------------------------------------------------------------------------------


def test_the_session_heard_last_is_used_and_the_oldest_is_dropped() -> None:
    alice, bob = two_sides()
    firsts = []
    for _ in range(SESSIONS + 1):
        alice.sessions.begin(bob.bundle(one_time=True), alice.random)
        firsts.append(alice.send(b"hello", bob))
        late = alice.send(b"late", bob)
        bob.open(firsts[-1])
        assert bob.sessions.current == firsts[-1].session
        firsts[-1] = late
    assert len(bob.sessions._all) == len(alice.sessions._all) == SESSIONS
    with pytest.raises(CannotOpen):
        bob.open(firsts[0])  # of the session that was dropped
    assert bob.open(firsts[1]) == b"late"
    assert bob.sessions.current == firsts[1].session
    assert alice.open(bob.send(b"heard", alice)) == b"heard"
    assert alice.sessions.current == firsts[1].session


# -- what was skipped -------------------------------------------------------------------------------------------------


def test_a_thousand_messages_may_be_missing_and_no_more() -> None:
    alice, bob = two_sides()
    bob.open(alice.send(b"first", bob))
    missing = [alice.send(b"missing %d" % number, bob) for number in range(SKIPPED_AT_ONCE)]
    assert bob.open(alice.send(b"after them", bob)) == b"after them"
    assert _skipped(bob) == SKIPPED_AT_ONCE
    assert bob.open(missing[500]) == b"missing 500"
    for _ in range(SKIPPED_AT_ONCE + 1):
        alice.send(b"lost", bob)
    before = bob.sessions.to_bytes()
    with pytest.raises(CannotOpen, match="missing"):
        bob.open(alice.send(b"too far ahead", bob))
    assert bob.sessions.to_bytes() == before
    assert bob.open(missing[0]) == b"missing 0"


def test_a_thousand_may_be_missing_at_the_end_of_a_chain_and_no_more() -> None:
    for count in (SKIPPED_AT_ONCE, SKIPPED_AT_ONCE + 1):
        alice, bob = two_sides()
        talk((alice, bob), (0, 1))
        bob.open(alice.send(b"a new chain", bob))
        for _ in range(count):
            alice.send(b"lost", bob)
        alice.open(bob.send(b"a word of Bob's", alice))
        next_chain = alice.send(b"the next chain", bob)
        if count <= SKIPPED_AT_ONCE:
            assert bob.open(next_chain) == b"the next chain"
            assert _skipped(bob) == count
        else:
            with pytest.raises(CannotOpen, match="missing"):
                bob.open(next_chain)


def test_of_two_thousand_skipped_keys_the_oldest_go_first() -> None:
    alice, bob = two_sides()
    bob.open(alice.send(b"first", bob))
    missing: list[Message] = []
    for _ in range(3):
        missing += [alice.send(b"missing", bob) for _ in range(900)]
        bob.open(alice.send(b"after them", bob))
        alice.open(bob.send(b"a word of Bob's", alice))
    assert _skipped(bob) == SKIPPED_KEYS
    gone = len(missing) - SKIPPED_KEYS
    for number in (0, gone - 1):
        with pytest.raises(CannotOpen):
            bob.open(missing[number])
    for number in (gone, len(missing) - 1):
        assert bob.open(missing[number]) == b"missing"
    assert _skipped(bob) == SKIPPED_KEYS - 2


# -- what does not open -----------------------------------------------------------------------------------------------


def _refused_and_unchanged(side: Side, message: Message) -> None:
    before, prekeys = side.sessions.to_bytes(), dict(side.prekeys.here)
    with pytest.raises(CannotOpen):
        side.open(message)
    assert (side.sessions.to_bytes(), side.prekeys.here) == (before, prekeys)


def _messages(side: Side, other: Side) -> dict[str, Message]:
    """One of each sort: in turn, with skipped ones before it, of a new chain, and one that was skipped itself."""
    talk((other, side), (0, 1))
    skipped = other.send(b"skipped", side)
    side.open(other.send(b"overtakes", side))
    found = {"skipped": skipped, "in turn": other.send(b"in turn", side)}
    other.send(b"lost", side)
    found["ahead"] = other.send(b"ahead", side)
    other.open(side.send(b"a word", other))
    return found | {"of a new chain": other.send(b"of a new chain", side)}


@pytest.mark.parametrize("sort", ["first", "first, one-time", "skipped", "in turn", "ahead", "of a new chain"])
def test_every_bit_that_is_changed_is_noticed_and_changes_nothing(sort: str) -> None:
    alice, bob = two_sides()
    if sort.startswith("first"):
        message = alice.send(b"first", bob, one_time="one-time" in sort)
    else:
        message = _messages(bob, alice)[sort]
    data = payload_of(message)
    before, prekeys = bob.sessions.to_bytes(), dict(bob.prekeys.here)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            plaintext = bob.open(decode_message(bytes(changed)))
        except RemoteError:
            continue
        pytest.fail(f"bit {bit} was changed, and it opened: {plaintext!r}")
    assert (bob.sessions.to_bytes(), bob.prekeys.here) == (before, prekeys)
    assert bob.open(message) == sort.partition(",")[0].encode()


def test_what_was_opened_does_not_open_again() -> None:
    alice, bob = two_sides()
    messages = _messages(bob, alice)
    for message in messages.values():
        bob.open(message)
        _refused_and_unchanged(bob, message)
    for message in messages.values():
        _refused_and_unchanged(bob, message)


def test_a_message_for_another_session_or_peer_does_not_open() -> None:
    alice, bob = two_sides()
    first = alice.send(b"hello", bob)
    carol = Side(BOB, BOB)  # Bob, who takes it for somebody else's
    carol.prekeys = bob.prekeys
    _refused_and_unchanged(carol, first)
    _refused_and_unchanged(alice, first)  # her own, reflected
    bob.open(first)
    _refused_and_unchanged(alice, msgspec.structs.replace(bob.send(b"x", alice), session=bytes(8)))


def test_an_initial_part_of_another_session_does_not_open() -> None:
    alice, bob = two_sides()
    first = alice.send(b"hello", bob)
    other = alice.random(32)
    _refused_and_unchanged(bob, msgspec.structs.replace(first, initial=None))
    _refused_and_unchanged(bob, msgspec.structs.replace(first, initial=Initial(x25519_public(other), 1, 0)))
    _refused_and_unchanged(bob, msgspec.structs.replace(first, initial=Initial(SMALL_ORDER, 1, 0)))


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_sessions_go_on_from_their_bytes_at_every_step() -> None:
    alice, bob = two_sides()
    for turn in (0, 0, 1, 0, 1, 1):
        sender, other = ((alice, bob), (bob, alice))[turn]
        message = sender.send(b"a word", other)
        sender.restart()
        assert other.open(message) == b"a word"
        other.restart()
        assert other.sessions.to_bytes() == Sessions(other.own, other.peer.id, other.sessions.to_bytes()).to_bytes()


def test_a_state_that_was_set_back_uses_no_nonce_twice_and_heals_by_a_retry() -> None:
    """An old copy of the disk: a message key seals two messages, but under two nonces, so both stay shut."""
    alice, bob = two_sides()
    talk((alice, bob), (0, 1))
    old = alice.sessions.to_bytes()
    first = alice.send(b"before", bob)
    bob.open(first)
    alice.restart(old)
    second = alice.send(b"after!", bob)
    assert first.header[:24] != second.header[:24]
    assert first.box[:24] != second.box[:24]
    with pytest.raises(CannotOpen):
        bob.open(second)
    assert alice.sessions.retried(bob.retry(second.session), alice.random)
    talk((alice, bob), (0, 1))


def test_no_bytes_are_a_state_by_accident() -> None:
    for data in (b"\x00", b"\x92\x01", bytes(300), b"\x91" * 2000):
        with pytest.raises(WherryError):
            Sessions(ALICE, BOB.id, data)


def test_what_raises_in_the_middle_changes_nothing() -> None:
    """Randomness that ends: as an exception anywhere would."""
    alice, bob = two_sides()
    bundle = bob.bundle()
    with pytest.raises(AssertionError):
        alice.sessions.begin(bundle, scripted(bytes([7]) * 32))
    assert alice.sessions.needs_bundle
    alice.sessions.begin(bundle, alice.random)
    before = alice.sessions.to_bytes()
    with pytest.raises(AssertionError):
        alice.sessions.encrypt(b"x", scripted(bytes(24)))
    assert alice.sessions.to_bytes() == before
    message = alice.send(b"hello", bob)
    with pytest.raises(AssertionError):
        bob.sessions.decrypt(message, bob.prekeys, scripted(b""))
    assert bob.sessions.needs_bundle
    assert bob.sessions.decrypt(message, bob.prekeys, random_from("enough")) == b"hello"
