"""STUN at the door: bytes in, bytes out, never much more than came; and who gets which datagram."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from aioice import stun
from hypothesis import given, settings, strategies as st

from wherry.testing.clock import run_virtual
from wherry.testing.network import MemoryNetwork
from wherry_signaling.errors import PortBusy
from wherry_signaling.limits import STUN_PER_S
from wherry_signaling.server.stun import StunResponder, answer
from wherry_signaling.server.udp import Kind, UdpPort, kind_of

PLAIN = bytes.fromhex("000100002112a442b7e7a701bc34d686fa87dfae")
SOURCE = ("192.0.2.1", 32853)
STUN_LIKE = st.builds(
    lambda kind, transaction, body: struct.pack("!HHI", kind, len(body), 0x2112A442) + transaction + body,
    st.sampled_from([0x0001, 0x0001, 0x0003, 0x0011, 0x0101]),
    st.binary(min_size=12, max_size=12),
    st.lists(
        st.tuples(st.integers(0, 0xFFFF) | st.sampled_from([0x0006, 0x000D, 0x8022, 0x8028]), st.binary(max_size=12))
    ).map(lambda attributes: b"".join(_attribute(*one) for one in attributes)),
)


def _attribute(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)


@pytest.mark.parametrize("source", [SOURCE, ("2001:db8:1234:5678:11:2233:4455:6677", 32853)])
def test_a_client_reads_its_own_address(source: tuple[str, int]) -> None:
    reply = answer(PLAIN, source)
    assert reply is not None
    assert len(reply) == (52 if ":" in source[0] else 40)
    message = stun.parse_message(reply)
    assert (message.message_method, message.message_class) == (stun.Method.BINDING, stun.Class.RESPONSE)
    assert message.transaction_id == PLAIN[8:]
    assert message.attributes["XOR-MAPPED-ADDRESS"] == source


def test_the_mapped_address_is_that_of_rfc_5769() -> None:
    # §2.2: 192.0.2.1 port 32853 with this transaction id is X-Port A147, X-Address E112A643.
    reply = answer(PLAIN, SOURCE)
    assert reply is not None
    assert reply[20:32] == bytes.fromhex("002000080001a147e112a643")


def test_a_library_s_own_request() -> None:
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes={"SOFTWARE": "somebody"})
    request.add_fingerprint()
    reply = answer(bytes(request), SOURCE)
    assert reply is not None
    assert stun.parse_message(reply).attributes["XOR-MAPPED-ADDRESS"] == SOURCE
    broken = bytes(request)[:-1] + bytes([bytes(request)[-1] ^ 1])
    assert answer(broken, SOURCE) is None, "its fingerprint is wrong"


def test_unknown_attributes_that_must_be_understood_are_named() -> None:
    body = _attribute(0x0018, b"\x80\0\0\0") + _attribute(0x8888, b"any") + _attribute(0x0003, bytes(4))
    request = struct.pack("!HHI", 1, len(body), 0x2112A442) + bytes(12) + body
    reply = answer(request, SOURCE)
    assert reply is not None
    assert stun.parse_message(reply[:20] + reply[20:]).attributes["ERROR-CODE"][0] == 420
    assert struct.pack("!HHHH", 0x000A, 4, 0x0018, 0x0003) in reply


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        PLAIN[:19],
        PLAIN + b"\0",
        PLAIN[:2] + b"\0\4" + PLAIN[4:],
        b"\0\1\0\5" + PLAIN[4:] + bytes(5),
        b"\0\1\0\4" + PLAIN[4:] + b"\0\6\0\x40",
        b"\0\x11" + PLAIN[2:],
        b"\1\1" + PLAIN[2:],
        b"\0\3" + PLAIN[2:],
        b"\0\1\0\x0c" + PLAIN[4:] + b"\x80\x28\0\1\0\0\0\0\0\0\0\0",
    ],
)
def test_what_is_no_request_gets_silence(datagram: bytes) -> None:
    assert answer(datagram, SOURCE) is None


@settings(max_examples=60)
@given(datagram=st.binary(max_size=80) | STUN_LIKE, six=st.booleans())
def test_never_much_more_than_came(datagram: bytes, six: bool) -> None:
    # Invariant: whatever comes, there is silence or a whole STUN message of at most 2.6 times its size.
    reply = answer(datagram, ("2001:db8::1", 9) if six else SOURCE)
    if reply is not None:
        assert len(reply) <= 2.6 * len(datagram)
        assert len(reply) == 20 + struct.unpack_from("!H", reply, 2)[0]
        assert kind_of(reply) is Kind.STUN


@given(datagram=st.binary(max_size=40))
def test_a_datagram_is_somebody_s_or_nobody_s(datagram: bytes) -> None:
    # Invariant (RFC 7983): STUN has a first byte of 0–3 and the cookie, 0x0D is the DHT's, all else is nobody's.
    kind = kind_of(datagram)
    stun_like = len(datagram) >= 8 and datagram[0] <= 3 and datagram[4:8] == bytes.fromhex("2112a442")
    assert (kind is Kind.STUN) is stun_like
    assert (kind is Kind.DHT) is (datagram[:1] == b"\x0d")


class Ear(asyncio.DatagramProtocol):
    """Collects what comes."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, Any]] = []
        self.lost = False

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append((data, addr))

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True


