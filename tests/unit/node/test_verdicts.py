"""Sentences for people: reachability, and what a trace means."""

from __future__ import annotations

import pytest

from wherry.addresses import own_addresses
from wherry.connect.explain import explain
from wherry.connect.trace import Trace
from wherry.reachability import Facts, verdict
from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.identity import Identity
from wherry_signaling.scope import Scope

PEER = Identity(bytes([9] * 32)).id


@pytest.mark.parametrize(
    ("introducers", "own", "proved", "knows", "word", "because"),
    [
        ([Scope.GLOBAL] * 3, Scope.PRIVATE, False, True, "anywhere", "through 3 introducers"),
        ([], Scope.GLOBAL, True, True, "anywhere", "own public address"),
        ([Scope.PRIVATE], Scope.PRIVATE, False, True, "network", "on this network"),
        ([Scope.LOOPBACK], Scope.LOOPBACK, False, True, "network", "on this machine"),
        ([], Scope.PRIVATE, False, True, "network", "its own endpoint"),
        ([], Scope.GLOBAL, False, True, "outbound", "no introducer"),
        ([], Scope.PRIVATE, False, False, "network", "nobody else"),
        ([], None, False, False, "offline", "no network"),
    ],
)
def test_reachability(
    introducers: list[Scope], own: Scope | None, proved: bool, knows: bool, word: str, because: str
) -> None:
    facts = Facts(introducers=introducers, own=own, proved_public=proved, knows_anybody=knows)
    assert verdict(facts)[0] == word
    assert because in verdict(facts)[1]


def _trace(*entries: tuple[str, str, str]) -> Trace:
    trace = Trace(PEER, lambda: 0.0)
    for phase, event, code in entries:
        trace.add(phase, event, code=code)  # type: ignore[arg-type]
    return trace


@pytest.mark.parametrize(
    ("entries", "state", "words"),
    [
        ([("look_up", "not found", "")], "unreachable", "Nobody knows"),
        ([("ring", "failed", "NO_RESERVATION")], "waiting", "not there"),
        ([("ring", "failed", "ENDPOINT_UNREACHABLE")], "waiting", "places that knew it"),
        ([("ring", "delivered", "")], "waiting", "did not answer"),
        ([("ring", "delivered", ""), ("negotiate", "answered", "")], "unreachable", "none of the paths"),
        ([("end", "failed", "REFUSED_BY_PEER")], "unreachable", "does not accept"),
        ([("end", "failed", "VERSION_MISMATCH")], "unreachable", "another version"),
        ([("ice", "open", "")], "waiting", "not any more"),
    ],
)
def test_what_a_trace_means(entries: list[tuple[str, str, str]], state: str, words: str) -> None:
    found = explain("Bela", path=None, online=True, dialling=False, trace=_trace(*entries))
    assert found.state == state
    assert words in found.sentence
    assert found.advice


def test_open_offline_and_never_called() -> None:
    assert explain("Bela", path="direct", online=True, dialling=False, trace=None).state == "direct"
    assert explain("Bela", path=None, online=False, dialling=False, trace=None).state == "self_offline"
    assert explain("Bela", path=None, online=True, dialling=False, trace=None).state == "waiting"
    dialling = explain("Bela", path=None, online=True, dialling=True, trace=_trace(("ring", "delivered", "")))
    assert dialling.sentence == "Bela is being called (ringing, 1 way tried)."


def test_own_addresses_reach_furthest_first() -> None:
    announced = EndpointAddress("example.org", 443, tls=True)
    own = own_addresses(("::", 4770), ["192.168.1.2", "11.0.0.5", "fd00::2"], [announced], PEER)
    assert [one.host for one in own.signaling] == ["example.org", "11.0.0.5", "192.168.1.2", "fd00::2"]
    assert [one.host for one in own.dht] == ["11.0.0.5", "192.168.1.2", "fd00::2"]
    assert own.scope is Scope.GLOBAL
    assert [one.host for one in own_addresses(("127.0.0.1", 1), ["10.0.0.1"], [], PEER).signaling] == ["127.0.0.1"]
    assert [one.host for one in own_addresses(("::", 1), [], [], PEER).signaling] == ["127.0.0.1"]
