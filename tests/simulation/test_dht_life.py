"""The DHT over hours of virtual time: nodes join by one contact, die, move, come anew; records outlive their holders.

``WHERRY_FULL=1`` runs three times as many nodes and hours.
"""

from __future__ import annotations

import asyncio
import os
import random

import pytest

from wherry.dht import DhtConfig, DhtKey, Endpoint
from wherry.testing.clock import run_virtual
from wherry.testing.dht import LIFETIME_S, DhtNetwork, document, key_of
from wherry.testing.network import MemoryNetwork

FULL = bool(os.environ.get("WHERRY_FULL"))
NODES, HOURS = (90, 18) if FULL else (18, 3)
#: Maintenance is a minute apart in the world; fifteen here make fewer datagrams of the same sort.
CONFIG = DhtConfig(serve="always", maintenance_s=900)
HOUR_S = 3600.0


def network() -> MemoryNetwork:
    return MemoryNetwork(seed=11, delay_ms=(20, 150), loss=0.01)


async def join(mesh: DhtNetwork, number: int) -> None:
    """Start node `number`, which knows of one other."""
    node = await mesh.add(number)
    for _ in range(5):  # the one datagram may be lost
        if await node.bootstrap([mesh.endpoint(number - 1 if number % 2 else 0)]):
            return
    pytest.fail("nobody answered five times")


def test_by_one_contact_each_everybody_finds_everybody() -> None:
    async def scenario() -> None:
        async with DhtNetwork(network(), nodes=1, config=CONFIG) as mesh:
            for number in range(1, NODES):
                await join(mesh, number)
            names = [b"%d" % number for number in range(NODES)]
            await asyncio.gather(*(node.publish(document(name)) for node, name in zip(mesh.nodes, names, strict=True)))
            found = await asyncio.gather(
                *(node.look_up(key_of(names[number * 7 % NODES])) for number, node in enumerate(mesh.nodes))
            )
            assert all(one.sequence == 1 for one in found)

    run_virtual(scenario())


@pytest.mark.timeout(600)
def test_a_record_outlives_its_holders_and_its_publisher_but_not_itself() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        chance = random.Random(3)
        async with DhtNetwork(network(), nodes=1, config=CONFIG) as mesh:
            for number in range(1, NODES):
                await join(mesh, number)
            published = await mesh.nodes[5].publish(document(b"alice"))
            first_holders = {contact.id for contact in published.stored_at}
            alive = [node for number, node in enumerate(mesh.nodes) if number]
            for number in range(NODES, 2 * NODES):
                # One goes without a word, one comes, until none of the first is left but the one everybody joins by.
                await asyncio.sleep(HOURS * HOUR_S / NODES)
                gone = alive.pop(0)
                await gone.close()
                await join(mesh, 2 * number)  # an even number joins by node 0
                alive.append(mesh.nodes[-1])
            holders = {node.key.id for node in alive if any(held.key == key_of(b"alice") for held in node.held())}
            assert not holders & first_holders
            assert len(holders) >= 10
            found = await asyncio.gather(*(node.look_up(key_of(b"alice")) for node in chance.sample(alive, 10)))
            assert [one.sequence for one in found] == [1] * 10
            await asyncio.sleep(LIFETIME_S + 2 * HOUR_S - loop.time())
            assert (await alive[0].look_up(key_of(b"alice"))).document is None
            assert all(held.key != key_of(b"alice") for node in alive for held in node.held())

    run_virtual(scenario())


def test_the_dead_leave_the_tables_and_who_moved_is_known_where_it_is() -> None:
    async def scenario() -> None:
        async with DhtNetwork(network(), nodes=1, config=DhtConfig(serve="always", maintenance_s=60)) as mesh:
            for number in range(1, 12):
                await join(mesh, number)
            dead, mover, rest = mesh.nodes[3], mesh.nodes[4], [*mesh.nodes[1:3], *mesh.nodes[5:]]
            await dead.close()
            await mover.close()
            moved = await mesh.add(1000, key=mover.key)
            assert await moved.bootstrap([mesh.endpoint(0)]) == 1
            await moved.look_up(key_of(b"nobody"))
            await asyncio.sleep(15 * 60)
            for node in rest:
                known = {contact.id: contact.endpoint for contact in node.contacts()}
                assert dead.key.id not in known
                assert known[moved.key.id] == Endpoint(mesh.endpoint(1000).host, 4770)

    run_virtual(scenario())


def test_a_newcomer_nearer_than_all_is_given_what_it_is_to_hold() -> None:
    async def scenario() -> None:
        config = DhtConfig(serve="always", maintenance_s=300, k=4)
        async with DhtNetwork(network(), nodes=1, config=config) as mesh:
            for number in range(1, 12):
                await join(mesh, number)
            await mesh.nodes[0].publish(document(b"alice"))
            key = int.from_bytes(key_of(b"alice"), "big")
            chance = random.Random(1)
            nearest = min(int.from_bytes(node.key.id, "big") ^ key for node in mesh.nodes)
            while int.from_bytes((near := DhtKey(chance.randbytes(32))).id, "big") ^ key >= nearest:
                continue
            newcomer = await mesh.add(500, key=near)
            while not await newcomer.bootstrap([mesh.endpoint(0)]):
                continue
            await asyncio.sleep(60)
            assert [held.key for held in newcomer.held()] == [key_of(b"alice")]

    run_virtual(scenario())
