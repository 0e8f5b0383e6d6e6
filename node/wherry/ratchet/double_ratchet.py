"""The double ratchet with encrypted headers: each message has a key of its own.

https://signal.org/docs/specifications/doubleratchet/, section 4 ("Double Ratchet with header encryption"); its
functions are those of 4.2 and 4.3. Whoever took today's keys reads neither yesterday's messages nor, once both have
spoken again, tomorrow's. What was skipped and never came is the exception: its key stays, within bounds::

    begin       root ‖ header key A ‖ header key B = HKDF(SK, salt = 32 zeros, info = root domain)
    root step   root ‖ chain ‖ next header key     = HKDF(DH, salt = root, info = root domain)
    chain step  message key = HMAC(chain, 01), next chain = HMAC(chain, 02)
    header      nonce 24 ‖ XChaCha20-Poly1305(header key, DH public 32 ‖ PN u32 ‖ N u32), with the session id
    box         nonce 24 ‖ XChaCha20-Poly1305(HKDF(message key, salt = 32 zeros, info = message domain), plaintext),
                with the session's associated data ‖ header

Nonces are random though each key is used once: a state that was set back, as by an old copy of a disk, then uses a key
twice, and must not use a nonce twice with it. States are values, and what does not open changes nothing.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
import nacl.bindings
import nacl.exceptions

from wherry_signaling.domains import RATCHET_MESSAGE, RATCHET_ROOT
from wherry_signaling.errors import BadSignature, CannotOpen
from wherry_signaling.identity import derive_key, exchange, x25519_public

from .limits import SKIPPED_AT_ONCE, SKIPPED_KEYS
from .x3dh import Agreement

Random = Callable[[int], bytes]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
U32 = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]

_ZEROS: Final = bytes(32)
_NONCE: Final = 24
_HEADER: Final = struct.Struct(">32sII")


class Skipped(msgspec.Struct, array_like=True, frozen=True):
    """Keys of messages of one chain that were skipped (MKSKIPPED): by number, under the header key of that chain."""

    header: Key
    keys: Annotated[list[tuple[U32, Key]], msgspec.Meta(max_length=SKIPPED_KEYS)]

    def __repr__(self) -> str:
        return f"<Skipped {len(self.keys)}>"  # no key gets into a log


class Ratchet(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """One session's state (section 4.2), as it rests in the store. Names are the specification's, spelt out.

    :ivar session: names it, 8 bytes; header keys seal with it.
    :ivar associated: AD, with which boxes are sealed.
    :ivar root: RK.
    :ivar own: our ratchet key, secret (DHs).
    :ivar theirs: their ratchet key; None until they have been heard (DHr).
    :ivar send_chain, receive_chain: CKs, CKr; None before there is one.
    :ivar send_header, receive_header, next_send_header, next_receive_header: HKs, HKr, NHKs, NHKr.
    :ivar sent, received: Ns, Nr.
    :ivar before: messages in our last sending chain (PN).
    """

    session: Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
    associated: Annotated[bytes, msgspec.Meta(max_length=256)]
    root: Key
    own: Key
    theirs: Key | None = None
    send_chain: Key | None = None
    receive_chain: Key | None = None
    send_header: Key | None = None
    receive_header: Key | None = None
    next_send_header: Key
    next_receive_header: Key
    sent: U32 = 0
    received: U32 = 0
    before: U32 = 0
    skipped: Annotated[list[Skipped], msgspec.Meta(max_length=SKIPPED_KEYS)] = []

    def __repr__(self) -> str:
        return f"<Ratchet {self.session.hex()}, {self.sent} sent, {self.received} received>"  # no key gets into a log


def begun(agreement: Agreement, prekey: bytes, random: Random) -> Ratchet:
    """The state of who began (RatchetInitAliceHE); `prekey` is the other's signed prekey.

    :raises BadSignature: if that is of small order.
    """
    root, header_a, header_b = _three(_ZEROS, agreement.secret)
    own = random(32)
    root, chain, next_header = _three(root, exchange(own, prekey))
    return Ratchet(
        session=agreement.session,
        associated=agreement.associated,
        root=root,
        own=own,
        theirs=prekey,
        send_chain=chain,
        send_header=header_a,
        next_send_header=next_header,
        next_receive_header=header_b,
    )


def answered(agreement: Agreement, prekey: bytes) -> Ratchet:
    """The state of who answers (RatchetInitBobHE); `prekey` is the private half of the one by which the other began."""
    root, header_a, header_b = _three(_ZEROS, agreement.secret)
    return Ratchet(
        session=agreement.session,
        associated=agreement.associated,
        root=root,
        own=prekey,
        next_send_header=header_b,
        next_receive_header=header_a,
    )


def encrypt(state: Ratchet, plaintext: bytes, random: Random) -> tuple[Ratchet, bytes, bytes]:
    """The state after it, the header and the box (RatchetEncryptHE). Who answers has to hear something before."""
    assert state.send_chain is not None, "nothing was heard in this session yet"
    assert state.send_header is not None
    chain, message_key = _chain_step(state.send_chain)
    plain = _HEADER.pack(x25519_public(state.own), state.before, state.sent)
    header = _seal(state.send_header, plain, state.session, random)
    box = _seal(_box_key(message_key), plaintext, state.associated + header, random)
    return msgspec.structs.replace(state, send_chain=chain, sent=state.sent + 1), header, box


def decrypt(state: Ratchet, header: bytes, box: bytes, random: Random) -> tuple[Ratchet, bytes]:
    """The state after it, and the plaintext (RatchetDecryptHE).

    The specification tries the keys of skipped messages first. They are tried last here, which opens the same messages:
    the keys of what was lost on the way stay, and would each cost every later message a try.

    :param random: for our next ratchet key.
    :raises CannotOpen: if it is damaged, replayed, too far ahead, or of another session.
    """
    plain = _header(state.receive_header, header, state.session)
    if plain is None:
        plain = _header(state.next_receive_header, header, state.session)
        if plain is None:
            return _decrypt_older(state, header, box)
        theirs, before, _ = plain
        state = _step(_skip(state, before), theirs, random)
    number = plain[2]
    if number < state.received:
        return _decrypt_skipped(state, state.receive_header, number, header, box)
    state = _skip(state, number)
    if state.receive_chain is None:
        raise CannotOpen("its chain is not here")
    chain, message_key = _chain_step(state.receive_chain)
    plaintext = _open_box(message_key, header, box, state.associated)
    return msgspec.structs.replace(state, receive_chain=chain, received=state.received + 1), plaintext


def _decrypt_older(state: Ratchet, header: bytes, box: bytes) -> tuple[Ratchet, bytes]:
    """A message of a chain that has ended."""
    for chain in reversed(state.skipped):
        plain = _header(chain.header, header, state.session)
        if plain is not None:
            return _decrypt_skipped(state, chain.header, plain[2], header, box)
    raise CannotOpen("its header does not open")


def _decrypt_skipped(
    state: Ratchet, header_key: bytes | None, number: int, header: bytes, box: bytes
) -> tuple[Ratchet, bytes]:
    """A message that was skipped (TrySkippedMessageKeysHE)."""
    skipped = []
    plaintext = None
    for chain in state.skipped:
        key = dict(chain.keys).get(number) if chain.header == header_key else None
        if key is None:
            skipped.append(chain)
            continue
        plaintext = _open_box(key, header, box, state.associated)
        left = [one for one in chain.keys if one[0] != number]
        if left:
            skipped.append(Skipped(chain.header, left))
    if plaintext is None:
        raise CannotOpen("it was opened before, or its key is forgotten")
    return msgspec.structs.replace(state, skipped=skipped), plaintext


def _skip(state: Ratchet, until: int) -> Ratchet:
    """Keep the keys of this chain up to, and without, message `until` (SkipMessageKeysHE)."""
    if state.receive_chain is None or state.receive_header is None or until <= state.received:
        return state
    missing = until - state.received
    if missing > SKIPPED_AT_ONCE:
        raise CannotOpen(f"{missing} messages before it are missing")
    chain, keys = state.receive_chain, []
    for number in range(state.received, until):
        chain, message_key = _chain_step(chain)
        keys.append((number, message_key))
    skipped = list(state.skipped)
    if skipped and skipped[-1].header == state.receive_header:
        keys = [*skipped.pop().keys, *keys]
    skipped.append(Skipped(state.receive_header, keys))
    return msgspec.structs.replace(state, receive_chain=chain, received=until, skipped=_bounded(skipped))


def _bounded(skipped: list[Skipped]) -> list[Skipped]:
    """The oldest go first."""
    over = sum(len(chain.keys) for chain in skipped) - SKIPPED_KEYS
    kept = []
    for chain in skipped:
        keys = chain.keys[max(over, 0) :]
        over -= len(chain.keys)
        if keys:
            kept.append(Skipped(chain.header, keys))
    return kept


def _step(state: Ratchet, theirs: bytes, random: Random) -> Ratchet:
    """The other side has taken a new ratchet key: so do we (DHRatchetHE)."""
    try:
        middle, receive_chain, next_receive_header = _three(state.root, exchange(state.own, theirs))
        own = random(32)
        root, send_chain, next_send_header = _three(middle, exchange(own, theirs))
    except BadSignature as error:
        raise CannotOpen("its ratchet key is of small order") from error
    return msgspec.structs.replace(
        state,
        root=root,
        own=own,
        theirs=theirs,
        send_chain=send_chain,
        receive_chain=receive_chain,
        send_header=state.next_send_header,
        receive_header=state.next_receive_header,
        next_send_header=next_send_header,
        next_receive_header=next_receive_header,
        before=state.sent,
        sent=0,
        received=0,
    )


def _header(key: bytes | None, header: bytes, session: bytes) -> tuple[bytes, int, int] | None:
    """Ratchet key, PN and N; None if this key does not open it."""
    plain = None if key is None else _open(key, header, session)
    if plain is None or len(plain) != _HEADER.size:
        return None
    theirs, before, number = _HEADER.unpack(plain)
    return bytes(theirs), int(before), int(number)


def _open_box(message_key: bytes, header: bytes, box: bytes, associated: bytes) -> bytes:
    plaintext = _open(_box_key(message_key), box, associated + header)
    if plaintext is None:
        raise CannotOpen("its box does not open")
    return plaintext


def _seal(key: bytes, plain: bytes, associated: bytes, random: Random) -> bytes:
    nonce = random(_NONCE)
    return nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, associated, nonce, key)


def _open(key: bytes, data: bytes, associated: bytes) -> bytes | None:
    if len(data) < _NONCE + 16:
        return None
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(data[_NONCE:], associated, data[:_NONCE], key)
    except nacl.exceptions.CryptoError:
        return None


def _three(salt: bytes, secret: bytes) -> tuple[bytes, bytes, bytes]:
    both = derive_key(secret, salt=salt, info=RATCHET_ROOT, length=96)
    return both[:32], both[32:64], both[64:]


def _chain_step(chain: bytes) -> tuple[bytes, bytes]:
    """The next chain key, and this message's key."""
    return hmac.digest(chain, b"\x02", "sha256"), hmac.digest(chain, b"\x01", "sha256")


def _box_key(message_key: bytes) -> bytes:
    return derive_key(message_key, salt=_ZEROS, info=RATCHET_MESSAGE)
