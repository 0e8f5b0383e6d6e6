"""Messages: the frames on the stream, the registry, the serializers."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, strategies as st

from wherry.errors import LimitExceeded, Malformed, SerializerFailed
from wherry.network.limits import MESSAGE_BYTES
from wherry.network.messages import Envelope, Parser, encode
from wherry.network.opcodes import Bytes, Opcodes, OpcodeTaken, Ping, UnknownKind
from wherry.network.serializers import JSON, MSGPACK, RAW, Serializer

numbers = st.integers(0, 2**53 - 1)
envelopes = st.builds(Envelope, numbers, numbers, numbers, st.binary(max_size=300))


class Chat(msgspec.Struct):
    text: str


@given(st.lists(envelopes, max_size=5), st.data())
def test_messages_come_out_however_the_stream_is_cut(sent: list[Envelope], data: st.DataObject) -> None:
    # Whatever pieces the bytes come in, the same messages come out, in order.
    stream = b"".join(encode(envelope) for envelope in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    parser, got = Parser(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += parser.feed(stream[start:end])
    assert got == sent


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_messages_or_a_typed_error(pieces: list[bytes]) -> None:
    # The parser raises nothing but Malformed and LimitExceeded, and never keeps more than one message's bytes.
    parser = Parser()
    try:
        for piece in pieces:
            for envelope in parser.feed(piece):
                assert isinstance(envelope, Envelope)
    except (Malformed, LimitExceeded):
        return


def test_a_length_beyond_the_limit_is_refused_before_its_bytes_come() -> None:
    with pytest.raises(LimitExceeded):
        Parser().feed((MESSAGE_BYTES + 1).to_bytes(4, "big"))
    with pytest.raises(LimitExceeded):
        encode(Envelope(1000, 1, 0, bytes(MESSAGE_BYTES)))


def test_golden_bytes_of_a_message() -> None:
    # [1000, 1, 0, b"hi"]: cd 03e8, 01, 00, c4 02 68 69, behind its length
    assert encode(Envelope(1000, 1, 0, b"hi")).hex() == "0000000a" + "94cd03e80100c4026869"


@pytest.mark.parametrize("serializer", [MSGPACK, JSON])
def test_a_registered_type_goes_there_and_back(serializer: Serializer) -> None:
    opcodes = Opcodes()
    registration = opcodes.register(1000, Chat, serializer=serializer)
    opcode, body = opcodes.encode(Chat("ahoy"))
    assert (opcode, opcodes.decode(registration, body)) == (1000, Chat("ahoy"))


def test_bytes_go_as_they_are() -> None:
    opcodes = Opcodes()
    opcode, body = opcodes.encode(Bytes(b"\x00\xff"))
    registration = opcodes.by_number(opcode)
    assert registration is not None
    assert registration.serializer is RAW
    assert (body, opcodes.decode(registration, body)) == (b"\x00\xff", Bytes(b"\x00\xff"))


def test_numbers_below_1000_are_not_for_applications() -> None:
    opcodes = Opcodes()
    with pytest.raises(OpcodeTaken):
        opcodes.register(999, Chat)
    opcodes.register(1000, Chat)
    with pytest.raises(OpcodeTaken):
        opcodes.register(1001, Chat)
    with pytest.raises(OpcodeTaken):
        opcodes.register(1000, int)


def test_what_is_not_registered_or_does_not_fit_is_named() -> None:
    opcodes = Opcodes()
    with pytest.raises(UnknownKind):
        opcodes.encode(Chat("x"))
    opcodes.register(1000, Chat, serializer=RAW)
    with pytest.raises(SerializerFailed):
        opcodes.encode(Chat("x"))
    ping = opcodes.of(Ping)
    with pytest.raises(Malformed):
        opcodes.decode(ping, b"\xc1")
