"""What every node answers: ping, keepalive, look-up, metric, disconnect, and who one is; and the echo stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from wherry_signaling.identity import PeerId
from wherry_signaling.rates import Rates

from ..connection import Stream
from ..errors import LimitExceeded, Unsupported
from .component import Component, Context
from .limits import PINGS_PER_S
from .network import Network
from .opcodes import (
    Disconnect,
    Found,
    Keepalive,
    KeepaliveReply,
    LookUp,
    Metric,
    MetricReply,
    Opcode,
    Ping,
    Pong,
    Refused,
)
from .peer import Peer

#: Sends back what it gets, for anyone, within limits.
ECHO_STREAM = "/wherry/echo/1"
#: Peers whose rates are remembered at once.
_REMEMBERED = 4096
#: Characters of a claimed name that are looked at.
_NAME = 40

INTRODUCE_OPCODE = 100


class Introduce(msgspec.Struct, frozen=True):
    """What I call myself: claimed, never trusted."""

    name: str


class Basics(Component):
    """Answers Wherry's own opcodes.

    :param name: what we call ourselves.
    :param look_up: the signed record of a peer, or nothing.
    :param metrics: our metrics, as Prometheus text.
    :param named: told what a peer calls itself.
    """

    def __init__(
        self,
        *,
        name: Callable[[], str],
        look_up: Callable[[PeerId], Awaitable[bytes]],
        metrics: Callable[[], str],
        named: Callable[[PeerId, str], None],
    ) -> None:
        self._name, self._look_up, self._metrics, self._named = name, look_up, metrics, named
        self._pings = Rates(PINGS_PER_S, remembered=_REMEMBERED)

    async def peer_connect(self, peer: Peer) -> None:
        """Say who we are."""
        await peer.send(Introduce(self._name()))

    async def receive(self, context: Context) -> None:
        """Answer, where there is something to answer."""
        peer = context.peer
        match context.message:
            case Ping(payload=payload):
                if self._pings.take(peer.id.key, asyncio.get_running_loop().time()):
                    await context.reply(Pong(payload))
                else:
                    await context.reply(Refused(LimitExceeded.wire or 0, "10 pings a second are enough"))
            case Keepalive():
                await context.reply(KeepaliveReply())
            case LookUp(peer=key):
                await context.reply(Found(await self._look_up(PeerId(key))))
            case Metric():
                await context.reply(MetricReply(self._metrics()))
            case Introduce(name=name):
                self._named(peer.id, " ".join(name.split())[:_NAME])
            case Disconnect():
                context.network.leave(peer.id, as_asked=True)
            case _ if context.opcode in (Opcode.PROXY, Opcode.PROXY_REPLY):
                await context.reply(Refused(Unsupported.wire or 0, "proxying is not offered"))


async def echo(stream: Stream) -> None:
    """Serve `/wherry/echo/1`: send back what comes. How much and how often is the policy's matter."""
    async for data in stream:
        await stream.write(data)
    await stream.finish()


async def add_basics(network: Network, basics: Basics) -> None:
    """Put the basics on a network, before it starts."""
    network.opcodes.add_own(INTRODUCE_OPCODE, Introduce)
    await network.add(basics)
    network.handle(ECHO_STREAM)(echo)
