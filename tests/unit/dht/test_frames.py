"""The wire format: golden bytes, every byte that is changed is noticed, and any bytes at all are refused politely."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from wherry.dht import DhtKey, Endpoint
from wherry.dht.frames import (
    ANYBODY,
    OVERHEAD,
    Dial,
    DialBack,
    Dialled,
    Find,
    Found,
    Kind,
    Knock,
    Ping,
    Pong,
    Prove,
    Store,
    Stored,
    body_bytes,
    make_frame,
    open_frame,
    pack_contacts,
    read_header,
    unpack_contacts,
)
from wherry.dht.key import node_id, proof_bits
from wherry.dht.limits import DATAGRAM_BYTES, UNPROVED_BYTES
from wherry_signaling.errors import BadSignature, Malformed, NotForUs, RemoteError
from wherry_signaling.limits import DOCUMENT_BYTES

ALICE, BOB = DhtKey(bytes(32)), DhtKey(bytes([1]) * 32)
NONCE = bytes(range(12))
TOKEN = bytes(range(16))
SEEN = Endpoint("192.0.2.7", 4770).pack()
BODIES = [
    Ping(TOKEN),
    Pong(TOKEN, SEEN),
    Find(TOKEN, bytes(20), 3),
    Found(TOKEN, SEEN, bytes(26), b"", 9, b"document"),
    Store(TOKEN, bytes(DOCUMENT_BYTES)),
    Stored(TOKEN, 0, 2**53 - 1),
    DialBack(TOKEN, bytes(8)),
    Dialled(TOKEN, True),
    Dial(b"", bytes(8), SEEN),
    Knock(bytes(8)),
    Prove(TOKEN),
]
VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "dht.json").read_text())


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_each_kind_comes_back_as_it_was(body: object) -> None:
    data = make_frame(ALICE, body, nonce=NONCE, destination=BOB.id, serves=True)
    frame = open_frame(data, read_header(data), own_id=BOB.id)
    assert (frame.body, frame.sender, frame.header.nonce, bool(frame.header.flags)) == (body, ALICE.id, NONCE, True)
    assert len(data) == body_bytes(body) == frame.size <= DATAGRAM_BYTES


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_golden_bytes(vector: dict[str, object]) -> None:
    data = bytes.fromhex(str(vector["bytes"]))
    if "error" in vector:
        with pytest.raises(RemoteError) as raised:
            open_frame(data, read_header(data), own_id=BOB.id)
        assert raised.value.code == vector["error"]
        return
    frame = open_frame(data, read_header(data), own_id=BOB.id)
    fields = msgspec.structs.astuple(frame.body)
    told = [item.hex() if isinstance(item, bytes) else item for item in fields]
    assert {"kind": frame.header.kind.name, "body": told} == vector["value"]
    if not vector.get("later"):  # what a later version adds is read over, and cannot be written
        assert make_frame(ALICE, frame.body, nonce=NONCE, destination=frame.header.destination, serves=True) == data


def test_a_document_of_full_size_fits_into_the_reply_to_a_first_request() -> None:
    seen = Endpoint("2001:db8::1", 4770).pack()
    assert body_bytes(Found(TOKEN, seen, b"", b"", 2**53 - 1, bytes(DOCUMENT_BYTES))) <= UNPROVED_BYTES


@settings(deadline=None)
@given(data=st.binary(max_size=1400), head=st.sampled_from([b"", b"\x0d", *(bytes([0x0D, kind, 1]) for kind in Kind)]))
def test_any_bytes_are_a_frame_or_a_typed_error(data: bytes, head: bytes) -> None:
    # Invariant: whatever comes, read_header and open_frame return or raise a RemoteError.
    datagram = head + data
    with contextlib.suppress(RemoteError):
        open_frame(datagram, read_header(datagram), own_id=BOB.id)


@settings(deadline=None)
@given(
    payload=st.binary(max_size=60) | st.sampled_from([b"\xdd\xff\xff\xff\xff", b"\x91" * 500, b"\xc1", b"\xdf" * 20]),
    kind=st.sampled_from(list(Kind)),
)
def test_any_signed_body_is_a_frame_or_malformed(payload: bytes, kind: Kind) -> None:
    # Invariant: a liar who signs correctly gets no further with a wrong body than Malformed.
    data = _signed(kind, payload)
    with contextlib.suppress(Malformed):
        open_frame(data, read_header(data), own_id=BOB.id)


def _signed(kind: Kind, payload: bytes, padding: bytes = b"") -> bytes:
    from wherry.dht.frames import _HEADER, _domain

    head = _HEADER.pack(0x0D, kind, 1, NONCE, ALICE.public, BOB.id, len(payload)) + payload + padding
    return head + ALICE.sign(_domain(kind), BOB.id, head)


@settings(deadline=None)
@given(at=st.integers(0, OVERHEAD + 18), bit=st.integers(0, 7))
def test_no_bit_can_be_changed(at: int, bit: int) -> None:
    # Invariant: a frame with one bit changed is refused.
    data = bytearray(make_frame(ALICE, Ping(TOKEN), nonce=NONCE, destination=BOB.id))
    data[at] ^= 1 << bit
    with pytest.raises(RemoteError):
        open_frame(bytes(data), read_header(bytes(data)), own_id=BOB.id)


def test_padding_is_zeros() -> None:
    payload = b"\x91\xc4\x00"
    data = _signed(Kind.PING, payload, bytes(50))
    assert open_frame(data, read_header(data), own_id=BOB.id).body == Ping()
    data = _signed(Kind.PING, payload, bytes(49) + b"\1")
    with pytest.raises(Malformed):
        open_frame(data, read_header(data), own_id=BOB.id)


def test_a_frame_is_for_its_destination_alone() -> None:
    data = make_frame(ALICE, Ping(), nonce=NONCE, destination=ALICE.id)
    with pytest.raises(NotForUs):
        open_frame(data, read_header(data), own_id=BOB.id)


def test_only_first_requests_may_be_for_anybody() -> None:
    for body in BODIES:
        data = make_frame(ALICE, body, nonce=NONCE, destination=ANYBODY)
        if isinstance(body, Ping | Find | Knock):
            assert open_frame(data, read_header(data), own_id=BOB.id).body == body
        else:
            with pytest.raises(NotForUs):
                open_frame(data, read_header(data), own_id=BOB.id)


def test_a_request_is_no_reply() -> None:
    data = bytearray(make_frame(ALICE, Ping(TOKEN), nonce=NONCE, destination=BOB.id))
    data[1] = Kind.PROVE  # the same body: only the domain of the signature differs
    with pytest.raises(BadSignature):
        open_frame(bytes(data), read_header(bytes(data)), own_id=BOB.id)


def test_work_is_checked_before_the_signature() -> None:
    data = make_frame(ALICE, Ping(), nonce=NONCE, destination=BOB.id)
    bits = proof_bits(ALICE.public)
    assert open_frame(data, read_header(data), own_id=BOB.id, bits=bits)
    with pytest.raises(BadSignature, match="work"):
        open_frame(data[:-1] + b"\0", read_header(data), own_id=BOB.id, bits=bits + 1)


def test_a_key_can_be_made_with_work() -> None:
    drawn = iter(range(1000))
    key = DhtKey.generate(lambda size: next(drawn).to_bytes(size, "big"), bits=4)
    assert proof_bits(key.public) >= 4
    assert node_id(key.public) == key.id
    assert key.seed.hex() not in repr(key)


@settings(deadline=None)
@given(ports=st.lists(st.integers(1, 65535), max_size=20), version=st.sampled_from([4, 6]))
def test_contacts_come_back_as_they_were(ports: list[int], version: int) -> None:
    # Invariant: unpack_contacts is the inverse of pack_contacts.
    host = "192.0.2.1" if version == 4 else "2001:db8::1"
    contacts = [(bytes([port & 255]) * 20, Endpoint(host, port)) for port in ports]
    assert unpack_contacts(pack_contacts(contacts), version=version) == contacts


@settings(deadline=None)
@given(data=st.binary(max_size=200), version=st.sampled_from([4, 6]))
def test_any_bytes_are_contacts_or_malformed(data: bytes, version: int) -> None:
    # Invariant: unpack_contacts returns endpoints of that version that can be sent to, or raises Malformed.
    try:
        contacts = unpack_contacts(data, version=version)
    except Malformed:
        return
    assert all(endpoint.version == version and endpoint.port and endpoint.scope for _, endpoint in contacts)
