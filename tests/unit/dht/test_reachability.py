"""Serving only who can be reached: the machine, and three nodes that find it out."""

from __future__ import annotations

import pytest

from wherry.dht import DhtConfig, Endpoint
from wherry.dht.limits import KNOCK_S, REACHABLE_S, SOLICITED, SOLICITED_S
from wherry.dht.reachability import TRANSITIONS, Event, Reachability, State
from wherry.testing.clock import run_virtual
from wherry.testing.dht import DhtNetwork
from wherry.testing.network import MemoryNetwork
from wherry_signaling.scope import Scope

FRIEND, STRANGER = Endpoint("11.0.1.1", 1), Endpoint("11.0.2.1", 1)
US, MOVED = Endpoint("11.0.0.1", 4770), Endpoint("11.5.0.1", 4770)


def test_the_table_is_complete() -> None:
    assert set(TRANSITIONS) == {(state, event) for state in State for event in Event}


def test_a_request_from_a_stranger_makes_a_server() -> None:
    machine = Reachability()
    assert (machine.state, machine.serves(Scope.GLOBAL), machine.serves(Scope.PRIVATE)) == (State.CLIENT, False, True)
    machine.sent(FRIEND, 0)
    assert not machine.request_came(FRIEND, 1)
    assert not machine.request_came(Endpoint(FRIEND.host, 999), 1), "another port of a host we sent to proves nothing"
    assert not machine.request_came(Endpoint("10.0.0.1", 1), 1), "nor does a neighbour"
    assert machine.request_came(STRANGER, 1)
    assert machine.serves(Scope.GLOBAL)
    assert not machine.request_came(STRANGER, 2), "it is told once"


def test_one_we_sent_to_long_ago_is_a_stranger() -> None:
    machine = Reachability()
    machine.sent(FRIEND, 0)
    assert machine.request_came(FRIEND, SOLICITED_S + 1)


def test_who_met_too_many_to_remember_is_not_sure() -> None:
    machine = Reachability()
    for number in range(SOLICITED + 1):
        machine.sent(Endpoint(f"11.{number >> 8}.{number & 255}.9", 1), 0)
    assert not machine.request_came(STRANGER, 1)
    assert machine.request_came(STRANGER, SOLICITED_S + 1)


def test_a_knock_counts_with_its_cookie_from_a_stranger_in_time() -> None:
    machine = Reachability()
    machine.sent(FRIEND, 0)
    assert not machine.knocked(b"cookie", STRANGER, 0)
    machine.ask(b"cookie", 0)
    assert not machine.knocked(b"guess", STRANGER, 1)
    assert not machine.knocked(b"cookie", FRIEND, 1)
    assert not machine.knocked(b"cookie", STRANGER, KNOCK_S + 1)
    assert machine.knocked(b"cookie", STRANGER, KNOCK_S)


def test_most_networks_decide_what_our_address_is() -> None:
    machine = Reachability()
    machine.witness(FRIEND, US, 0)
    machine.witness(STRANGER, US, 0)
    for port in range(10):
        machine.witness(Endpoint("11.0.3.7", port + 1), MOVED, 0)  # one network, one voice
    assert machine.observed == US
    machine.witness(Endpoint("10.0.0.1", 1), MOVED, 0)
    assert machine.observed == US


def test_who_moved_is_a_client_again() -> None:
    machine = Reachability()
    machine.witness(FRIEND, US, 0)
    machine.request_came(STRANGER, 0)
    assert not machine.witness(FRIEND, Endpoint(US.host, 9), 1), "another port is no other machine"
    assert machine.witness(FRIEND, MOVED, 1)
    assert machine.state is State.CLIENT


def test_who_is_not_reached_for_long_is_a_client_again() -> None:
    machine = Reachability()
    machine.request_came(STRANGER, 0)
    assert not machine.tick(REACHABLE_S)
    assert machine.tick(REACHABLE_S + 1)
    assert machine.state is State.CLIENT


@pytest.mark.parametrize(("mode", "serves"), [("always", True), ("never", False)])
def test_the_operators_word_stands(mode: str, serves: bool) -> None:
    machine = Reachability(mode)  # type: ignore[arg-type]
    machine.request_came(STRANGER, 0)
    machine.tick(10 * REACHABLE_S)
    assert machine.serves(Scope.GLOBAL) is serves
    assert not machine.wants_dial_back(0)


def test_a_third_node_knocks() -> None:
    async def scenario() -> None:
        network = MemoryNetwork(seed=4, delay_ms=(20, 150))
        async with DhtNetwork(network, nodes=3, config=DhtConfig()) as mesh:
            first, second, third = mesh.nodes
            await second.bootstrap([mesh.endpoint(0)])
            assert (first.state, second.state) == ("server", "client"), "an unsolicited request reached the first"
            assert [contact.id for contact in second.contacts()] == [first.key.id]
            assert first.contacts() == [], "a client is nobody's contact"
            await third.bootstrap([mesh.endpoint(0)])
            await network.quiet()
            assert third.state == "server", "the second knocked, whom it had never met"
            assert second.observed == [mesh.endpoint(1)]

    run_virtual(scenario())


def test_behind_a_nat_nobody_is_a_server() -> None:
    async def scenario() -> None:
        network = MemoryNetwork(seed=4, delay_ms=(20, 150))
        async with DhtNetwork(network, nodes=4, config=DhtConfig()) as mesh:
            inside = mesh.endpoint(3).host
            sent: set[str] = set()

            def nat(source: tuple[str, int], to: tuple[str, int], data: bytes) -> bytes | None:
                if source[0] == inside:
                    sent.add(to[0])
                return None if to[0] == inside and source[0] not in sent else data

            with network.tamper(nat):
                for node in mesh.nodes[1:]:
                    await node.bootstrap([mesh.endpoint(0)])
                    await network.quiet()
            assert [node.state for node in mesh.nodes][3] == "client"
            assert mesh.nodes[0].state == "server"
            assert all(mesh.nodes[3].key.id not in {c.id for c in node.contacts()} for node in mesh.nodes)

    run_virtual(scenario())
