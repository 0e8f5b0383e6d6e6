"""record.json: the two documents that a peer signs about itself, and where the DHT keeps them."""

from __future__ import annotations

from typing import Any

import crypto
import formats
from formats import NOBODY, Person, envelope, multiaddr, pack

from .people import ALICE, BOB, CAROL, MALLORY, NOW, Case, bad, good

PEER_FIELDS = {
    "version": 1,
    "key": ALICE.key,
    "sequence": 7,
    "instance": bytes(range(8)),
    "issued": NOW - 60,
    "expires": NOW + 3600,
    "sealing_key": ALICE.sealing_key,
    "capabilities": 3,
    "dht": ["/ip4/192.0.2.7/udp/4770", "/ip6/2001:db8::7/udp/4770"],
    "direct": ["/ip4/192.0.2.7/tcp/4770/ws"],
    "introducers": [
        [
            BOB.key,
            ["/ip4/198.51.100.1/tcp/4770/ws", "/ip6/2001:db8:1::1/tcp/4770/ws", "/dns/bob.example/tcp/443/tls/ws"],
        ],
        [CAROL.key, ["/ip4/203.0.113.5/tcp/4780/ws"]],
    ],
}


def prekey_bytes(number: int, key: bytes) -> bytes:
    return number.to_bytes(8, "big") + key


def signed_prekey(person: Person, number: int, key: bytes) -> bytes:
    return person.sign("sign-prekey", NOBODY, prekey_bytes(number, key))


INBOX_FIELDS: dict[str, Any] = {
    "version": 1,
    "key": ALICE.key,
    "sequence": 2**53 - 1,
    "issued": NOW - 3600,
    "expires": NOW + 29 * 86400,
    "sealing_key": ALICE.sealing_key,
    "prekey": [5, CAROL.sealing_key, signed_prekey(ALICE, 5, CAROL.sealing_key)],
    "mailboxes": [[BOB.key, ["/ip4/198.51.100.1/tcp/4770/ws"]], [CAROL.key, []]],
}


def payload_of(fields: dict[str, Any]) -> bytes:
    wire = []
    for name, value in fields.items():
        if name in ("dht", "direct"):
            value = [multiaddr(text) if isinstance(text, str) else text for text in value]
        elif name in ("introducers", "mailboxes"):
            value = [[key, [multiaddr(text) for text in texts]] for key, texts in value]
        wire.append(value)
    return pack(wire)


