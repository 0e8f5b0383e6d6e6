"""wire.json: every frame between a client and a signaling endpoint."""

from __future__ import annotations

from typing import Any

from formats import envelope, multiaddr, pack

from .people import ALICE, BOB, NOW, Case, bad, good
from .record import PEER_FIELDS, payload_of


def wire() -> list[Case]:
    key, other, nonce, sealed = ALICE.key, BOB.key, bytes([0x4E]) * 32, bytes([0x5E]) * 256
    endpoint, tag = multiaddr("/ip4/192.0.2.7/tcp/4770/ws"), bytes(range(16))
    document = envelope(ALICE, "peer-record", payload_of(PEER_FIELDS))
    ice = [
        [["stun:192.0.2.7:4770"], "", "", 0],
        [["turn:192.0.2.7:4770?transport=udp"], "1800000000:a", "c2VjcmV0", 600],
    ]
    frames: list[tuple[int, str, dict[str, Any]]] = [
        (
            1,
            "Hello",
            {
                "version": 1,
                "role": 1,
                "key": key,
                "ephemeral": ALICE.sealing_key,
                "nonce": nonce,
                "dialled": other,
                "features": 0,
                "host": "192.0.2.7:4770",
            },
        ),
        (
            2,
            "Welcome",
            {
                "version": 1,
                "key": other,
                "ephemeral": BOB.sealing_key,
                "nonce": nonce,
                "features": 9,
                "signature": bytes(64),
            },
        ),
        (3, "Prove", {"signature": bytes(range(64))}),
        (4, "Refused", {"status": 426, "text": "The versions do not fit"}),
        (10, "Register", {"id": 1, "seconds": 3600, "capabilities": 0}),
        (
            11,
            "Registered",
            {
                "id": 1,
                "seconds": 3600,
                "host": "198.51.100.9",
                "port": 50_000,
                "ice_servers": ice,
                "time_ms": NOW * 1000,
            },
        ),
        (12, "Renew", {"id": 2**53 - 1, "seconds": 60}),
        (13, "Send", {"id": 3, "to": other, "tag": b"", "envelope": sealed}),
        (14, "Result", {"id": 3, "status": 204, "text": ""}),
        (15, "Deliver", {"id": 128, "tag": bytes(16), "envelope": sealed, "back": 77}),
        (16, "Delivered", {"id": 128, "accepted": True}),
        (17, "PassOn", {"id": 65_536, "next": other, "endpoints": [endpoint], "sealed": sealed}),
        (18, "HandedOn", {"id": 4, "sealed": sealed}),
        (19, "Reply", {"id": 200, "back": 77, "envelope": sealed}),
        (20, "LookUp", {"id": 5, "purpose": 1, "peer": other}),
        (21, "Found", {"id": 5, "document": document}),
        (22, "Publish", {"id": 6, "document": document}),
        (23, "Neighbours", {"id": 7, "count": 8}),
        (24, "Others", {"id": 7, "endpoints": [[other, [endpoint]], [key, []]]}),
        (25, "Ping", {"id": 0}),
        (26, "Pong", {"id": 0, "time_ms": NOW * 1000 + 123}),
        (27, "Unregister", {"id": 8}),
        (32, "Lease", {"id": 9, "seconds": 2_592_000}),
        (33, "Leased", {"id": 9, "seconds": 2_592_000, "bytes": 67_108_864, "waiting": 3, "prekeys": 50}),
        (34, "Tags", {"id": 10, "week": 2976, "sort": 1, "first": True, "tags": [tag, bytes(16)]}),
        (35, "Prekeys", {"id": 11, "prekeys": [[1, ALICE.sealing_key], [2**53 - 1, BOB.sealing_key]]}),
        (36, "Deposit", {"id": 12, "to": other, "tag": tag, "work": bytes(range(8)), "sealed": sealed}),
        (37, "Collect", {"id": 13, "after": 70_000}),
        (38, "Collected", {"id": 13, "letters": [[70_001, sealed], [70_003, sealed[::-1]]], "more": True}),
        (39, "Acknowledge", {"id": 14, "names": [tag, bytes(16)]}),
        (40, "TakePrekey", {"id": 15, "to": other, "tag": tag}),
        (41, "Prekey", {"id": 15, "prekey": 300, "key": BOB.sealing_key}),
        (42, "Waiting", {"id": 0, "count": 4}),
        (43, "EndLease", {"id": 16}),
    ]
    found = [
        good(
            f"{name}, kind {kind}", pack([kind, *fields.values()]), kind="frame", frame=name, number=kind, fields=fields
        )
        for kind, name, fields in frames
    ]
    found += [
        good(
            "Found: nothing",
            pack([21, 5, b""]),
            kind="frame",
            frame="Found",
            number=21,
            fields={"id": 5, "document": b""},
        ),
        good(
            "Delivered: declined",
            pack([16, 9, False]),
            kind="frame",
            frame="Delivered",
            number=16,
            fields={"id": 9, "accepted": False},
        ),
        good(
            "Result: text of 200 characters that are not ASCII",
            pack([14, 9, 400, "ü" * 200]),
            kind="frame",
            frame="Result",
            number=14,
            fields={"id": 9, "status": 400, "text": "ü" * 200},
        ),
        good(
            "Result: text of 200 characters outside UTF-16's basic plane",
            pack([14, 9, 400, "\U0001f6f6" * 200]),
            kind="frame",
            frame="Result",
            number=14,
            fields={"id": 9, "status": 400, "text": "\U0001f6f6" * 200},
        ),
        good(
            "a field of a later version",
            pack([25, 1, [b"later", {"a": None}]]),
            kind="later",
            frame="Ping",
            number=25,
            fields={"id": 1},
        ),
        good("an unknown kind", pack([99, 1, "x"]), kind="unknown", number=99),
        good("a kind that is not taken yet", pack([44, 1]), kind="unknown", number=44),
        good(
            "Deposit: without work",
            pack([36, 1, other, tag, b"", sealed]),
            kind="frame",
            frame="Deposit",
            number=36,
            fields={"id": 1, "to": other, "tag": tag, "work": b"", "sealed": sealed},
        ),
        good(
            "Prekey: none",
            pack([41, 1, 0, b""]),
            kind="frame",
            frame="Prekey",
            number=41,
            fields={"id": 1, "prekey": 0, "key": b""},
        ),
        good(
            "Collected: nothing",
            pack([38, 1, [], False]),
            kind="frame",
            frame="Collected",
            number=38,
            fields={"id": 1, "letters": [], "more": False},
        ),
        good(
            "handover",
            pack([other, b"", sealed]),
            kind="handover",
            fields={"to": other, "tag": b"", "envelope": sealed},
        ),
        good(
            "handover with a tag",
            pack([other, bytes(16), sealed]),
            kind="handover",
            fields={"to": other, "tag": bytes(16), "envelope": sealed},
        ),
    ]
    for name, data in (
        ("empty", b""),
        ("an empty array", pack([])),
        ("no array", pack("hello")),
        ("a map", pack({"kind": 25, "id": 1})),
        ("no msgpack", b"\xc1"),
        ("a kind that is text", pack(["25", 1])),
        ("a kind that is a float", pack([25.0, 1])),
        ("a field too few", pack([25])),
        ("a byte too many", pack([25, 1]) + b"\0"),
        ("cut short", pack([26, 1, NOW])[:-1]),
        ("a negative number", pack([25, -1])),
        ("a number of 2^53", pack([25, 2**53])),
        ("a float for a number", pack([25, 1.0])),
        ("true for a number", pack([25, True])),
        ("nothing for a number", pack([25, None])),
        ("a number for true", pack([16, 1, 1])),
        ("text for bytes", pack([18, 1, "sealed"])),
        ("bytes for text", pack([14, 1, 100, b"ok"])),
        ("text that is no UTF-8", pack([14, 1, 100, "xx"])[:-2] + b"\xff\xfe"),
        ("a key of 31 bytes", pack([20, 1, 1, other[:-1]])),
        ("a key of 33 bytes", pack([20, 1, 1, other + b"\0"])),
        ("a tag of 17 bytes", pack([13, 1, other, bytes(17), sealed])),
        ("a purpose that is no document's", pack([20, 1, 16, other])),
        ("no neighbours", pack([23, 1, 0])),
        ("nine neighbours", pack([23, 1, 9])),
        ("a role of 2", pack([1, 1, 2, key, ALICE.sealing_key, nonce, other, 0, ""])),
        ("a text of 201 characters", pack([14, 1, 400, "x" * 201])),
        ("a document of 1001 bytes", pack([22, 1, bytes(1001)])),
        ("a lease of a week's float", pack([32, 1, 604800.0])),
        ("a sort of 2", pack([34, 1, 2976, 2, True, [tag]])),
        ("a listed tag of 15 bytes", pack([34, 1, 2976, 0, True, [tag[:-1]]])),
        ("2049 tags", pack([34, 1, 2976, 0, True, [tag] * 2049])),
        ("a one-time prekey of 31 bytes", pack([35, 1, [[1, other[:-1]]]])),
        ("101 one-time prekeys", pack([35, 1, [[1, other]] * 101])),
        ("a deposit without a tag", pack([36, 1, other, b"", b"", sealed])),
        ("work of nine bytes", pack([36, 1, other, tag, bytes(9), sealed])),
        ("257 collected envelopes", pack([38, 1, [[1, b""]] * 257, False])),
        ("a name of 17 bytes", pack([39, 1, [bytes(17)]])),
        ("513 names", pack([39, 1, [tag] * 513])),
        ("a prekey of 33 bytes", pack([41, 1, 1, bytes(33)])),
        ("four endpoints of one introducer", pack([17, 1, other, [endpoint] * 4, sealed])),
        ("an array longer than the frame", pack([24, 1]).replace(b"\x92", b"\x93", 1) + b"\xdd\xff\xff\xff\xff"),
        ("bytes longer than the frame", b"\x93\x12\x01\xc6\xff\xff\xff\xff"),
        ("arrays without end", b"\x91" * 3_000),
        ("arrays without end, behind its fields", b"\x93\x19\x01" + b"\x91" * 3_000),
        ("arrays without end, in an unknown kind", b"\x93\x63\x01" + b"\x91" * 3_000),
        ("larger than a frame may be", pack([18, 1, bytes(67_600)])),
    ):
        found.append(bad(f"frame: {name}", data, "MALFORMED", kind="frame"))
    for name, data in (
        ("empty", b""),
        ("a field too few", pack([other, b""])),
        ("a key of 31 bytes", pack([other[:-1], b"", sealed])),
        ("a tag of 17 bytes", pack([other, bytes(17), sealed])),
        ("arrays without end, behind its fields", b"\x94" + pack([other, b"", sealed])[1:] + b"\x91" * 3_000),
    ):
        found.append(bad(f"handover: {name}", data, "MALFORMED", kind="handover"))
    return found
