"""ratchet.json: whole conversations, the states that are left, and messages that must not open.

A conversation is a list of steps. `random` is what the step draws, in the order in which it draws it: for `begin` the
ephemeral key and the first ratchet key, for `encrypt` the header's nonce and the box's, for `decrypt` the next ratchet
key, or nothing if it takes no step. `bytes` is the state of who comes first in `seeds`, `other_state` the other's.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import crypto
import ratcheting
from formats import Person, pack
from ratcheting import State

from .people import ALICE, BOB, Case, bad, good
from .x3dh import signed_prekey

Step = dict[str, Any]


class Side:
    """One of two, with all sessions: the one that was heard last comes first (Sesame)."""

    def __init__(self, me: Person, them: Person, fresh: Iterator[bytes]) -> None:
        self.me, self.them, self._fresh = me, them, fresh
        self.sessions: list[tuple[State, list[Any] | None]] = []
        self.prekey, self.one_time = next(fresh), next(fresh)
        public = crypto.x25519_public(self.prekey)
        self.bundle = [5, public, signed_prekey(me, 5, public)]

    def begin(self, peer: Side, *, one_time: bool) -> Step:
        ephemeral, ratchet = next(self._fresh), next(self._fresh)
        public = crypto.x25519_public(ephemeral)
        single = [9, crypto.x25519_public(peer.one_time)] if one_time else None
        secret = ratcheting.initiate(self.me, self.them, ephemeral, peer.bundle[1], single[1] if single else None)
        state = State(
            ratcheting.session_id(self.me, self.them, public), ratcheting.associated_data(self.me, self.them), secret
        )
        state.init_alice(peer.bundle[1], ratchet)
        self.sessions.insert(0, (state, [public, 5, 9 if one_time else 0]))
        return {"do": "begin", "random": ephemeral + ratchet, "prekey": peer.bundle, "one_time": single}

    def encrypt(self, plaintext: bytes) -> Step:
        nonces = next(self._fresh)[:24], next(self._fresh)[:24]
        state, initial = self.sessions[0]
        header, box = state.encrypt(plaintext, *nonces)
        payload = pack([1, state.session, initial, header, box])
        self.last = (state.session, initial, header, box)
        return {"do": "encrypt", "random": b"".join(nonces), "plaintext": plaintext, "payload": payload}

    def decrypt(self, message: tuple[bytes, list[Any] | None, bytes, bytes], payload: bytes) -> Step:
        session, initial, header, box = message
        fresh = next(self._fresh)
        state = next((one for one, _ in self.sessions if one.session == session), None)
        if state is None:
            assert initial is not None
            one_time = self.one_time if initial[2] else None
            secret = ratcheting.respond(self.me, self.them, initial[0], self.prekey, one_time)
            state = State(session, ratcheting.associated_data(self.them, self.me), secret)
            state.init_bob(self.prekey)
        plaintext = state.decrypt(header, box, fresh)
        self.sessions = [(state, None), *(one for one in self.sessions if one[0] is not state)]
        drawn = fresh if state.DHs == fresh else b""
        return {"do": "decrypt", "random": drawn, "payload": payload, "plaintext": plaintext}

    def kept(self) -> bytes:
        return pack([1, [[state.kept(), initial] for state, initial in self.sessions]])


class Conversation:
    """Two sides, and all that they did."""

    def __init__(self) -> None:
        fresh = (ratcheting.hashlib.sha256(b"ratchet.json %d" % number).digest() for number in itertools.count())
        self.sides = Side(ALICE, BOB, fresh), Side(BOB, ALICE, fresh)
        self.steps: list[Step] = []

    def begin(self, by: int, *, one_time: bool = False) -> None:
        self._note(by, self.sides[by].begin(self.sides[1 - by], one_time=one_time))

    def send(self, by: int, plaintext: bytes) -> tuple[Any, bytes]:
        step = self.sides[by].encrypt(plaintext)
        self._note(by, step)
        return self.sides[by].last, step["payload"]

    def open(self, by: int, message: tuple[Any, bytes]) -> None:
        self._note(by, self.sides[by].decrypt(*message))

    def _note(self, by: int, step: Step) -> None:
        self.steps.append({"by": by} | step)

    def vector(self, name: str) -> Case:
        return good(
            name,
            self.sides[0].kept(),
            kind="conversation",
            seeds=[side.me.seed for side in self.sides],
            prekeys=[{"5": side.prekey, "9": side.one_time} for side in self.sides],
            steps=self.steps,
            other_state=self.sides[1].kept(),
        )


def ratchet() -> list[Case]:
    return [*(make().vector(name) for name, make in CONVERSATIONS.items()), *_refused(), *_states()]


def first_message() -> Conversation:
    talk = Conversation()
    talk.begin(0)
    talk.open(1, talk.send(0, b"hello"))
    return talk


def there_and_back() -> Conversation:
    talk = Conversation()
    talk.begin(0, one_time=True)
    for by in (0, 1, 0, 1, 1, 0):
        talk.open(1 - by, talk.send(by, b"turn of %d" % by))
    return talk


def out_of_order() -> Conversation:
    """Skipped in the first chain, and at its end, which only the next chain's PN tells."""
    talk = Conversation()
    talk.begin(0)
    zero, _, two, three = (talk.send(0, b"message %d" % number) for number in range(4))
    talk.open(1, two)
    talk.open(1, zero)
    talk.open(0, talk.send(1, b"got them"))
    four, five = talk.send(0, b"next chain"), talk.send(0, b"")
    talk.open(1, five)
    talk.open(1, three)
    talk.open(1, four)
    talk.send(1, b"lost")
    talk.open(0, talk.send(1, b"one was lost"))
    return talk


