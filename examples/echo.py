"""Echo: one program serves a stream of its own, another finds it by its invite link alone (`echo.py LINK`)."""

import asyncio
import sys
import tempfile

from wherry import Node, Stream


async def echo(stream: Stream) -> None:
    async for data in stream:
        await stream.write(data)


async def main(*links: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        async with Node.at(home, listen="127.0.0.1:0", mdns=False, bootstrap=[*links]) as node:
            if not links:
                node.handle("/echo/1", allow="anyone")(echo)
                print(node.invite(), flush=True)
                await node.closed()
            peer = await node.connect(links[0])
            async with await peer.open_stream("/echo/1") as stream:
                await stream.write(b"ahoy")
                await stream.finish()
                print(b"".join([data async for data in stream]).decode())


asyncio.run(main(*sys.argv[1:]))
