"""Page: a program that a browser meets. It prints a link; open it, and it counts what the tab sends back to it."""

import asyncio
import tempfile

from wherry import Component, Node, Peer


class Visitors(Component):
    async def peer_connect(self, peer: Peer) -> None:
        print(f"{peer.id.short}  is here", flush=True)
        async with await peer.open_stream("/wherry/echo/1") as stream:
            for echoes in range(1, 4):
                await stream.write(b"ahoy")
                print(f"{peer.id.short}  {await stream.read_exactly(4)!r}, echo {echoes}", flush=True)

    async def peer_disconnect(self, peer: Peer) -> None:
        print(f"{peer.id.short}  is gone", flush=True)


async def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        async with Node.at(home, name="Page", listen="127.0.0.1:0", mdns=False) as node:
            await node.network.add(Visitors())
            print(node.invite(), flush=True)
            await node.closed()


asyncio.run(main())
