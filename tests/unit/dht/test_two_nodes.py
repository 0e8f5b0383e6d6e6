"""Two nodes meet, publish and look up: in memory, and over real sockets."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import pytest

from wherry.dht import Dht, DocumentStore, Endpoint, check_document
from wherry.errors import LookUpFailed, PublishFailed
from wherry.testing.clock import run_virtual
from wherry.testing.dht import DhtNetwork, document, key_of
from wherry.testing.network import MemoryNetwork


def test_a_document_is_found_by_key_alone() -> None:
    async def scenario() -> None:
        async with DhtNetwork(MemoryNetwork(seed=1, delay_ms=(20, 150)), nodes=2) as mesh:
            one, other = mesh.nodes
            assert await other.bootstrap([mesh.endpoint(0)]) == 1
            published = await one.publish(document(b"alice"))
            assert [contact.id for contact in published.stored_at] == [other.key.id]
            found = await other.look_up(key_of(b"alice"))
            assert (found.document, found.sequence) == (document(b"alice"), 1)
            assert (await other.look_up(key_of(b"bob"))).document is None

    run_virtual(scenario())


def test_documents_of_full_size_are_found_by_everybody_and_many_at_once() -> None:
    async def scenario() -> None:
        async with DhtNetwork(MemoryNetwork(seed=2, delay_ms=(20, 150)), nodes=25) as mesh:
            mesh.fill()
            names = [b"%d" % number for number in range(5)]
            large = {name: document(name, large=True) for name in names}
            assert all(900 < len(data) <= 1000 for data in large.values())
            for node, data in zip(mesh.nodes, large.values(), strict=False):
                assert len((await node.publish(data)).stored_at) >= 20
            client = await mesh.add(25)
            assert await client.bootstrap([mesh.endpoint(7)]) == 1
            # More at once than may be under way: the rest wait for their turn.
            found = await asyncio.gather(*(client.look_up(key_of(name)) for name in names * 14))
            assert [one.document for one in found] == [large[name] for name in names * 14]

    run_virtual(scenario())


def test_alone_there_is_nobody_to_ask() -> None:
    async def scenario() -> None:
        async with DhtNetwork(MemoryNetwork(seed=1), nodes=1) as mesh:
            assert await mesh.nodes[0].bootstrap([Endpoint("11.9.9.9", 4770)]) == 0
            with pytest.raises(LookUpFailed):
                await mesh.nodes[0].look_up(key_of(b"alice"))
            with pytest.raises(PublishFailed):
                await mesh.nodes[0].publish(document(b"alice"))

    run_virtual(scenario())


@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", 4), ("::1", 6)])
async def test_over_real_sockets(host: str, family: int) -> None:
    async with AsyncExitStack() as stack:
        one, two, three = [await stack.enter_async_context(_node(host, stack)) for _ in range(3)]
        for other in (two, three):
            assert await other.bootstrap([Endpoint(host, _port(one))]) == 1
        record = document(b"alice", issued=int(time.time()))
        published = await two.publish(record)
        assert len(published.stored_at) == 2
        found = await three.look_up(key_of(b"alice"))
        assert found.document == record
        assert one.state == two.state == three.state == "server"
        assert {contact.endpoint.version for contact in three.contacts()} == {family}


async def test_a_dual_stack_socket_serves_both_kinds_of_neighbours() -> None:
    """What comes in as ::ffff:127.0.0.1 is IPv4, and goes out so too; each has a table of its own."""
    async with AsyncExitStack() as stack:
        both, four, six = [await stack.enter_async_context(_node(host, stack)) for host in ("::", "127.0.0.1", "::1")]
        port = _port(both)
        assert await four.bootstrap([Endpoint("127.0.0.1", port)]) == 1
        assert await six.bootstrap([Endpoint("::1", port)]) == 1
        assert sorted(contact.endpoint.version for contact in both.contacts()) == [4, 6]
        record = document(b"alice", issued=int(time.time()))
        assert len((await both.publish(record)).stored_at) == 2
        for node in (four, six):
            assert (await node.look_up(key_of(b"alice"))).document == record


async def test_a_name_is_a_bootstrap_node_too_and_all_its_addresses_are_tried() -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(_node("127.0.0.1", stack))
        other = await stack.enter_async_context(_node("127.0.0.1", stack))
        assert await other.bootstrap([Endpoint("nowhere.invalid", 1), Endpoint("localhost", _port(one))]) == 1


def _node(host: str, stack: AsyncExitStack) -> Dht:
    loop = asyncio.get_running_loop()
    store = DocumentStore()
    stack.callback(store.close)
    return Dht(
        key=None,
        open_endpoint=lambda factory: loop.create_datagram_endpoint(factory, local_addr=(host, 0)),
        store=store,
        check=check_document,
        clock=time.time,
    )


def _port(node: Dht) -> int:
    assert node._server.transport is not None
    return int(node._server.transport.get_extra_info("sockname")[1])
