"""How far addresses reach, and what a limit by network counts."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from wherry_signaling.scope import Scope, network_of, parse_ip, scope_of


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("127.0.0.1", Scope.LOOPBACK),
        ("127.255.255.254", Scope.LOOPBACK),
        ("::1", Scope.LOOPBACK),
        ("::ffff:127.0.0.1", Scope.LOOPBACK),
        ("10.1.2.3", Scope.PRIVATE),
        ("172.31.0.1", Scope.PRIVATE),
        ("192.168.0.1", Scope.PRIVATE),
        ("169.254.1.1", Scope.PRIVATE),
        ("100.64.0.1", Scope.PRIVATE),
        ("::ffff:10.0.0.1", Scope.PRIVATE),
        ("fd00::1", Scope.PRIVATE),
        ("fe80::1", Scope.PRIVATE),
        ("fe80::1%eth0", Scope.PRIVATE),
        ("fec0::1", Scope.PRIVATE),
        ("8.8.8.8", Scope.GLOBAL),
        ("2606:4700::1", Scope.GLOBAL),
        ("::ffff:8.8.8.8", Scope.GLOBAL),
    ],
)
def test_an_address_reaches_so_far(host: str, scope: Scope) -> None:
    assert scope_of(host) is scope


@pytest.mark.parametrize(
    "host",
    [
        "0.0.0.0",
        "0.1.2.3",
        "::",
        "255.255.255.255",
        "240.0.0.1",
        "224.0.0.1",
        "ff02::1",
        "::ffff:0.0.0.0",
        "::127.0.0.1",
        "64:ff9b::127.0.0.1",
        "localhost",
        "127.1",
        "",
    ],
)
def test_a_name_and_what_is_no_hosts_address_have_no_scope(host: str) -> None:
    assert scope_of(host) is None


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("8.8.4.4", "8.8.4.0/24"),
        ("::ffff:8.8.4.4", "8.8.4.0/24"),
        ("2606:4700:1:23ff::1", "2606:4700:1:2300::/56"),
        ("192.168.0.9", "192.168.0.9"),
        ("127.0.0.1", "127.0.0.1"),
        ("node.example.org", "node.example.org"),
    ],
)
def test_public_addresses_count_by_network_and_others_by_host(host: str, network: str) -> None:
    assert network_of(host) == network


@given(st.ip_addresses())
def test_a_mapped_address_is_the_address_it_maps(address: object) -> None:
    # Invariant: ::ffff:A has the scope and the network of A, so that nobody gains by writing it so.
    if parse_ip(str(address)) is not None and ":" not in str(address):
        assert scope_of(f"::ffff:{address}") is scope_of(str(address))
        assert network_of(f"::ffff:{address}") == network_of(str(address))
