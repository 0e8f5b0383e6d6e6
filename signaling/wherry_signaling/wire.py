"""Every frame on a socket between a client and a signaling endpoint, typed. Frozen: later versions add at the end.

A frame is a msgpack array; its first element is the kind. Peers are named by their 32-byte public keys. A request
carries a number of the client's choosing, and its reply the same. All but the first three travel inside the session's
cipher (handshake.py)::

    kind  frame       direction   fields
       1  hello       c → s       version, role, key 32, ephemeral 32, nonce 32, dialled 32, features, host
       2  welcome     s → c       version, key 32, ephemeral 32, nonce 32, features, signature 64
       3  prove       c → s       signature 64                                   (the first frame inside the cipher)
       4  refused     s → c       status, text                                   (before or after: then the socket ends)
      10  register    c → s  me   id, seconds wanted, capability bits
      11  registered  s → c       id, seconds, observed host, port, [[url…], user, credential, seconds]…, time ms
      12  renew       c → s  me   id, seconds wanted                             answered by registered
      13  send        c → s       id, to 32, tag, sealed envelope                answered by result
      14  result      s → c       id, status, text
      15  deliver     s → c       id, tag, sealed envelope, way back (0: none)
      16  delivered   c → s  me   id, accepted
      17  pass on     c → s       id, next introducer 32, [endpoint…], sealed    answered by result
      18  handed on   c → s       id, sealed                                     answered by result
      19  reply       c → s       id, way back, sealed envelope                  answered by result
      20  look up     c → s       id, purpose, peer 32                           answered by found
      21  found       s → c       id, document | nothing
      22  publish     c → s  me   id, document                                   answered by result; text: holders
      23  neighbours  c → s       id, how many                                   answered by others
      24  others      s → c       id, [[key 32, [endpoint…]]…]
      25  ping        both        id                                             answered by pong
      26  pong        both        id, time ms
      27  unregister  c → s  me   id                                             answered by result
      32  lease       c → s  me   id, seconds wanted                             answered by leased
      33  leased      s → c       id, seconds, bytes allowed, envelopes that wait, one-time prekeys left
      34  tags        c → s  me   id, week, sort (0 friends, 1 requests), first, [tag 16, ≤ 2048]       → result
      35  prekeys     c → s  me   id, [[prekey id, key 32], ≤ 100]               answered by result
      36  deposit     c → s       id, to 32, tag 16, work (8 bytes or none), sealed envelope            → result
      37  collect     c → s  me   id, after (number; 0 at first)                 answered by collected
      38  collected   s → c       id, [[number, sealed envelope], ≤ 256], more
      39  acknowledge c → s  me   id, [name 16, ≤ 512]                           answered by result
      40  take prekey c → s       id, to 32, tag 16                              answered by prekey
      41  prekey      s → c       id, prekey id, key 32                          (0 and no key: none is left)
      42  waiting     s → c       0, envelopes that wait                         (nobody asked: something was left)
      43  end lease   c → s  me   id                                             answered by result

A *way back* names the socket an envelope came in by, for whoever it was delivered to and as long as that socket is
open: a reply along it reaches a guest that nobody has a reservation of. It is delivered to the guest like any other.

Lengths of text are counted in Unicode characters (in JavaScript: ``[...text].length``). Integers are below 2^53, in
whichever of msgpack's sizes; a float is none.

`tag` says by which right a stranger's envelope comes; it is empty, or 16 bytes. What is *handed on* is sealed to the
next introducer's identity (as X25519) and holds msgpack [to 32, tag, sealed envelope]. The frames of mailboxes, 32–43,
are typed in wire_mailbox.py, where their rules stand too.

Status numbers are circuit-v2's where it has them: 100 ok · 201 quota · 203 failed · 204 no reservation (or declined:
the two look alike) · 400 malformed · 401 handshake · 405 not on this kind of socket · 421 somebody else was dialled ·
426 version · 501 unsupported.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated

import msgspec

from .errors import Malformed
from .limits import FRAME_BYTES, NEIGHBOURS
from .packing import unpack
from .wire_fields import Document, Endpoints, Frame, Host, Key, Number, Sealed, Signature, Tag, Text
from .wire_mailbox import (
    Acknowledge,
    Collect,
    Collected,
    Deposit,
    EndLease,
    Lease,
    Leased,
    Prekey,
    Prekeys,
    Tags,
    TakePrekey,
    Waiting,
)

VERSION = 1


class Role(IntEnum):
    """What a socket is opened as."""

    GUEST = 0
    ME = 1


class Status(IntEnum):
    """What became of a request."""

    OK = 100
    QUOTA = 201
    FAILED = 203
    NO_RESERVATION = 204
    MALFORMED = 400
    HANDSHAKE = 401
    WRONG_ROLE = 405
    WRONG_PEER = 421
    VERSION = 426
    UNSUPPORTED = 501


class Hello(Frame, tag=1, frozen=True):
    """The client begins: `dialled` is the peer id it wants to meet, zeros if it has none in mind."""

    version: Number
    role: Annotated[int, msgspec.Meta(ge=0, le=1)]
    key: Key
    ephemeral: Key
    nonce: Key
    dialled: Key
    features: Number
    host: Host


class Welcome(Frame, tag=2, frozen=True):
    """The endpoint proves who it is."""

    version: Number
    key: Key
    ephemeral: Key
    nonce: Key
    features: Number
    signature: Signature


class Prove(Frame, tag=3, frozen=True):
    """The client proves who it is."""

    signature: Signature


class Refused(Frame, tag=4, frozen=True):
    """The endpoint says why it closes the socket."""

    status: Number
    text: Text


class Register(Frame, tag=10, frozen=True):
    """Let others reach me through you."""

    id: Number
    seconds: Number
    capabilities: Number


IceServer = tuple[
    Annotated[list[Annotated[str, msgspec.Meta(max_length=300)]], msgspec.Meta(max_length=4)], Text, Text, Number
]


class Registered(Frame, tag=11, frozen=True):
    """You are reserved for so long; you come from this address; these help with ICE; it is this time here."""

    id: Number
    seconds: Number
    host: Host
    port: Number
    ice_servers: Annotated[list[IceServer], msgspec.Meta(max_length=4)]
    time_ms: Number


class Renew(Frame, tag=12, frozen=True):
    """The same again."""

    id: Number
    seconds: Number


class Send(Frame, tag=13, frozen=True):
    """Give this to whom it is for."""

    id: Number
    to: Key
    tag: Tag
    envelope: Sealed


class Result(Frame, tag=14, frozen=True):
    """What became of it."""

    id: Number
    status: Number
    text: Text


class Deliver(Frame, tag=15, frozen=True):
    """Somebody has this for you; what you reply with `back` goes to the socket it came by."""

    id: Number
    tag: Tag
    envelope: Sealed
    back: Number


class Delivered(Frame, tag=16, frozen=True):
    """I take it, or I do not."""

    id: Number
    accepted: bool


class PassOn(Frame, tag=17, frozen=True):
    """Hand this to that introducer."""

    id: Number
    next: Key
    endpoints: Endpoints
    sealed: Sealed


class HandedOn(Frame, tag=18, frozen=True):
    """Somebody asked me to hand you this."""

    id: Number
    sealed: Sealed


class Reply(Frame, tag=19, frozen=True):
    """Give this to the socket by which that envelope came."""

    id: Number
    back: Number
    envelope: Sealed


class LookUp(Frame, tag=20, frozen=True):
    """Where is that peer?"""

    id: Number
    purpose: Annotated[int, msgspec.Meta(ge=1, le=15)]
    peer: Key


class Found(Frame, tag=21, frozen=True):
    """The newest document I could find, or nothing."""

    id: Number
    document: Document


class Publish(Frame, tag=22, frozen=True):
    """Put my document where others look."""

    id: Number
    document: Document


class Neighbours(Frame, tag=23, frozen=True):
    """Which other endpoints do you know?"""

    id: Number
    count: Annotated[int, msgspec.Meta(ge=1, le=NEIGHBOURS)]


class Others(Frame, tag=24, frozen=True):
    """These."""

    id: Number
    endpoints: Annotated[list[tuple[Key, Endpoints]], msgspec.Meta(max_length=NEIGHBOURS)]


class Ping(Frame, tag=25, frozen=True):
    """Is the socket alive?"""

    id: Number


class Pong(Frame, tag=26, frozen=True):
    """It is, and it is this time here."""

    id: Number
    time_ms: Number


class Unregister(Frame, tag=27, frozen=True):
    """I am going; nobody reaches me through you from now on."""

    id: Number


class Handover(msgspec.Struct, array_like=True, frozen=True):
    """What a handed-on frame hides from whoever handed it on."""

    to: Key
    tag: Tag
    envelope: Sealed


class Unknown(msgspec.Struct, frozen=True):
    """A frame of a kind that a later version may have: skipped."""

    kind: int


AnyFrame = (
    Hello
    | Welcome
    | Prove
    | Refused
    | Register
    | Registered
    | Renew
    | Send
    | Result
    | Deliver
    | Delivered
    | PassOn
    | HandedOn
    | Reply
    | LookUp
    | Found
    | Publish
    | Neighbours
    | Others
    | Ping
    | Pong
    | Unregister
    | Lease
    | Leased
    | Tags
    | Prekeys
    | Deposit
    | Collect
    | Collected
    | Acknowledge
    | TakePrekey
    | Prekey
    | Waiting
    | EndLease
)

_decoder: msgspec.msgpack.Decoder[AnyFrame] = msgspec.msgpack.Decoder(AnyFrame)
_KINDS = frozenset((1, 2, 3, 4, *range(10, 28), *range(32, 44)))


class _Head(msgspec.Struct, array_like=True, frozen=True):
    kind: int


_head = msgspec.msgpack.Decoder(_Head)
_handover = msgspec.msgpack.Decoder(Handover)


def encode(frame: AnyFrame) -> bytes:
    """The frame's bytes."""
    return msgspec.msgpack.encode(frame)


def decode(data: bytes) -> AnyFrame | Unknown:
    """The frame that `data` is.

    :raises Malformed: if it is larger than `FRAME_BYTES`, or no frame.
    """
    if len(data) > FRAME_BYTES:
        raise Malformed(f"a frame of {len(data)} bytes; {FRAME_BYTES} is the most")
    kind = unpack(_head, data, "no frame").kind
    return unpack(_decoder, data, f"a damaged frame of kind {kind}") if kind in _KINDS else Unknown(kind)


def decode_handover(data: bytes) -> Handover:
    """What was hidden in a handed-on frame.

    :raises Malformed: if it is none.
    """
    return unpack(_handover, data, "no handed-on envelope")