def test_one_port_for_several_protocols() -> None:
    async def scenario() -> None:
        network = MemoryNetwork()
        port = await UdpPort.bind(network.create_datagram_endpoint, ("10.0.0.1", 4770))
        await port.open(Kind.STUN, StunResponder)
        transport, dht = await port.open(Kind.DHT, Ear)
        with pytest.raises(PortBusy):
            await port.open(Kind.DHT, Ear)
        outside, ear = await network.create_datagram_endpoint(Ear, ("10.0.0.2", 5))
        for datagram in (b"\x0dhello", PLAIN, b"\x40\x00channel", b"GET / HTTP/1.1", b""):
            outside.sendto(datagram, ("10.0.0.1", 4770))
        transport.sendto(b"\x0dback", ("10.0.0.2", 5))
        transport.sendto(b"\x0dlost", ("a.name.example", 5))
        await asyncio.sleep(1)
        assert dht.heard == [(b"\x0dhello", ("10.0.0.2", 5))]
        assert [len(data) for data, _ in ear.heard] == [5, 40]
        assert port.dropped == 3
        transport.close()
        assert transport.is_closing()
        outside.sendto(b"\x0dtoo late", ("10.0.0.1", 4770))
        await asyncio.sleep(1)
        assert dht.lost
        assert len(dht.heard) == 1
        await port.open(Kind.DHT, Ear)
        await port.close()
        outside.close()
        await asyncio.sleep(0)

    run_virtual(scenario())


def test_answers_have_a_rate_for_each_address() -> None:
    async def scenario() -> None:
        network = MemoryNetwork()
        port = await UdpPort.bind(network.create_datagram_endpoint, ("10.0.0.1", 4770))
        _, responder = await port.open(Kind.STUN, StunResponder)
        flooder, _ = await network.create_datagram_endpoint(Ear, ("10.0.0.2", 5))
        other, ear = await network.create_datagram_endpoint(Ear, ("10.0.0.3", 5))
        for _ in range(500):
            flooder.sendto(PLAIN, ("10.0.0.1", 4770))
        other.sendto(PLAIN, ("10.0.0.1", 4770))
        await asyncio.sleep(0.1)
        assert responder.answered == STUN_PER_S[1] + 1
        assert responder.refused == 500 - STUN_PER_S[1]
        assert len(ear.heard) == 1
        for transport in (flooder, other):
            transport.close()
        await port.close()
        await asyncio.sleep(0)

    run_virtual(scenario())