def skipped_twice() -> Conversation:
    """Two gaps in one chain, of which the first is filled partly."""
    talk = Conversation()
    talk.begin(0)
    sent = [talk.send(0, b"message %d" % number) for number in range(7)]
    for number in (2, 1, 5):
        talk.open(1, sent[number])
    return talk


def both_begin() -> Conversation:
    talk = Conversation()
    talk.begin(0)
    talk.begin(1, one_time=True)
    from_zero, from_one = talk.send(0, b"I begin"), talk.send(1, b"No, I")
    talk.open(1, from_zero)
    talk.open(0, from_one)
    talk.open(0, talk.send(1, b"in yours"))
    talk.open(1, talk.send(0, b"in mine"))
    return talk


CONVERSATIONS = {
    "a first message, without a one-time prekey": first_message,
    "there and back, with a one-time prekey": there_and_back,
    "out of order, late, and lost": out_of_order,
    "two gaps in one chain": skipped_twice,
    "both begin at once": both_begin,
}


def _refused() -> list[Case]:
    talk = Conversation()
    talk.begin(0, one_time=True)
    bob = talk.sides[1]
    hello = talk.send(0, b"hello")
    (session, (ephemeral, prekey, one_time), header, box), payload = hello
    initial, other = [ephemeral, prekey, one_time], [bytes([9]) * 32, prekey, one_time]
    zero = ratcheting.session_id(ALICE, BOB, bytes(32))
    here = {"5": bob.prekey, "9": bob.one_time}
    header_key = talk.sides[0].sessions[0][0].HKs
    step_to_zero = bytes(24) + crypto.xchacha20poly1305(header_key, bytes(24), bytes(32 + 4 + 4), session)
    found = [
        bad(f"refused: {name}", message, "CANNOT_OPEN", **_recipient(b"", keys))
        for name, keys, message in (
            ("the one-time prekey is gone", {"5": bob.prekey}, payload),
            ("the signed prekey is gone", {"9": bob.one_time}, payload),
            ("an unknown session, and no word how it began", here, pack([1, session, None, header, box])),
            ("another session's id", here, pack([1, bytes(8), initial, header, box])),
            ("another ephemeral key", here, pack([1, session, other, header, box])),
            ("an ephemeral key of small order", here, pack([1, zero, [bytes(32), 5, 0], header, box])),
            ("a ratchet key of small order", here, pack([1, session, initial, step_to_zero, box])),
            ("the one-time prekey is left out", here, pack([1, session, [ephemeral, prekey, 0], header, box])),
            ("a header that was changed", here, pack([1, session, initial, _flipped(header, 0), box])),
            ("a box that was changed", here, pack([1, session, initial, header, _flipped(box, -1)])),
            ("a box too short for a tag", here, pack([1, session, initial, header, bytes(39)])),
        )
    ]
    talk.open(1, hello)
    found.append(bad("refused: opened before", payload, "CANNOT_OPEN", **_recipient(bob.kept(), here)))
    for _ in range(1001):
        talk.send(0, b"lost")
    late = talk.send(0, b"too far ahead")[1]
    found.append(bad("refused: 1001 before it are missing", late, "CANNOT_OPEN", **_recipient(bob.kept(), here)))
    return found


def _recipient(state: bytes, prekeys: dict[str, bytes]) -> dict[str, Any]:
    return {"kind": "refused", "seed": BOB.seed, "sender_seed": ALICE.seed, "state": state, "prekeys": prekeys}


def _flipped(data: bytes, at: int) -> bytes:
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def _states() -> list[Case]:
    talk = out_of_order()
    state, initial = talk.sides[0].sessions[0]
    fields = state.kept()
    return [
        bad(f"state: {name}", data, "MALFORMED", kind="state")
        for name, data in (
            ("no msgpack", b"\xc1"),
            ("of version 2", pack([2, [[fields, initial]]])),
            ("five sessions", pack([1, [[fields, initial]] * 5])),
            ("a key too short", pack([1, [[[*fields[:2], bytes(31), *fields[3:]], initial]]])),
            ("a number below zero", pack([1, [[[*fields[:11], -1, *fields[12:]], initial]]])),
            ("a skipped key too long", pack([1, [[[*fields[:-1], [[bytes(32), [[0, bytes(33)]]]]], initial]]])),
            ("cut", talk.sides[0].kept()[:-1]),
        )
    ]
