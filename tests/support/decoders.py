"""Every decoder of the signaling core, with what it is tried with, in `tests/unit` and for longer in `tests/fuzz`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import golden
from hostile import hostile_bytes, hostile_text
from hypothesis import strategies as st

from wherry_signaling import (
    address,
    endpoints,
    envelope,
    handover,
    handshake,
    identity,
    record,
    signals,
    wire,
    wire_mailbox,
)
from wherry_signaling.client import answers
from wherry_signaling.domains import Purpose
from wherry_signaling.errors import LocalError, RemoteError, WherryError
from wherry_signaling.server.admission import Source
from wherry_signaling.server.mailboxes import Desk, Mailboxes
from wherry_signaling.server.mailboxes.desk import ROLES

ALICE, BOB = (identity.Identity(bytes([number]) * 32) for number in (0xA1, 0xB0))
NOW = 1_800_000_000
EPHEMERAL = bytes([0xE3]) * 32


@dataclass(frozen=True, slots=True)
class Decoder:
    """Something that takes what others made.

    :ivar inputs: what it is tried with.
    :ivar refuses_with: the errors that it may raise; any other is a bug.
    """

    name: str
    decode: Callable[[Any], object]
    inputs: st.SearchStrategy[Any]
    refuses_with: tuple[type[WherryError], ...] = (RemoteError,)

    def takes_or_refuses(self, data: Any) -> None:
        """Decode; any exception but its own typed errors gets through, and so does one whose text is no line."""
        try:
            self.decode(data)
        except self.refuses_with as error:
            if not str(error).isprintable():
                raise


def client() -> handshake.ClientHandshake:
    return handshake.ClientHandshake(ALICE, wire.Role.ME, secret=bytes([0xC1]) * 32, nonce=bytes([0xC2]) * 32)


def server() -> handshake.ServerHandshake:
    return handshake.ServerHandshake(BOB, secret=bytes([0x51]) * 32, nonce=bytes([0x52]) * 32)


def server_after_hello() -> handshake.ServerHandshake:
    one = server()
    one.receive_hello(client().hello())
    return one


def _bytes(file: str, *kinds: str) -> st.SearchStrategy[bytes]:
    return hostile_bytes([one.data for one in golden.load(file) if not one.error and one.value.get("kind") in kinds])


def _texts(file: str) -> st.SearchStrategy[str]:
    return hostile_text([one["text"] for one in golden.load(file) if not one.error and "text" in one.value])


def _signed_payload(purpose: Purpose, recipient: identity.PeerId | None) -> Callable[[bytes], bytes]:
    return lambda payload: envelope.sign(ALICE, purpose, payload, recipient=recipient)


def _open_signal_with(purpose: Purpose) -> Callable[[bytes], object]:
    """The payload is signed and sealed as it should be, so that it is met by what lies behind both."""

    def decode(payload: bytes) -> object:
        signed = envelope.sign(ALICE, purpose, payload[:16_000], recipient=BOB.id)
        sealed = envelope.seal(signed, recipient=BOB.id, sealing_key=BOB.sealing_public, ephemeral_secret=EPHEMERAL)
        return signals.open_signal(sealed, recipient=BOB)

    return decode


def _page_of(data: bytes) -> object:
    frame = wire.decode(data)
    return answers.page_of(frame, 0) if isinstance(frame, wire_mailbox.Collected) else None


class _Visitor:
    key, source = ALICE.id.key, Source.of(("192.0.2.7", 4770))

    def tell_waiting(self, count: int) -> bool:
        return True


def _at_the_desk(data: bytes) -> object:
    """Whatever frame of a mailbox it is: it is asked, and answered under its number."""
    frame = wire.decode(data)
    if type(frame) not in ROLES:
        return None
    answer = _desk.answer(_Visitor(), frame)
    assert getattr(answer, "id", None) == getattr(frame, "id", None)
    return answer


_ticks = itertools.count()
_desk = Desk(Mailboxes(), lambda: float(next(_ticks)), lambda: NOW)


def _check_payload_with(purpose: Purpose) -> Callable[[bytes], object]:
    return lambda payload: record.check_document(envelope.sign(ALICE, purpose, payload), NOW)


_documents = _bytes("record", "peer-record", "inbox-record")
_payloads = hostile_bytes([one.hex("payload") for one in golden.load("record") if "payload" in one.value])
_signals = hostile_bytes([one.data for one in golden.load("signals") if one.value.get("kind") == "payload"])
_who = hostile_text(
    [
        one[key]
        for file in ("links", "address", "identity")
        for one in golden.load(file)
        for key in ("text",)
        if key in one.value
    ]
)
_local = (LocalError,)

DECODERS = (
    Decoder("open_envelope, for everybody", envelope.open_envelope, _bytes("envelope", "signed") | _documents),
    Decoder(
        "open_envelope, for one",
        lambda data: envelope.open_envelope(data, recipient=BOB.id),
        _bytes("envelope", "signed"),
    ),
    Decoder(
        "unseal",
        lambda data: envelope.unseal(data, recipient=BOB.id, sealing_secret=BOB.sealing_secret),
        _bytes("envelope", "sealed"),
    ),
    Decoder("check_document", lambda data: record.check_document(data, NOW), _documents),
    Decoder("check_document, of any payload (peer)", _check_payload_with(Purpose.PEER_RECORD), _payloads),
    Decoder("check_document, of any payload (inbox)", _check_payload_with(Purpose.INBOX_RECORD), _payloads),
    Decoder("check_peer_record", lambda data: record.check_peer_record(data, NOW, of=ALICE.id), _documents),
    Decoder("open_signal", lambda data: signals.open_signal(data, recipient=BOB), _bytes("signals", "sealed")),
    *(
        Decoder(f"open_signal, of any payload ({purpose.name.lower()})", _open_signal_with(purpose), _signals)
        for purpose in Purpose
        if not purpose.public
    ),
    Decoder("wire.decode", wire.decode, _bytes("wire", "frame", "later", "unknown")),
    Decoder("Desk.answer", _at_the_desk, _bytes("wire", "frame")),
    Decoder("page_of", _page_of, _bytes("wire", "frame")),
    Decoder("wire.decode_handover", wire.decode_handover, _bytes("wire", "handover")),
    Decoder("open_handover", lambda data: handover.open_handover(data, BOB), _bytes("envelope", "sealed")),
    Decoder("ClientHandshake.receive", lambda data: client().receive(data), _bytes("handshake", "handshake")),
    Decoder(
        "ServerHandshake.receive_hello", lambda data: server().receive_hello(data), _bytes("handshake", "handshake")
    ),
    Decoder(
        "ServerHandshake.receive_proof",
        lambda data: server_after_hello().receive_proof(data),
        _bytes("handshake", "handshake"),
    ),
    Decoder("PeerId", identity.PeerId, _bytes("identity", "identity"), _local),
    Decoder(
        "EndpointAddress.from_bytes", endpoints.EndpointAddress.from_bytes, _bytes("endpoints", "endpoint"), _local
    ),
    Decoder("UdpAddress.from_bytes", endpoints.UdpAddress.from_bytes, _bytes("endpoints", "udp"), _local),
    Decoder("PeerId.parse", identity.PeerId.parse, _texts("identity"), _local),
    Decoder("Address.parse", address.Address.parse, _texts("address"), _local),
    Decoder("InviteLink.parse", address.InviteLink.parse, _texts("links"), _local),
    Decoder("parse_who", address.parse_who, _who, _local),
    Decoder("EndpointAddress.parse", endpoints.EndpointAddress.parse, _texts("endpoints"), _local),
    Decoder("UdpAddress.parse", endpoints.UdpAddress.parse, _texts("endpoints"), _local),
    Decoder("parse_any", endpoints.parse_any, _texts("endpoints") | _texts("links"), _local),
    Decoder(
        "endpoint_of_authority",
        endpoints.endpoint_of_authority,
        hostile_text(["192.0.2.7:4770", "[2001:db8::7]:4770", "node.example.org", "node-1:80"]),
        _local,
    ),
)
