"""export.json: whole profiles in one file under a passphrase, at Argon2id's least cost; and what is none."""

from __future__ import annotations

import hashlib
from typing import Any

import crypto
from formats import domain, join, pack

from .people import ALICE, BOB, CAROL, Case, bad, good

PASSPHRASE = "open sésame"
SALT, PREFIX = bytes(range(16)), bytes(range(0x80, 0x90))
ID, OTHER = b"\x11" * 16, b"\x22" * 16
NOSPAM = b"nospam 8"
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d494844520000000100000001")
OWNER = ["owner", ALICE.seed, "Alice", 1_800_000_000.5]
BEFRIENDED = [
    "friend",
    BOB.key,
    [],
    "friends",
    1_790_000_000.0,
    [ID, OTHER],
    [OTHER, None],
    [ID, 11, OTHER],
    "Hi",
    NOSPAM,
]
REST: list[Any] = [
    ["address", "", NOSPAM, 0.0],
    ["address", "card", b"another!", 1_700_000_000.0],
    ["peer", BOB.key, "Bob", "Bobby", 1_799_999_999.25],
    ["peer", CAROL.key, "Carol", "", None],
    [*BEFRIENDED, None, "", 1_795_000_000.0],
    ["friend", CAROL.key, [], "declined", 1.0, None, None, None, "It is me", NOSPAM, 2, "not now", 0.0],
    ["profile", ALICE.key, "Alice", "I write programs", PICTURE, "image/png"],
    ["profile", BOB.key, "Bob", "", b"", ""],
    ["choice", "presence", "away"],
    ["message", BOB.key, ID, True, "hello \U0001f6f6", None, 3, None, 1_790_000_000_000, 1_790_000_000_001, None],
    ["message", BOB.key, ID, False, None, b"\0\xff", 2, None, 1_790_000_000_002, 1_790_000_000_003, ID],
    ["message", BOB.key, OTHER, True, "not there yet", None, 1, None, 1_790_000_000_004, 1_790_000_000_004, None],
    ["message", CAROL.key, OTHER, True, "", None, 4, 2, 1_790_000_000_005, 1_790_000_000_005, None],
]


def head(*, version: int = 1, passes: int = 1, kib: int = 8) -> bytes:
    numbers = bytes([version]) + passes.to_bytes(4, "big") + kib.to_bytes(4, "big")
    return b"WHERRYPF" + numbers + SALT + PREFIX


def checked(start: bytes) -> bytes:
    return start + hashlib.sha256(join(domain("file-export"), start)).digest()[:4]


KEY = crypto.argon2id(PASSPHRASE.encode(), SALT, passes=1, kib=8)


def part(number: int, plain: bytes, *, last: bool) -> bytes:
    nonce = PREFIX + number.to_bytes(7, "big") + bytes([last])
    box = crypto.xchacha20poly1305(KEY, nonce, plain, join(domain("file-export"), head()))
    return len(box).to_bytes(4, "big") + box


def file(*lists: Any) -> bytes:
    plains = [one if isinstance(one, bytes) else pack(one) for one in lists]
    parts = [part(number, plain, last=number == len(plains) - 1) for number, plain in enumerate(plains)]
    return checked(head()) + b"".join(parts)


def profiles() -> list[Case]:
    def whole(name: str, data: bytes, *entries: Any) -> Case:
        return good(name, data, kind="file", passphrase=PASSPHRASE, salt=SALT, prefix=PREFIX, entries=entries)

    def read(name: str, data: bytes, *entries: Any) -> Case:
        return good(name, data, kind="read", passphrase=PASSPHRASE, entries=entries)

    def refused(name: str, data: bytes, error: str = "EXPORT_CORRUPT", passphrase: str = PASSPHRASE) -> Case:
        return bad(name, data, error, kind="file", passphrase=passphrase)

    data = file([OWNER], REST)
    start, first, second = checked(head()), part(0, pack([OWNER]), last=False), part(1, pack(REST), last=True)
    assert data == start + first + second
    flip = bytearray(data)
    flip[-1] ^= 1
    message = REST[9]
    return [
        whole("somebody with nothing", file([OWNER]), OWNER),
        whole("something of everything", data, OWNER, *REST),
        read("in other parts", file([OWNER, *REST[:3]], [], REST[3:]), OWNER, *REST),
        read("a time in whole seconds as an integer", file([[*OWNER[:3], 7]]), [*OWNER[:3], 7.0]),
        read("fields of a later version", file([[*OWNER, {"new": [1]}]]), OWNER),
        read("a friend before safety numbers were kept", file([OWNER], [REST[5][:-1]]), OWNER, REST[5]),
        refused("another passphrase", data, "EXPORT_LOCKED", PASSPHRASE + " "),
        refused("no passphrase", data, "EXPORT_LOCKED", ""),
        refused("of a later version", checked(head(version=2)) + first, "VERSION_MISMATCH"),
        refused("nothing", b""),
        refused("something else", b"WHERRYID" + data[8:]),
        refused("a damaged head", data[:20] + b"\xff" + data[21:]),
        refused("no passes", checked(head(passes=0)) + first),
        refused("too many passes", checked(head(passes=17)) + first),
        refused("too little memory", checked(head(kib=7)) + first),
        refused("too much memory", checked(head(kib=2**20 + 1)) + first),
        refused("no parts", start),
        refused("a length cut short", start + first[:3]),
        refused("a part smaller than its tag", start + (15).to_bytes(4, "big") + bytes(15)),
        refused("a part that is too large", start + (8 * 1024 * 1024 + 1).to_bytes(4, "big") + bytes(99)),
        refused("cut short in a part", data[:-1]),
        refused("cut short between parts", start + first),
        refused("its first part missing", start + second, "EXPORT_LOCKED"),
        refused("a part twice", start + first + first + second),
        refused("a byte that was flipped", bytes(flip)),
        refused("something behind its end", data + b"\0"),
        refused("no owner", file([REST[0]])),
        refused("an owner who is not the first", file([REST[0], OWNER])),
        refused("no entries at all", file([])),
        refused("no list", file(pack("owner"))),
        refused("bytes behind the list", file(pack([OWNER]) + b"\0")),
        refused("an entry of no kind that there is", file([OWNER, ["secret", 1]])),
        refused("an entry without a kind", file([OWNER, []])),
        refused("a seed that is too short", file([["owner", b"short", "Alice", 1.0]])),
        refused("a time that is none", file([[*OWNER[:3], float("nan")]])),
        refused("a time before there was time", file([[*OWNER[:3], -1.0]])),
        refused("a number beyond what is exact", file([OWNER, [*message[:8], 2**53, *message[9:]]])),
        refused("a float for a number", file([OWNER, [*message[:8], 1.0, *message[9:]]])),
        refused("text for bytes", file([OWNER, [*message[:2], "i" * 16, *message[3:]]])),
        refused("a name of 1001 characters", file([["owner", ALICE.seed, "n" * 1001, 1.0]])),
    ]
