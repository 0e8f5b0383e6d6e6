"""Whole nodes on loopback that know each other, for integration tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from wherry import Node
from wherry.friends.states import State

#: What each of them is configured with: loopback alone, any port, nobody else's network.
ALONE = {"listen": "127.0.0.1:0", "mdns": False}


@asynccontextmanager
async def company(path: Path, count: int) -> AsyncIterator[list[Node]]:
    """So many nodes; the first one is everybody's way in, and all are ready."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Node.at(path / "0", name="node 0", **ALONE))
        nodes = [first]
        for number in range(1, count):
            node = Node.at(path / str(number), name=f"node {number}", bootstrap=[first.invite()], **ALONE)
            nodes.append(await stack.enter_async_context(node))
        for node in nodes:
            await node.wait_ready(20)
        yield nodes


async def until(node: Node, happened: Callable[[], bool]) -> None:
    """Wait until it is so; it is looked at whenever something happens at `node`."""
    since = node.events.last
    while not happened():
        async for event in node.events.follow(since):
            since = event.seq
            break


async def befriend(one: Node, other: Node) -> None:
    """Make two nodes friends."""
    one.friends.add(other.address, "hello")
    await until(other, lambda: other.friends.get(one.id).state is State.RECEIVED)
    other.friends.accept(one.id)
    await until(one, lambda: one.friends.get(other.id).state is State.FRIENDS)
