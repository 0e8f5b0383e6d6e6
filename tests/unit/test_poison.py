"""msgpack from a network is decoded at one seam, which turns whatever msgspec raises into a typed error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import wherry
import wherry_signaling
from wherry.dht import DhtKey
from wherry.dht.frames import OVERHEAD, Kind, Ping, make_frame, open_frame, read_header
from wherry.network.messages import Parser
from wherry_signaling import domains
from wherry_signaling.errors import Malformed

#: Behind the fields that are known: what leaves msgspec as a RecursionError, and as a UnicodeDecodeError where text is.
DEEP = b"\x91" * 1100
ROOTS = [Path(package.__path__[0]) for package in (wherry, wherry_signaling)]


def test_a_message_nested_without_end_is_refused() -> None:
    body = b"\x95\x01\x01\x01\xc4\x00" + DEEP * 3
    with pytest.raises(Malformed):
        Parser().feed(len(body).to_bytes(4, "big") + body)


def test_a_dht_frame_nested_without_end_is_refused() -> None:
    key, nonce = DhtKey(bytes(32)), bytes(12)
    plain = make_frame(key, Ping(b""), nonce=nonce)
    header = read_header(plain)
    head = plain[: OVERHEAD - 64 - 2]
    body = b"\x92\xc4\x00" + DEEP
    data = head + len(body).to_bytes(2, "big") + body
    signature = key.sign(b"wherry/1/dht-request", bytes(20), data)
    assert header.kind is Kind.PING
    assert b"wherry/1/dht-request" in domains.ALL
    with pytest.raises(Malformed):
        open_frame(data + signature, read_header(data + signature), own_id=bytes(20))


def test_every_decoder_goes_through_the_seam() -> None:
    for path in (path for root in ROOTS for path in root.rglob("*.py")):
        text = path.read_text()
        if "msgspec.msgpack.Decoder(" in text and path.name != "packing.py":  # which is the seam
            assert re.search(r"packing import (?:\w+, )*unpack\b", text, re.MULTILINE), f"{path}: use packing.unpack"
        if "msgspec.msgpack.decode(" in text:
            assert path.name == "serializers.py", f"{path}: use packing.unpack"