def documents() -> list[Case]:
    found = []
    for name, purpose, fields in (
        ("peer record", "peer-record", PEER_FIELDS),
        (
            "peer record with nothing in it",
            "peer-record",
            PEER_FIELDS | {"sequence": 0, "capabilities": 0, "dht": [], "direct": [], "introducers": []},
        ),
        (
            "peer record, still good within the hour of grace",
            "peer-record",
            PEER_FIELDS | {"issued": NOW - 7200, "expires": NOW - 3600},
        ),
        (
            "peer record, issued within the hour of grace",
            "peer-record",
            PEER_FIELDS | {"issued": NOW + 3600, "expires": NOW + 7200},
        ),
        (
            "peer record that lives as long as it may",
            "peer-record",
            PEER_FIELDS | {"issued": NOW, "expires": NOW + 86400},
        ),
        ("inbox record", "inbox-record", INBOX_FIELDS),
        (
            "peer record of a later version, with two fields more",
            "peer-record",
            PEER_FIELDS | {"later": "a field", "much_later": [1, b"2"]},
        ),
    ):
        payload = payload_of(fields)
        word = "peer" if purpose == "peer-record" else "inbox"
        found.append(
            good(
                name,
                envelope(ALICE, purpose, payload),
                kind=purpose,
                seed=ALICE.seed,
                now=NOW,
                fields={key: value for key, value in fields.items() if key not in ("later", "much_later")},
                trailing="later" in fields,
                payload=payload,
                dht_key=formats.dht_key(word, ALICE.key),
            )
        )
    for person in (ALICE, BOB):
        for word, purpose in (("peer", 1), ("inbox", 2)):
            key = formats.dht_key(word, person.key)
            found.append(good(f"DHT key: {word} of {person.id}", key, kind="dht key", purpose=purpose, key=person.key))

    def record(**changes: Any) -> bytes:
        return envelope(ALICE, "peer-record", payload_of(PEER_FIELDS | changes))

    def inbox(**changes: Any) -> bytes:
        return envelope(ALICE, "inbox-record", payload_of(INBOX_FIELDS | changes))

    payload = payload_of(PEER_FIELDS)
    signature = ALICE.sign("sign-peer-record", NOBODY, payload)
    huge = [f"/dns/{'x' * 63}.{'y' * 63}.{n}.example/tcp/4770/ws" for n in range(3)]
    for name, data, code in (
        ("empty", b"", "MALFORMED"),
        ("more than 1000 bytes", record(introducers=[[BOB.key, huge], [CAROL.key, huge]]), "MALFORMED"),
        ("a payload that is no array", envelope(ALICE, "peer-record", pack("record")), "MALFORMED"),
        ("an empty payload", envelope(ALICE, "peer-record", b""), "MALFORMED"),
        (
            "a field too few",
            envelope(ALICE, "peer-record", payload_of({k: v for k, v in PEER_FIELDS.items() if k != "introducers"})),
            "MALFORMED",
        ),
        ("bytes behind the payload's array", envelope(ALICE, "peer-record", payload + b"\0"), "MALFORMED"),
        ("version 2", record(version=2), "MALFORMED"),
        ("a negative sequence", record(sequence=-1), "MALFORMED"),
        ("a sequence of 2^53", record(sequence=2**53), "MALFORMED"),
        ("a sequence with a fraction", record(sequence=7.5), "MALFORMED"),
        ("a float for a sequence", record(sequence=7.0), "MALFORMED"),
        ("nothing for a sequence", record(sequence=None), "MALFORMED"),
        ("an instance of 7 bytes", record(instance=bytes(7)), "MALFORMED"),
        ("a sealing key of 31 bytes", record(sealing_key=bytes(31)), "MALFORMED"),
        ("five direct endpoints", record(direct=["/ip4/192.0.2.7/tcp/4770/ws"] * 5), "MALFORMED"),
        ("five introducers", record(introducers=[[BOB.key, []]] * 5), "MALFORMED"),
        (
            "four endpoints of an introducer",
            record(introducers=[[BOB.key, ["/ip4/192.0.2.7/tcp/1/ws"] * 4]]),
            "MALFORMED",
        ),
        ("an endpoint that is cut", record(direct=[multiaddr("/ip4/192.0.2.7/tcp/4770/ws")[:-1]]), "MALFORMED"),
        ("a UDP address for an endpoint", record(direct=["/ip4/192.0.2.7/udp/4770"]), "MALFORMED"),
        ("an introducer of small order", record(introducers=[[crypto.encode(crypto.torsion()), []]]), "MALFORMED"),
        (
            "arrays without end, behind its fields",
            envelope(ALICE, "peer-record", bytes([payload[0] + 1]) + payload[1:] + b"\x91" * 400),
            "MALFORMED",
        ),
        ("an envelope with a field too many", pack([1, ALICE.key, payload, signature, 0]), "MALFORMED"),
        ("an envelope that is no document", envelope(ALICE, "ping", payload, BOB.key), "MALFORMED"),
        (
            "an inbox record in a peer record's name",
            pack(
                [
                    1,
                    ALICE.key,
                    payload_of(INBOX_FIELDS),
                    ALICE.sign("sign-inbox-record", NOBODY, payload_of(INBOX_FIELDS)),
                ]
            ),
            "BAD_SIGNATURE",
        ),
        (
            "a flipped bit in the signature",
            pack([1, ALICE.key, payload, signature[:-1] + bytes([signature[-1] ^ 1])]),
            "BAD_SIGNATURE",
        ),
        (
            "an inbox record whose prekey nobody signed",
            inbox(prekey=[5, CAROL.sealing_key, bytes(64)]),
            "BAD_SIGNATURE",
        ),
        (
            "an inbox record whose prekey has another id than was signed",
            inbox(prekey=[6, *INBOX_FIELDS["prekey"][1:]]),
            "BAD_SIGNATURE",
        ),
        (
            "an inbox record whose prekey was put in by another",
            inbox(prekey=[5, CAROL.sealing_key, signed_prekey(MALLORY, 5, CAROL.sealing_key)]),
            "BAD_SIGNATURE",
        ),
        (
            "an inbox record whose prekey was signed as a document",
            inbox(
                prekey=[
                    5,
                    CAROL.sealing_key,
                    ALICE.sign("sign-inbox-record", NOBODY, prekey_bytes(5, CAROL.sealing_key)),
                ]
            ),
            "BAD_SIGNATURE",
        ),
        ("signed by somebody else than it speaks of", envelope(MALLORY, "peer-record", payload), "BAD_SIGNATURE"),
        ("expired more than an hour ago", record(issued=NOW - 7200, expires=NOW - 3601), "EXPIRED_DOCUMENT"),
        ("issued more than an hour ahead", record(issued=NOW + 3601, expires=NOW + 7200), "EXPIRED_DOCUMENT"),
        ("made to live longer than a day", record(issued=NOW, expires=NOW + 86401), "EXPIRED_DOCUMENT"),
        ("expires before it is issued", record(issued=NOW, expires=NOW - 1), "EXPIRED_DOCUMENT"),
        ("expires as it is issued", record(issued=NOW, expires=NOW), "EXPIRED_DOCUMENT"),
        (
            "an inbox record made to live longer than 30 days",
            envelope(
                ALICE, "inbox-record", payload_of(INBOX_FIELDS | {"issued": NOW, "expires": NOW + 30 * 86400 + 1})
            ),
            "EXPIRED_DOCUMENT",
        ),
    ):
        found.append(bad(f"document: {name}", data, code, kind="document", now=NOW))
    return found
