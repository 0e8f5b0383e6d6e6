"""Candidates at the door: which of a peer's are tried."""

from __future__ import annotations

import pytest

from wherry.connect.candidates import addresses_in, admit, may_try, own_addresses
from wherry_signaling.limits import CANDIDATES
from wherry_signaling.scope import Scope


def line(host: str, kind: str = "host", number: int = 1) -> str:
    return f"a=candidate:{number} 1 udp 2130706431 {host} 5000 typ {kind}"


@pytest.mark.parametrize(
    ("host", "floor", "allowed"),
    [
        ("127.0.0.1", Scope.LOOPBACK, True),
        ("127.0.0.1", Scope.PRIVATE, False),
        ("192.168.1.2", Scope.PRIVATE, True),
        ("192.168.1.2", Scope.GLOBAL, False),
        ("11.0.0.1", Scope.GLOBAL, True),
        ("abcd.local", Scope.PRIVATE, True),
        ("abcd.local", Scope.GLOBAL, False),
        ("example.org", Scope.LOOPBACK, False),
        ("0.0.0.0", Scope.LOOPBACK, False),
        ("224.0.0.1", Scope.LOOPBACK, False),
        ("255.255.255.255", Scope.LOOPBACK, False),
        ("::ffff:127.0.0.1", Scope.PRIVATE, False),
    ],
)
def test_scopes(host: str, floor: Scope, allowed: bool) -> None:
    assert may_try(line(host), floor) is allowed


def test_an_sdp_is_no_port_scanner() -> None:
    lines = [line(f"11.0.0.{number}", number=number) for number in range(1, 40)]
    sdp = "\r\n".join(["v=0", line("192.168.0.1"), *lines, "a=end-of-candidates", ""])
    cleaned, kept, refused = admit(sdp, Scope.GLOBAL)
    assert len(kept) == CANDIDATES
    assert len(refused) == 1 + 39 - CANDIDATES
    assert "192.168" not in cleaned
    assert cleaned.startswith("v=0\r\n")
    assert cleaned.endswith("a=end-of-candidates\r\n")


def test_nonsense_is_no_candidate() -> None:
    assert not may_try("a=candidate:", Scope.LOOPBACK)
    assert not may_try("a=candidate:1 1 udp x 1.2.3.4 1 typ host", Scope.LOOPBACK)


def test_addresses_of_one_type() -> None:
    sdp = "\r\n".join([line("192.168.0.1"), line("11.0.0.9", "srflx")])
    assert addresses_in(sdp, "srflx") == {"11.0.0.9"}


def test_own_addresses_hold_no_loopback() -> None:
    assert not {"127.0.0.1", "::1"} & own_addresses()
