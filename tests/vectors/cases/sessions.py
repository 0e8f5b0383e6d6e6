"""sessions.json: how a session is asked for, accepted and opened."""

from __future__ import annotations

from typing import Any

from formats import pack

from .people import Case, bad, good

TOKEN = bytes(range(16))
KIB = 1024


def opening(values: Any, length: int | None = None) -> bytes:
    """The first words on a control stream; `length` lies about how many."""
    body = pack(values)
    return (len(body) if length is None else length).to_bytes(2, "big") + body


def sessions() -> list[Case]:
    call = [["audio", True], ["control", False]]
    most = [[f"{number:x}" * 40, number % 2 == 1] for number in range(16)]
    numbers = [["audio", 4], ["control", 6]]
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("request", "request", {"streams": call, "data": b"ring"}),
        ("request: one stream, no data", "request", {"streams": call[1:], "data": b""}),
        ("request: the most of all", "request", {"streams": most, "data": bytes(7 * KIB)}),
        ("request: a name of all sorts", "request", {"streams": [["\u00e4 \u266b \U0001f399", True]], "data": b""}),
        ("accept", "accept", {"token": TOKEN, "data": b"hello"}),
        ("accept: no data", "accept", {"token": TOKEN, "data": b""}),
        ("accept: the most data", "accept", {"token": TOKEN, "data": bytes(7 * KIB)}),
        ("opening", "opening", {"token": TOKEN, "numbers": numbers}),
        ("opening: no streams", "opening", {"token": TOKEN, "numbers": []}),
        ("opening: the most of all", "opening",
         {"token": TOKEN, "numbers": [[name, 2**53 - 1 - at] for at, (name, _) in enumerate(most)]}),
    ]  # fmt: skip
    found = []
    for name, kind, fields in cases:
        data = opening(list(fields.values())) if kind == "opening" else pack(list(fields.values()))
        found.append(good(name, data, kind=kind, fields=fields))
    for name, kind, data, fields in (
        ("request: without data", "request", pack([call]), {"streams": call, "data": b""}),
        ("request: with a field more", "request", pack([call, b"x", 1]), {"streams": call, "data": b"x"}),
        ("accept: without data", "accept", pack([TOKEN]), {"token": TOKEN, "data": b""}),
        ("accept: with a field more", "accept", pack([TOKEN, b"x", [1]]), {"token": TOKEN, "data": b"x"}),
        ("opening: with a field more", "opening", opening([TOKEN, numbers, "x"]), {"token": TOKEN, "numbers": numbers}),
    ):
        found.append(good(name, data, kind="later", body=kind, fields=fields))
    for name, streams in (
        ("no streams", []),
        ("17 streams", [[str(number), False] for number in range(17)]),
        ("one name twice", [["audio", True], ["audio", False]]),
        ("a stream without a name", [["", False]]),
        ("a name of 41 characters", [["x" * 41, False]]),
        ("a name with a tab", [["a\tb", False]]),
        ("a name with a space of another width", [["a\u2003b", False]]),
        ("a name of bytes", [[b"audio", True]]),
        ("a kind that is a number", [["audio", 1]]),
        ("a stream without a kind", [["audio"]]),
        ("a stream of three", [["audio", True, 1]]),
        ("a stream that is a name", ["audio"]),
        ("streams that are nil", None),
    ):
        found.append(bad(f"request: {name}", pack([streams, b""]), "MALFORMED", kind="request"))
    for name, values in (
        ("nothing", []),
        ("data that is nil", [call, None]),
        ("data that is text", [call, "ring"]),
        ("more data than 7 KiB", [call, bytes(7 * KIB + 1)]),
    ):
        found.append(bad(f"request: {name}", pack(values), "MALFORMED", kind="request"))
    for name, values in (
        ("nothing", []),
        ("a token of 15 bytes", [TOKEN[:15], b""]),
        ("a token of 17 bytes", [TOKEN + b"x", b""]),
        ("a token that is text", ["x" * 16, b""]),
        ("data that is nil", [TOKEN, None]),
        ("more data than 7 KiB", [TOKEN, bytes(7 * KIB + 1)]),
    ):
        found.append(bad(f"accept: {name}", pack(values), "MALFORMED", kind="accept"))
    for name, data in (
        ("a token of 15 bytes", opening([TOKEN[:15], numbers])),
        ("no numbers", opening([TOKEN])),
        ("17 streams", opening([TOKEN, [[str(number), number] for number in range(17)]])),
        ("one name twice", opening([TOKEN, [["audio", 4], ["audio", 6]]])),
        ("a stream without a name", opening([TOKEN, [["", 4]]])),
        ("a name of 41 characters", opening([TOKEN, [["x" * 41, 4]]])),
        ("a number below zero", opening([TOKEN, [["audio", -1]]])),
        ("a number above 2^53", opening([TOKEN, [["audio", 2**53]]])),
        ("a number that is true", opening([TOKEN, [["audio", True]]])),
        ("a stream of three", opening([TOKEN, [["audio", 4, 6]]])),
        ("4097 bytes", opening([TOKEN, numbers], 4097)),
        ("no bytes", opening([TOKEN, numbers], 0)[:2]),
        ("a byte more", opening([TOKEN, numbers]) + b"\0"),
    ):
        found.append(bad(f"opening: {name}", data, "MALFORMED", kind="opening"))
    return found
