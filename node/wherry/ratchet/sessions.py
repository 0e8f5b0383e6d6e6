"""All sessions with one peer. Its state as bytes is what rests in the store.

Either side may begin one at any time, both at once too. The one in which something was last received is used for
sending, so the two sides come to the same (Sesame's rule, https://signal.org/docs/specifications/sesame/). ::

    state    [1, [[ratchet, initial | nil]…]]        the first is used for sending
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

import msgspec

from wherry_signaling.errors import BadSignature, CannotOpen, Malformed
from wherry_signaling.identity import Identity, PeerId, x25519_public
from wherry_signaling.letters import Initial, Message, Retry
from wherry_signaling.packing import unpack
from wherry_signaling.record import Prekey, check_prekey

from .double_ratchet import Ratchet, answered, begun, decrypt, encrypt
from .limits import SESSIONS
from .x3dh import initiate, respond

VERSION: Final = 1
Random = Callable[[int], bytes]


class PrekeySecrets(Protocol):
    """The private halves of our prekeys."""

    def secret(self, number: int) -> bytes | None:
        """Of the prekey of that number; None if it is here no more."""
        ...

    def use(self, number: int) -> None:
        """A one-time prekey has been used: its private half goes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The keys of a peer by which one begins: its signed prekey, and a one-time one if there is one."""

    prekey: Prekey
    one_time: tuple[int, bytes] | None = None


class _Session(msgspec.Struct, array_like=True, frozen=True):
    ratchet: Ratchet
    initial: Initial | None


class _State(msgspec.Struct, array_like=True, frozen=True):
    version: int
    sessions: Annotated[list[_Session], msgspec.Meta(max_length=SESSIONS)]


_state = msgspec.msgpack.Decoder(_State)
_NO_ONE_TIME: Final[tuple[int, bytes | None]] = (0, None)


def _sessions_in(data: bytes) -> list[_Session]:
    state = unpack(_state, data, "damaged sessions in the store")
    if state.version != VERSION:
        raise Malformed(f"sessions of version {state.version} in the store, we read {VERSION}")
    return state.sessions


class Sessions:
    """See the module. What does not open, or raises, changes nothing.

    Every change is of one attribute, at the end of the method: bytes from before it are the state from before it.

    :param state: as `to_bytes` gave it; nothing at first.
    :raises Malformed: if the state is damaged, or of another version.
    """

    def __init__(self, own: Identity, peer: PeerId, state: bytes = b"") -> None:
        self._own, self._peer = own, peer
        self._all = _sessions_in(state) if state else []

    def to_bytes(self) -> bytes:
        """What is kept."""
        return msgspec.msgpack.encode(_State(VERSION, self._all))

    @property
    def needs_bundle(self) -> bool:
        """Whether nothing can be sent before a session is begun."""
        return not self._all

    @property
    def current(self) -> bytes | None:
        """The id of the session that is used for sending."""
        return self._all[0].ratchet.session if self._all else None

    def begin(self, bundle: Bundle, random: Random) -> None:
        """Begin a session; it is the one we send in from now on.

        A one-time prekey with which nothing can be exchanged is left out: no mailbox keeps us from writing by handing
        out such a one.

        :raises BadSignature: if the prekey is not signed by the peer, or of small order.
        """
        check_prekey(bundle.prekey, self._peer)
        number, prekey, _ = bundle.prekey
        ephemeral = random(32)
        name, one_time = bundle.one_time if bundle.one_time and bundle.one_time[0] else _NO_ONE_TIME
        try:
            agreement = initiate(self._own, self._peer, ephemeral=ephemeral, prekey=prekey, one_time=one_time)
        except BadSignature:
            name = 0
            agreement = initiate(self._own, self._peer, ephemeral=ephemeral, prekey=prekey, one_time=None)
        initial = Initial(x25519_public(ephemeral), number, name)
        self._first(_Session(begun(agreement, prekey, random), initial))

    def encrypt(self, plaintext: bytes, random: Random) -> Message:
        """The next message. There must be a session: see `needs_bundle`."""
        session = self._all[0]
        ratchet, header, box = encrypt(session.ratchet, plaintext, random)
        self._first(_Session(ratchet, session.initial))
        return Message(session=ratchet.session, initial=session.initial, header=header, box=box)

    def decrypt(self, message: Message, prekeys: PrekeySecrets, random: Random) -> bytes:
        """Open a message; a session that it begins is one of ours then, and its one-time prekey is used up.

        :raises CannotOpen: if it is of no session that we have, damaged, replayed, or too far ahead.
        """
        known = next((one for one in self._all if one.ratchet.session == message.session), None)
        session = known or self._answer(message, prekeys)
        ratchet, plaintext = decrypt(session.ratchet, message.header, message.box, random)
        if known is None and message.initial is not None and message.initial.one_time:
            prekeys.use(message.initial.one_time)
        self._first(_Session(ratchet, None))
        return plaintext

    def retried(self, retry: Retry, random: Random) -> bool:
        """The peer could not open what we sent: drop that session and begin anew.

        :returns: whether it was the one we send in; else the word is an old one, and nothing changes.
        :raises BadSignature: as `begin`.
        """
        if self.current != retry.session:
            return False
        before = self._all
        self._all = self._all[1:]
        try:
            self.begin(Bundle(prekey=retry.prekey, one_time=retry.one_time), random)
        except BadSignature:
            self._all = before
            raise
        return True

    def _answer(self, message: Message, prekeys: PrekeySecrets) -> _Session:
        initial = message.initial
        if initial is None:
            raise CannotOpen("its session is unknown here")
        prekey = prekeys.secret(initial.prekey)
        one_time = prekeys.secret(initial.one_time) if initial.one_time else None
        if prekey is None or (one_time is None and initial.one_time):
            raise CannotOpen("its prekey is here no more")
        try:
            agreement = respond(self._own, self._peer, ephemeral=initial.ephemeral, prekey=prekey, one_time=one_time)
        except BadSignature as error:
            raise CannotOpen("its ephemeral key is of small order") from error
        if agreement.session != message.session:
            raise CannotOpen("it names another session")
        return _Session(answered(agreement, prekey), None)

    def _first(self, session: _Session) -> None:
        others = [one for one in self._all if one.ratchet.session != session.ratchet.session]
        self._all = [session, *others][:SESSIONS]
