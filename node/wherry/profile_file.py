"""A whole profile in one file, under a passphrase: the format. A core.

::

    file   "WHERRYPF" | version u8 = 1 | passes u32 | memory u32 | salt 16 | prefix 16 | check 4 | part…
    part   length u32 | box
    box    XChaCha20-Poly1305 of a msgpack list of entries, under Argon2id(passphrase; salt, passes, memory),
           nonce = prefix | number u56 | last u8, associated data = join(EXPORT_FILE, all before `check`)
    check  first 4 bytes of SHA-256(join(EXPORT_FILE, all before it)): a damaged head is told from a wrong passphrase

    entry  ["owner", seed 32, name, made]                       the first one, alone in the first part
           ["address", label, nospam 8, since]
           ["peer", key 32, claimed, label, seen | nil]         what it is called
           ["friend", key 32, [further keys], state, since, [id, answers] | nil, [id, answers] | nil,
                      [id, kind, about | nil] | nil, hello, nospam | nil, reason | nil, answer,
                      when the safety numbers were compared | 0]
           ["profile", key 32, name, description, avatar, its type]
           ["choice", name, value]
           ["message", key 32, id 16, ours, text | nil, bytes | nil, state, reason | nil, sent, kept,
                      reply to | nil]

Integers are big-endian; `memory` is in KiB, as in keyfile.py. The parts are the STREAM construction (Hoang,
Reyhanitabar, Rogaway, Vizár 2015): each has its number in the nonce and the last one says so, so that none can be cut
off, repeated or moved.

**What is not in it**: ratchet sessions, prekeys, and the numbering of items that are under way. A copy that went on
with them would take steps that the original has taken too: the same message key twice, the same number for two items.
So a copy begins sessions and epochs of its own. What the copy does not know to be settled it says again under the old
id; whoever has it knows the id.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Final

import msgspec
import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id as argon2id

from wherry_signaling import domains
from wherry_signaling.errors import Malformed, VersionMismatch
from wherry_signaling.keyfile import MAX_MEMORY_KIB, MAX_PASSES, Cost
from wherry_signaling.packing import unpack

from .errors import ExportCorrupt, ExportLocked

MAGIC: Final = b"WHERRYPF"
VERSION: Final = 1
#: Bytes of entries after which a part is closed: little enough to hold, much enough that the frames cost nothing.
PART_BYTES: Final = 1024 * 1024
#: Bytes of a part at most: one more message of the largest may be in it.
MAX_PART_BYTES: Final = 8 * 1024 * 1024
#: Bytes that a box has at least: those by which it is known.
TAG_BYTES: Final = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_ABYTES
_HEAD = struct.Struct(">8sBII16s16s")
_LENGTH = struct.Struct(">I")
_CHECK_BYTES: Final = 4
HEAD_BYTES: Final = _HEAD.size + _CHECK_BYTES

Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Id = Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
Nospam = Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)]
Line = Annotated[str, msgspec.Meta(max_length=1000)]
#: A number of whatever sort: what a peer may say in a message, and far within what a database keeps.
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
#: Seconds since 1970; with bounds, so that it is no NaN either, which a database takes for nothing at all.
Time = Annotated[float, msgspec.Meta(ge=0, lt=2**53)]


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """Anything in the file."""


class Owner(Entry, frozen=True, tag="owner"):
    """Whose profile it is."""

    seed: Key
    name: Line
    made: Time

    def __repr__(self) -> str:
        return f"<Owner {self.name!r}>"  # no seed gets into a log


class AddressEntry(Entry, frozen=True, tag="address"):
    """A labelled address."""

    label: Line
    nospam: Nospam
    since: Time

    def __repr__(self) -> str:
        return f"<AddressEntry {self.label!r}>"


class PeerEntry(Entry, frozen=True, tag="peer"):
    """What a peer is called."""

    key: Key
    claimed: Line
    label: Line
    seen: Time | None


class FriendEntry(Entry, frozen=True, tag="friend"):
    """A friendship, whatever its state."""

    key: Key
    further: list[Key]
    state: Line
    since: Time
    ours: tuple[Id, Id | None] | None
    theirs: tuple[Id, Id | None] | None
    said: tuple[Id, Count, Id | None] | None
    hello: Annotated[str, msgspec.Meta(max_length=4096)]
    nospam: Nospam | None
    reason: Count | None
    answer: Line
    compared: Time = 0.0

    def __repr__(self) -> str:
        return f"<FriendEntry {self.state}>"


class ProfileEntry(Entry, frozen=True, tag="profile"):
    """What somebody says of himself; the owner too."""

    key: Key
    name: Line
    description: Line
    avatar: bytes
    avatar_type: Line


class ChoiceEntry(Entry, frozen=True, tag="choice"):
    """Something that was chosen."""

    name: Line
    value: Line


class MessageEntry(Entry, frozen=True, tag="message"):
    """One message of the history."""

    key: Key
    id: Id
    ours: bool
    text: str | None
    data: bytes | None
    state: Count
    reason: Count | None
    sent: Count
    kept: Count
    reply_to: Id | None


AnyEntry = Owner | AddressEntry | PeerEntry | FriendEntry | ProfileEntry | ChoiceEntry | MessageEntry
_decoder = msgspec.msgpack.Decoder(list[AnyEntry])
_encoder = msgspec.msgpack.Encoder()


def write(
    entries: Iterable[AnyEntry], passphrase: str, *, random: Callable[[int], bytes], cost: Cost | None = None
) -> Iterator[bytes]:
    """The file's bytes, in pieces.

    :param entries: an `Owner` first.
    :param cost: what one guess at the passphrase costs.
    """
    cost = cost or Cost()
    head = _HEAD.pack(MAGIC, VERSION, cost.passes, cost.memory_kib, random(16), random(16))
    yield head + _check(head)
    key = _key(passphrase, head)
    number = 0
    ahead: bytes | None = None
    for plain in _parts(entries):
        if ahead is not None:
            yield _seal(key, head, number, ahead, last=False)
            number += 1
        ahead = plain
    if ahead is not None:
        yield _seal(key, head, number, ahead, last=True)


def read(take: Callable[[int], bytes], passphrase: str) -> Iterator[AnyEntry]:
    """The entries, an `Owner` first; all of them were in the file as it was written once the iterator has ended.

    :param take: the next so many bytes of the file, or what there is.
    :raises ExportCorrupt: if the file is none, or damaged, or cut short.
    :raises ExportLocked: if the passphrase is another one.
    :raises VersionMismatch: if it is of a later version.
    """
    head = _head(take(HEAD_BYTES))
    key = _key(passphrase, head)
    number, last = 0, False
    while not last:
        box = _box(take)
        plain = _open(key, head, number, box, last=False)
        if plain is None:
            plain, last = _open(key, head, number, box, last=True), True
        if plain is None:
            raise ExportCorrupt("a part is damaged or missing") if number else ExportLocked()
        try:
            entries = unpack(_decoder, plain, "no entries")
        except Malformed as error:
            raise ExportCorrupt("what is in it makes no sense") from error
        if number == 0 and not (entries and isinstance(entries[0], Owner)):
            raise ExportCorrupt("it has no owner")
        yield from entries
        number += 1
    if take(1):
        raise ExportCorrupt("something follows its end")


def _parts(entries: Iterable[AnyEntry]) -> Iterator[bytes]:
    batch: list[msgspec.Raw] = []
    size = 0
    for entry in entries:
        packed = _encoder.encode(entry)
        batch.append(msgspec.Raw(packed))
        size += len(packed)
        if size >= PART_BYTES or isinstance(entry, Owner):
            yield _encoder.encode(batch)
            batch, size = [], 0
    if batch:
        yield _encoder.encode(batch)


def _head(data: bytes) -> bytes:
    head, check = data[: _HEAD.size], data[_HEAD.size :]
    if not head.startswith(MAGIC):
        raise ExportCorrupt("it does not begin as an exported profile does")
    if len(data) < HEAD_BYTES or check != _check(head):
        raise ExportCorrupt("its head is damaged")
    _, version, passes, memory_kib, _, _ = _HEAD.unpack(head)
    if version != VERSION:
        raise VersionMismatch(f"the file is of version {version}, this Wherry reads {VERSION}", hint="Update Wherry.")
    if not (0 < passes <= MAX_PASSES and 8 <= memory_kib <= MAX_MEMORY_KIB):
        raise ExportCorrupt(f"it asks for {passes} passes over {memory_kib} KiB to be opened")
    return head


def _box(take: Callable[[int], bytes]) -> bytes:
    head = take(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise ExportCorrupt("its end is missing")
    (length,) = _LENGTH.unpack(head)
    if length < TAG_BYTES:
        raise ExportCorrupt("a part is too small")
    box = take(length) if length <= MAX_PART_BYTES else b""
    if len(box) != length:
        raise ExportCorrupt("its end is missing" if length <= MAX_PART_BYTES else "a part is too large")
    return box


def _key(passphrase: str, head: bytes) -> bytes:
    _, _, passes, memory_kib, salt, _ = _HEAD.unpack(head)
    return argon2id.kdf(32, passphrase.encode("utf-8"), salt, opslimit=passes, memlimit=memory_kib * 1024)


def _seal(key: bytes, head: bytes, number: int, plain: bytes, *, last: bool) -> bytes:
    box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, _about(head), _nonce(head, number, last), key)
    return _LENGTH.pack(len(box)) + box


def _open(key: bytes, head: bytes, number: int, box: bytes, *, last: bool) -> bytes | None:
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            box, _about(head), _nonce(head, number, last), key
        )
    except nacl.exceptions.CryptoError:
        return None


def _nonce(head: bytes, number: int, last: bool) -> bytes:
    return head[-16:] + number.to_bytes(7, "big") + bytes([last])


def _about(head: bytes) -> bytes:
    return domains.join(domains.EXPORT_FILE, head)


def _check(head: bytes) -> bytes:
    return hashlib.sha256(_about(head)).digest()[:_CHECK_BYTES]
