"""What is sealed for somebody who need not be there: letters, and the word that one could not be opened.

Signed for the recipient and sealed to its sealing key, as signals are (signals.py). The payload is a msgpack array; the
kind is the envelope's purpose::

    message  [1, session id 8, initial | nil, header 80, box]
    initial  [ephemeral key 32, prekey id, one-time prekey id (0: none)]
    retry    [1, session id 8, issued, [prekey id, key 32, signature 64], [one-time prekey id, key 32] | nil]

What is in header and box is the double ratchet's matter (wherry/ratchet). *Initial* comes until the initiator has heard
from the responder in that session. A retry says: letters of that session cannot be opened here, begin anew with these
keys. `issued` is milliseconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from .domains import Purpose
from .envelope import seal, sign
from .errors import VersionMismatch
from .identity import Identity, PeerId
from .limits import SIZE_CLASSES
from .packing import unpack, version_of
from .record import Prekey

VERSION: Final = 1
HEADER_BYTES: Final = 80

Id8 = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Number = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]


class Initial(msgspec.Struct, array_like=True, frozen=True):
    """How a session began: X3DH's first message (Signal's specification §3.3), without what the letter says anyway."""

    ephemeral: Key
    prekey: Number
    one_time: Number


class Message(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """One message of a double ratchet with encrypted headers."""

    version: int = VERSION
    session: Id8
    initial: Initial | None
    header: Annotated[bytes, msgspec.Meta(min_length=HEADER_BYTES, max_length=HEADER_BYTES)]
    box: Annotated[bytes, msgspec.Meta(max_length=SIZE_CLASSES[-1])]


class Retry(msgspec.Struct, array_like=True, frozen=True, kw_only=True):
    """Letters of a session could not be opened: begin another one with these keys."""

    version: int = VERSION
    session: Id8
    issued: Number
    prekey: Prekey
    one_time: tuple[Number, Key] | None


Letter = Message | Retry
_PURPOSES: Final = {Message: Purpose.MESSAGE, Retry: Purpose.RETRY}
_message = msgspec.msgpack.Decoder(Message)
_retry = msgspec.msgpack.Decoder(Retry)


def payload_of(letter: Letter) -> bytes:
    """The bytes that are signed."""
    return msgspec.msgpack.encode(letter)


def seal_letter(
    letter: Letter, *, sender: Identity, recipient: PeerId, sealing_key: bytes, ephemeral_secret: bytes
) -> bytes:
    """Sign a letter for `recipient` and seal it to that peer's `sealing_key`.

    :param ephemeral_secret: 32 fresh random bytes.
    :raises Malformed: if it is too large for any size class.
    """
    envelope = sign(sender, _PURPOSES[type(letter)], payload_of(letter), recipient=recipient)
    return seal(envelope, recipient=recipient, sealing_key=sealing_key, ephemeral_secret=ephemeral_secret)


def decode_message(payload: bytes) -> Message:
    """The message in an envelope's payload.

    :raises Malformed: if it is none.
    :raises VersionMismatch: if it is of another major version.
    """
    _check_version(payload)
    return unpack(_message, payload, "a damaged letter")


def decode_retry(payload: bytes) -> Retry:
    """The retry in an envelope's payload; its prekey's signature is checked by whoever uses it.

    :raises Malformed: if it is none.
    :raises VersionMismatch: if it is of another major version.
    """
    _check_version(payload)
    return unpack(_retry, payload, "a damaged retry")


def _check_version(payload: bytes) -> None:
    version = version_of(payload, "a damaged letter")
    if version != VERSION:
        raise VersionMismatch(f"a letter of version {version}, we read {VERSION}")
