"""Multiaddrs of endpoints and of UDP ports, in text and in bytes."""

from __future__ import annotations

import pytest
from golden import Vector, vectors
from hypothesis import given, strategies as st
from multiaddr.exceptions import StringParseError
from multiaddr.multiaddr import Multiaddr

from wherry_signaling.endpoints import EndpointAddress, UdpAddress, endpoint_of_authority, parse_any
from wherry_signaling.errors import InvalidMultiaddr
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.scope import Scope

ALICE = Identity(b"\xa1" * 32).id
LABELS = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_-]{0,20}", fullmatch=True)
HOSTS = (
    st.ip_addresses(v=4).map(str)
    | st.ip_addresses(v=6).filter(lambda address: address.ipv4_mapped is None).map(str)
    | st.lists(LABELS, min_size=1, max_size=4).map(".".join)
)
PORTS = st.integers(1, 65535)


@vectors("endpoints", "endpoint", good=True)
def test_an_endpoint_is_read_and_written(vector: Vector) -> None:
    endpoint = EndpointAddress.parse(vector["text"])
    peer = PeerId.parse(vector["peer_id"]) if "peer_id" in vector.value else None
    assert endpoint == EndpointAddress(vector["host"], vector["port"], vector["tls"], peer)
    assert str(endpoint) == vector["canonical"]
    assert endpoint.to_bytes() == vector.data
    assert EndpointAddress.from_bytes(vector.data, peer) == endpoint


@vectors("endpoints", "endpoint alias", good=True)
def test_other_spellings_are_read(vector: Vector) -> None:
    for endpoint in (EndpointAddress.parse(vector["text"]), EndpointAddress.from_bytes(vector.data)):
        assert str(endpoint) == vector["canonical"]
        assert endpoint.to_bytes() == vector.hex("canonical_bytes")


@vectors("endpoints", "udp", good=True)
def test_a_udp_address_is_read_and_written(vector: Vector) -> None:
    address = UdpAddress.parse(vector["text"])
    assert address == UdpAddress(vector["host"], vector["port"])
    assert str(address) == vector["canonical"]
    assert address.to_bytes() == vector.data
    assert UdpAddress.from_bytes(vector.data) == address


@vectors("endpoints", "endpoint text", good=False)
def test_text_that_is_no_endpoint_is_refused(vector: Vector) -> None:
    with vector.refused():
        EndpointAddress.parse(vector["text"])


@vectors("endpoints", "udp text", good=False)
def test_text_that_is_no_udp_address_is_refused(vector: Vector) -> None:
    with vector.refused():
        UdpAddress.parse(vector["text"])


@vectors("endpoints", "endpoint bytes", good=False)
def test_bytes_that_are_no_endpoint_are_refused(vector: Vector) -> None:
    with vector.refused():
        EndpointAddress.from_bytes(vector.data)


@vectors("endpoints", "udp bytes", good=False)
def test_bytes_that_are_no_udp_address_are_refused(vector: Vector) -> None:
    with vector.refused():
        UdpAddress.from_bytes(vector.data)


def test_where_an_endpoint_is() -> None:
    plain = EndpointAddress("2001:db8::7", 4770)
    assert (plain.url, plain.page) == ("ws://[2001:db8::7]:4770/signal", "http://[2001:db8::7]:4770/")
    behind_tls = EndpointAddress("node.example.org", 443, tls=True)
    assert (behind_tls.url, behind_tls.page) == (
        "wss://node.example.org:443/signal",
        "https://node.example.org:443/",
    )
    assert behind_tls.scope is None
    assert EndpointAddress("127.0.0.1", 1).scope is Scope.LOOPBACK


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("192.0.2.7:4770", EndpointAddress("192.0.2.7", 4770)),
        ("[2001:DB8:0::7]:4770", EndpointAddress("2001:db8::7", 4770)),
        ("node.example.org", EndpointAddress("node.example.org", 443, tls=True)),
        ("node:4770", EndpointAddress("node", 4770)),
        ("/dns4/node.example.org/tcp/443/tls/ws", EndpointAddress("node.example.org", 443, tls=True)),
        ("/ip4/192.0.2.7/udp/4770", UdpAddress("192.0.2.7", 4770)),
    ],
)
def test_what_bootstrap_takes(text: str, endpoint: object) -> None:
    assert parse_any(text) == endpoint


