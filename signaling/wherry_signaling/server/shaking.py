"""The endpoint's side of a handshake, with a time limit, and a reason for whoever is refused."""

from __future__ import annotations

import asyncio

from .. import wire
from ..errors import EndpointLost, HandshakeFailed, RemoteError, VersionMismatch, WrongPeer
from ..handshake import ServerHandshake, refusal
from ..limits import HANDSHAKE_S
from ..sockets import Socket
from .admission import Source
from .hub import Hub
from .session import ServerSession


async def shake(hub: Hub, socket: Socket, source: Source) -> ServerSession | None:
    """The handshake with a client; None if it failed, which the client has then been told."""
    handshake = ServerHandshake(hub.identity, secret=hub.random(32), nonce=hub.random(32))
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            hello = await socket.receive()
            await socket.send(handshake.receive_hello(hello))
            session = handshake.receive_proof(await socket.receive())
    except (VersionMismatch, WrongPeer, HandshakeFailed) as error:
        await refuse(socket, error)
        return None
    except (TimeoutError, EndpointLost):
        return None  # too slow, or gone
    return ServerSession(hub, socket, source, session, _host_of(hello))


async def refuse(socket: Socket, error: RemoteError) -> None:
    """Tell a client why its socket ends before it has begun."""
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            await socket.send(refusal(error))
    except (TimeoutError, EndpointLost):
        return  # it does not listen


def _host_of(hello: bytes) -> str:
    """The name under which a client dialled us, from a hello that was checked."""
    frame = wire.decode(hello)
    return frame.host if isinstance(frame, wire.Hello) else ""
