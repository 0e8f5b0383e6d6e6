"""Two peers with a ratchet between them, with no network, clock or randomness."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping

from wherry.ratchet import Bundle, Sessions
from wherry_signaling.identity import Identity, x25519_public
from wherry_signaling.letters import Message, Retry
from wherry_signaling.record import sign_prekey

ALICE, BOB = Identity(bytes([0xA1]) * 32), Identity(bytes([0xB0]) * 32)
SIGNED = 1


def random_from(seed: str) -> Callable[[int], bytes]:
    """Bytes that look random and are the same in each run."""
    count = 0

    def random(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{seed} {count}".encode()).digest(size)

    return random


def scripted(data: bytes) -> Callable[[int], bytes]:
    """Just these bytes, in order; more are not to be had."""
    left = bytearray(data)

    def random(size: int) -> bytes:
        assert len(left) >= size, "more is drawn than is written"
        taken = bytes(left[:size])
        del left[:size]
        return taken

    return random


class Secrets:
    """Private halves by number, as a store has them. Number 1 is the signed one, which `use` leaves."""

    def __init__(self, secrets: Mapping[int, bytes]) -> None:
        self.here = dict(secrets)

    def secret(self, number: int) -> bytes | None:
        return self.here.get(number)

    def use(self, number: int) -> None:
        assert number != SIGNED
        del self.here[number]


class Side:
    """A peer with its sessions and prekeys."""

    def __init__(self, own: Identity, peer: Identity) -> None:
        self.own, self.peer = own, peer
        self.random = random_from(str(own.id))
        self.prekeys = Secrets({SIGNED: self.random(32)})
        self.sessions = Sessions(own, peer.id)
        self._number = SIGNED

    def bundle(self, *, one_time: bool = False) -> Bundle:
        """Keys by which the other may begin."""
        secret = self.prekeys.here.get(SIGNED) or self.new_signed_prekey()
        prekey = sign_prekey(self.own, SIGNED, x25519_public(secret))
        return Bundle(prekey=prekey, one_time=self._one_time() if one_time else None)

    def retry(self, session: bytes) -> Retry:
        """The word that letters of a session cannot be opened."""
        bundle = self.bundle(one_time=True)
        return Retry(session=session, issued=1, prekey=bundle.prekey, one_time=bundle.one_time)

    def new_signed_prekey(self) -> bytes:
        """As after the time for which the old one is kept."""
        self.prekeys.here[SIGNED] = self.random(32)
        return self.prekeys.here[SIGNED]

    def send(self, plaintext: bytes, to: Side, *, one_time: bool = False) -> Message:
        """Encrypt, and begin before if nothing is begun."""
        if self.sessions.needs_bundle:
            self.sessions.begin(to.bundle(one_time=one_time), self.random)
        return self.sessions.encrypt(plaintext, self.random)

    def open(self, message: Message) -> bytes:
        """Decrypt."""
        return self.sessions.decrypt(message, self.prekeys, self.random)

    def restart(self, state: bytes | None = None) -> None:
        """Go on from what rests in the store, or rested there once."""
        self.sessions = Sessions(self.own, self.peer.id, self.sessions.to_bytes() if state is None else state)

    def _one_time(self) -> tuple[int, bytes]:
        self._number += 1
        self.prekeys.here[self._number] = secret = self.random(32)
        return self._number, x25519_public(secret)


def two_sides() -> tuple[Side, Side]:
    """Alice and Bob, who have not spoken."""
    return Side(ALICE, BOB), Side(BOB, ALICE)


def talk(sides: tuple[Side, Side], turns: Iterable[int]) -> None:
    """A word of each whose turn it is, which arrives."""
    for turn in turns:
        sender, other = sides[turn], sides[1 - turn]
        assert other.open(sender.send(b"a word", other)) == b"a word"
