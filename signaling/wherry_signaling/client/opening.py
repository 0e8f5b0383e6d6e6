"""Opening a socket to an endpoint: connecting, then the handshake."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

from ..endpoints import EndpointAddress
from ..errors import EndpointTimeout, EndpointUnreachable
from ..handshake import ClientHandshake, Session
from ..identity import Identity
from ..limits import CONNECT_S, HANDSHAKE_S
from ..sockets import Connect, Socket
from ..wire import Role
from .session import Client, OnDeliver


async def open_client(
    connect: Connect,
    address: EndpointAddress,
    identity: Identity,
    role: Role,
    *,
    on_deliver: OnDeliver | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
    wall_clock: Callable[[], float] = time.time,
) -> Client:
    """A socket to the endpoint at `address`, its handshake done; if the address names a peer, it is that one.

    :param on_deliver: takes envelopes; without it all are declined.
    :param wall_clock: our seconds since 1970, to compare with the endpoint's.
    :raises EndpointUnreachable: if nothing answers there.
    :raises EndpointTimeout: if the handshake takes longer than `HANDSHAKE_S`.
    :raises WrongPeer, VersionMismatch, HandshakeFailed, Quota, EndpointLost: if the handshake fails.
    """
    try:
        async with asyncio.timeout(CONNECT_S + 1):  # connectors keep CONNECT_S themselves and say more
            socket = await connect(address)
    except TimeoutError as error:
        raise EndpointUnreachable(f"{address.authority} did not answer") from error
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            session = await _shake(socket, address, identity, role, random)
    except TimeoutError as error:
        await socket.close()
        raise EndpointTimeout("the handshake took too long") from error
    except BaseException:  # cancellation too: the socket is ours alone as yet
        await socket.close()
        raise
    return Client(socket, session, address, on_deliver=on_deliver, random=random, wall_clock=wall_clock)


async def _shake(
    socket: Socket, address: EndpointAddress, identity: Identity, role: Role, random: Callable[[int], bytes]
) -> Session:
    handshake = ClientHandshake(
        identity, role, secret=random(32), nonce=random(32), dialled=address.peer, host=address.host
    )
    await socket.send(handshake.hello())
    session, proof = handshake.receive(await socket.receive())
    await socket.send(proof)
    return session
