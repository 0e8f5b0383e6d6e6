"""Chat: typed messages in a component. `chat.py` prints a link, `chat.py LINK` joins; what is typed goes to all."""

import asyncio
import sys
import tempfile

import msgspec

from wherry import Component, Context, Node

Line = msgspec.defstruct("Line", [("text", str)])


class Chat(Component):
    async def receive(self, context: Context) -> None:
        if isinstance(context.message, Line):
            print(f"{context.peer.id.short}  {context.message.text}", end="", flush=True)


async def main(*links: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with Node.at(home, listen="127.0.0.1:0", mdns=False, bootstrap=[*links]) as node:
            node.network.opcodes.register(1000, Line, allowed="anyone")
            await node.network.add(Chat())
            print(*[await node.connect(link) for link in links] or [node.invite()], flush=True)
            while text := await asyncio.to_thread(sys.stdin.readline):
                await asyncio.gather(*(peer.send(Line(text)) for peer in node.network.peers))


asyncio.run(main(*sys.argv[1:]))