@pytest.mark.parametrize(
    "text", ["", ":", ":80", "a:", "192.0.2.7", "[::1]", "::1", "a:b:80", "a:+80", "a:٣", "a b:80", "-:x"]
)
def test_what_bootstrap_does_not_take(text: str) -> None:
    if text == "a:":  # a name with nothing behind the colon means TLS on 443
        assert parse_any(text) == EndpointAddress("a", 443, tls=True)
        return
    with pytest.raises(InvalidMultiaddr):
        parse_any(text)


@pytest.mark.parametrize(
    "host", ["127.1", "2130706433", "0x7f.1", "a.0x7F", "1.2.3.4.5", "a..b", ".", "a.", "a@b", "a?b", "fe80::1%eth0"]
)
def test_what_may_lead_elsewhere_than_it_says_is_no_host(host: str) -> None:
    for read in (
        lambda: endpoint_of_authority(f"{host}:4770"),
        lambda: endpoint_of_authority(f"[{host}]:4770"),
        lambda: EndpointAddress.parse(f"/dns/{host}/tcp/4770/ws"),
        lambda: EndpointAddress(host.replace("%eth0", "g"), 4770).to_bytes(),
    ):
        with pytest.raises(InvalidMultiaddr):
            read()


def test_an_ipv4_address_is_never_written_as_ipv6() -> None:
    mapped = EndpointAddress("::ffff:192.0.2.7", 4770)
    assert str(mapped) == "/ip4/192.0.2.7/tcp/4770/ws"
    assert mapped.to_bytes() == EndpointAddress("192.0.2.7", 4770).to_bytes()
    assert endpoint_of_authority("[::ffff:192.0.2.7]:4770") == EndpointAddress("192.0.2.7", 4770)


@given(HOSTS, PORTS, st.booleans())
def test_the_multiaddr_package_agrees(host: str, port: int, tls: bool) -> None:
    # Invariant: the binary form is that of somebody else's implementation, for every host that one takes.
    endpoint, udp = EndpointAddress(host, port, tls), UdpAddress(host, port)
    try:
        theirs = Multiaddr(str(endpoint)), Multiaddr(str(udp))
    except StringParseError:  # it knows names with an underscore, or with a hyphen at an end, no more
        assert not host.replace(".", "").isalnum()
        return
    assert (endpoint.to_bytes(), udp.to_bytes()) == (theirs[0].to_bytes(), theirs[1].to_bytes())


@given(HOSTS, PORTS, st.booleans(), st.sampled_from([None, ALICE]))
def test_an_endpoint_reads_back(host: str, port: int, tls: bool, peer: PeerId | None) -> None:
    # Invariant: text and bytes read back as what was written, and name no other host in a URL.
    endpoint = EndpointAddress(host, port, tls, peer)
    assert EndpointAddress.parse(str(endpoint)) == endpoint
    assert EndpointAddress.from_bytes(endpoint.to_bytes(), peer) == endpoint
    assert endpoint_of_authority(endpoint.authority) == EndpointAddress(host, port)


@given(HOSTS, PORTS)
def test_a_udp_address_reads_back(host: str, port: int) -> None:
    # Invariant: text and bytes read back as what was written.
    address = UdpAddress(host, port)
    assert UdpAddress.parse(str(address)) == address
    assert UdpAddress.from_bytes(address.to_bytes()) == address


@given(HOSTS, PORTS, st.booleans(), st.data())
def test_a_truncated_endpoint_is_never_another(host: str, port: int, tls: bool, data: st.DataObject) -> None:
    # Invariant: no proper beginning of a binary multiaddr is an endpoint.
    whole = EndpointAddress(host, port, tls).to_bytes()
    with pytest.raises(InvalidMultiaddr):
        EndpointAddress.from_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
