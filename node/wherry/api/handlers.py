"""What each route does: one function from a request and the node to an answer, or to a stream of answers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec

from ..config import Config
from ..errors import NodeLost
from ..events import EventView
from ..settings import SETTINGS
from ..views import ExplainView, IdView, PingReplyView, StatusView
from . import bodies
from .access import Access
from .like import NodeLike
from .tokens import Caller


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler may use.

    :param address: ``127.0.0.1:PORT`` where the API listens on TCP; nothing where it does not.
    :param caller: who asks on TCP; None for the owner at the socket, and where nobody needs to be known.
    """

    node: NodeLike
    pid: int
    access: Access
    address: str = ""
    caller: Caller | None = None


async def get_id(context: Context, request: bodies.Nothing) -> IdView:
    """Who this node is, and what to hand out."""
    return context.node.id_view()


async def get_status(context: Context, request: bodies.Nothing) -> StatusView:
    """How it is doing."""
    return msgspec.structs.replace(context.node.status(), api=context.address)


async def get_peers(context: Context, request: bodies.Nothing) -> bodies.PeersView:
    """All peers that are connected, or that were to be."""
    return bodies.PeersView(peers=context.node.peers())


async def get_explain(context: Context, request: bodies.PeerRequest) -> ExplainView:
    """Why a peer is, or is not, connected."""
    return context.node.explain(context.node.resolve(request.peer))


async def connect(context: Context, request: bodies.PeerRequest) -> bodies.ConnectView:
    """Connect to a peer; answers when the connection is open."""
    node, peer = context.node, context.node.resolve(request.peer)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await node.connect(peer)
    took_ms = round((loop.time() - begun) * 1000, 1)
    for view in node.peers():
        if view.peer == str(peer):
            return bodies.ConnectView(
                peer=view.peer,
                name=view.name,
                path=view.path,
                rtt_ms=view.rtt_ms,
                remote=view.remote,
                took_ms=took_ms,
            )
    raise NodeLost("the connection ended as soon as it was open", peer=str(peer))


async def disconnect(context: Context, request: bodies.PeerRequest) -> bodies.EndedView:
    """Close the connection with a peer; a friend is not dialled again for a while."""
    peer = context.node.resolve(request.peer)
    connected = context.node.connection(peer) is not None
    await context.node.disconnect(peer)
    return bodies.EndedView(ended=int(connected))


async def ping(context: Context, request: bodies.PingRequest) -> AsyncIterator[PingReplyView]:
    """Ping a peer, which is connected to first; one line per ping, with `rtt_ms` null where no reply came in time."""
    peer = context.node.resolve(request.peer)
    async for reply in context.node.ping(
        peer, count=request.count, interval_s=request.interval_s, timeout_s=request.timeout_s
    ):
        yield reply


async def echo(context: Context, request: bodies.EchoRequest) -> bodies.EchoView:
    """Send random bytes over a stream, and check that the same come back."""
    peer = context.node.resolve(request.peer)
    rtt_ms = await context.node.echo(peer, secrets.token_bytes(request.bytes))
    return bodies.EchoView(peer=str(peer), bytes=request.bytes, rtt_ms=round(rtt_ms, 3))


async def ring(context: Context, request: bodies.PeerRequest) -> bodies.RingView:
    """Look a peer up and have it answer a sealed ping, with no connection."""
    peer = context.node.resolve(request.peer)
    return bodies.RingView(peer=str(peer), rtt_ms=round(await context.node.ring(peer), 3))


async def wait_ready(context: Context, request: bodies.ReadyRequest) -> bodies.ReadyView:
    """Wait until the node has joined, or is alone, has its introducers, and its record is published."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    await context.node.wait_ready(request.timeout_s)
    return bodies.ReadyView(ready=True, waited_ms=round((loop.time() - begun) * 1000, 1))


async def get_events(context: Context, request: bodies.EventsRequest) -> AsyncIterator[EventView]:
    """What happened, one line per event; an event `gap` stands for those that are not kept any more."""
    events = context.node.events
    last = events.last
    if not request.follow and request.since == last:
        return
    async for event in events.follow(request.since):
        yield event
        if not request.follow and event.seq >= last:
            return


async def get_config(context: Context, request: bodies.Nothing) -> bodies.ConfigView:
    """What the running node is configured with, and where each value is from."""
    return config_view(context.node.config)


async def get_metrics(context: Context, request: bodies.Nothing) -> str:
    """Counters and gauges in Prometheus's text format."""
    return context.node.metrics()


async def down(context: Context, request: bodies.Nothing) -> bodies.DownView:
    """Ask the node to end."""
    context.node.ask_to_stop()
    return bodies.DownView(pid=context.pid)


def config_view(config: Config) -> bodies.ConfigView:
    """A configuration as it is shown: every setting by its name in files."""
    settings = {
        setting.name: bodies.SettingView(
            value=_plain(getattr(config, setting.field)), origin=config.origin(setting.field)
        )
        for setting in SETTINGS
    }
    return bodies.ConfigView(settings=settings)


def _plain(value: object) -> object:
    """`value` as JSON can have it, in the words that a configuration file would use."""
    match value:
        case None | bool() | int() | str():
            return value
        case tuple():
            return [_plain(one) for one in value]
        case frozenset():
            return sorted(map(str, value))
        case dict():
            return {key: _plain(one) for key, one in value.items()}
    return str(value)
