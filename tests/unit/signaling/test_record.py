"""The two signed documents."""

from __future__ import annotations

import pytest
from golden import Vector, load, vectors
from hypothesis import given, settings, strategies as st

from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.errors import BadSignature, ExpiredDocument, Malformed
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.limits import CLOCK_GRACE_S, DOCUMENT_BYTES, PEER_RECORD_S
from wherry_signaling.record import (
    InboxRecord,
    Introducer,
    PeerRecord,
    check_document,
    check_peer_record,
    dht_key,
)

ALICE, BOB = (Identity(bytes([number]) * 32) for number in (0xA1, 0xB0))
NOW = 1_800_000_000
RECORD = next(vector.data for vector in load("record") if vector.name == "peer record")
INBOX = next(vector.data for vector in load("record") if vector.name == "inbox record")


def _introducers(entries: list[tuple[str, list[str]]]) -> tuple[Introducer, ...]:
    found = []
    for key, texts in entries:
        peer = PeerId(bytes.fromhex(key))
        found.append(Introducer(peer, tuple(EndpointAddress.parse(f"{text}/p2p/{peer}") for text in texts)))
    return tuple(found)


def _peer_record(fields: dict) -> PeerRecord:
    peer = PeerId(bytes.fromhex(fields["key"]))
    return PeerRecord(
        peer=peer,
        sequence=fields["sequence"],
        instance=bytes.fromhex(fields["instance"]),
        issued=fields["issued"],
        expires=fields["expires"],
        sealing_key=bytes.fromhex(fields["sealing_key"]),
        capabilities=fields["capabilities"],
        dht=tuple(UdpAddress.parse(text) for text in fields["dht"]),
        direct=tuple(EndpointAddress.parse(f"{text}/p2p/{peer}") for text in fields["direct"]),
        introducers=_introducers(fields["introducers"]),
    )


def _inbox_record(fields: dict) -> InboxRecord:
    number, key, signature = fields["prekey"]
    return InboxRecord(
        peer=PeerId(bytes.fromhex(fields["key"])),
        sequence=fields["sequence"],
        issued=fields["issued"],
        expires=fields["expires"],
        sealing_key=bytes.fromhex(fields["sealing_key"]),
        prekey=(number, bytes.fromhex(key), bytes.fromhex(signature)),
        mailboxes=_introducers(fields["mailboxes"]),
    )


@pytest.mark.parametrize("make", [_peer_record, _inbox_record], ids=["peer record", "inbox record"])
def test_a_document_is_made_and_checked(make: type) -> None:
    kind = "peer-record" if make is _peer_record else "inbox-record"
    for vector in load("record"):
        if vector.error or vector["kind"] != kind:
            continue
        record = make(vector["fields"])
        document = check_document(vector.data, vector["now"])
        assert document.record == record, vector.name
        assert document.data == vector.data
        assert document.dht_key == vector.hex("dht_key")
        if not vector["trailing"]:
            assert record.sign(Identity(vector.hex("seed"))) == vector.data, vector.name


@vectors("record", "document", good=False)
def test_a_document_that_is_wrong_is_refused(vector: Vector) -> None:
    with vector.refused():
        check_document(vector.data, vector["now"])


@vectors("record", "dht key", good=True)
def test_where_the_dht_keeps_it(vector: Vector) -> None:
    assert dht_key(Purpose(vector["purpose"]), PeerId(vector.hex("key"))) == vector.data


def test_a_peer_record_is_of_whom_was_asked_for() -> None:
    record, document = check_peer_record(RECORD, NOW, of=ALICE.id)
    assert (record.peer, document.purpose) == (ALICE.id, Purpose.PEER_RECORD)
    with pytest.raises(BadSignature):
        check_peer_record(RECORD, NOW, of=BOB.id)
    with pytest.raises(Malformed):
        check_peer_record(INBOX, NOW)


def test_ways_lead_to_the_peer_itself_first() -> None:
    record, _ = check_peer_record(RECORD, NOW)
    ways = list(record.ways())
    assert [way.peer for way in ways] == [ALICE.id, BOB.id, BOB.id, BOB.id, record.introducers[1].peer]


def test_a_document_lives_as_long_as_it_says_and_an_hour() -> None:
    record, _ = check_peer_record(RECORD, NOW)
    for now in (record.issued - CLOCK_GRACE_S, record.expires + CLOCK_GRACE_S):
        check_document(RECORD, now)
    for now in (record.issued - CLOCK_GRACE_S - 1, record.expires + CLOCK_GRACE_S + 1, 0.0, 2.0**60):
        with pytest.raises(ExpiredDocument):
            check_document(RECORD, now)


NAMES = st.from_regex(r"[a-z]{1,60}(\.[a-z]{1,60}){0,3}", fullmatch=True)
ENDPOINTS = st.builds(
    EndpointAddress,
    NAMES | st.ip_addresses(v=4).map(str),
    st.integers(1, 65535),
    st.booleans(),
)
RECORDS = st.builds(
    lambda sequence, capabilities, lifetime, dht, direct, introducers: PeerRecord(
        peer=ALICE.id,
        sequence=sequence,
        instance=b"instance",
        issued=NOW,
        expires=NOW + lifetime,
        sealing_key=ALICE.sealing_public,
        capabilities=capabilities,
        dht=tuple(dht),
        direct=tuple(one.__class__(one.host, one.port, one.tls, ALICE.id) for one in direct),
        introducers=tuple(
            Introducer(BOB.id, tuple(EndpointAddress(one.host, one.port, one.tls, BOB.id) for one in endpoints))
            for endpoints in introducers
        ),
    ),
    st.integers(0, 2**53 - 1),
    st.integers(0, 2**53 - 1),
    st.integers(1, PEER_RECORD_S),
    st.lists(st.builds(UdpAddress, NAMES, st.integers(1, 65535)), max_size=6),
    st.lists(ENDPOINTS, max_size=6),
    st.lists(st.lists(ENDPOINTS, max_size=5), max_size=6),
)


@given(RECORDS)
@settings(max_examples=60, deadline=None)
def test_a_record_reads_back_and_drops_its_last_entries(record: PeerRecord) -> None:
    # Invariant: at most 1000 bytes, whatever is in it; each list that was too long lost entries from its end.
    document = record.sign(ALICE)
    assert len(document) <= DOCUMENT_BYTES
    read, _ = check_peer_record(document, NOW, of=ALICE.id)
    assert (read.sequence, read.capabilities, read.expires) == (record.sequence, record.capabilities, record.expires)
    assert read.dht == record.dht[: len(read.dht)]
    assert read.direct == record.direct[: len(read.direct)]
    for mine, theirs in zip(read.introducers, record.introducers, strict=False):
        assert mine.endpoints == theirs.endpoints[: len(mine.endpoints)]
    assert read.sign(ALICE) == document


@given(st.integers(0, 8 * len(RECORD) - 1))
def test_no_bit_of_a_document_can_be_changed(bit: int) -> None:
    # Invariant: a document has one form; with any bit changed it is none.
    changed = bytearray(RECORD)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises((Malformed, BadSignature)):
        check_document(bytes(changed), NOW)
