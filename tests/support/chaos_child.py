"""One node as a process of its own, told what to do line by line: it is killed by whoever started it.

::

    python -m tests.support.chaos_child HOME PORT [LINK]

It prints one JSON object a line: first who it is, then an answer to each command on its standard input::

    friend ADDRESS       ask to be friends            accept ID        say yes
    send ID TEXT         {"accepted": <message's id>}: only once `send` has returned, so that it is kept
    state                friends, how many messages came, how many are open, mailboxes, one-time keys
    dump                 everything that was written and that came, in order
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from wherry import Node
from wherry.messages.message_store import Message
from wherry_signaling.address import Address
from wherry_signaling.identity import PeerId


def say(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


def shown(message: Message) -> dict[str, Any]:
    return {
        "peer": str(message.peer),
        "id": message.id.hex(),
        "ours": message.ours,
        "state": message.state.word,
        "reason": message.reason,
        "text": message.content,
    }


def state(node: Node) -> dict[str, Any]:
    own = node.parts.mail.mailboxes
    database = node.parts.store.database
    [(open_, came)] = database.read("SELECT sum(ours AND state < 2), sum(NOT ours) FROM messages")
    return {
        "friends": {str(one.peer): one.state.value for one in node.friends.list()},
        "open": open_ or 0,
        "came": came or 0,
        "mailboxes": [str(one.peer) for one in own.current()],
        "published": node.parts.presence.published is not None,
    }


def history(node: Node) -> list[dict[str, Any]]:
    found: list[Message] = []
    while page := node.messages.page(after=found[-1].number if found else 0, limit=1000):
        found += page
    return [shown(one) for one in found]


def do(node: Node, words: list[str]) -> dict[str, Any]:
    match words:
        case ["friend", address]:
            node.friends.add(Address.parse(address), "chaos")
            return {"done": "friend"}
        case ["accept", peer]:
            node.friends.accept(PeerId.parse(peer))
            return {"done": "accept"}
        case ["send", peer, text]:
            return {"accepted": node.messages.send(PeerId.parse(peer), text).id.hex(), "text": text}
        case ["state"]:
            return state(node)
        case ["dump"]:
            return {"history": history(node)}
    raise ValueError(f"unknown: {words}")


async def main(home: str, port: str, *links: str) -> None:
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with Node.at(home, listen=f"127.0.0.1:{port}", mdns=False, bootstrap=list(links)) as node:
        say({"id": str(node.id), "address": str(node.address), "invite": node.invite()})
        while line := await lines.readline():
            say(do(node, line.decode().split()))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
