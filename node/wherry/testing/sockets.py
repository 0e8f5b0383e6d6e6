"""Signaling sockets in memory: hosts, delays and cuts, and somebody on the path who tampers, drawn from one seed.

::

    sockets = MemorySockets(seed=7, delay_ms=(20, 150))
    async with Endpoint(identity, listener=sockets.listener("10.0.0.1", 4770)) as endpoint:
        connect = sockets.connect_from("10.0.0.2")
        with sockets.cut("10.0.0.1"):                       # its cable
            ...
        sockets.kill("10.0.0.1")                            # its process: every socket of it ends at once

They behave as TCP does: frames keep their order; what is under way while a cable is cut comes when it is back, unless
the kernel has given up by then; a killed process is noticed at once. Faults on frames (`drop`, `delay`, `duplicate`,
`replay`, `swap`, `inject`) are what somebody on the path can do; after the handshake each of them ends the socket,
which is the point. Use it beside `MemoryNetwork`, which carries the same hosts' datagrams.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from wherry_signaling.endpoints import EndpointAddress
from wherry_signaling.errors import EndpointUnreachable, PortBusy
from wherry_signaling.limits import CONNECT_S
from wherry_signaling.scope import Scope, parse_ip, scope_of
from wherry_signaling.sockets import Connect, Describe, Serve, SocketAddress

from .memory_socket import MemorySocket

#: Seconds until a kernel gives up a peer that is silent, as the keepalive of `client/websocket.py` asks it to.
KEEPALIVE_S: Final = 3.0

#: Sees (sender's host, receiver's host, frame) and says what arrives instead: any number of frames, each later by so
#: many seconds.
Fault = Callable[[str, str, bytes], list[tuple[float, bytes]]]


class MemoryListener:
    """A `Listener` at a host and port of `MemorySockets`."""

    def __init__(self, sockets: MemorySockets, address: SocketAddress) -> None:
        self._sockets, self.address = sockets, address
        self._serve: Serve | None = None
        self._sessions: dict[asyncio.Task[None], MemorySocket] = {}

    async def open(self, serve: Serve, describe: Describe) -> SocketAddress:
        """Listen."""
        del describe
        self._serve = serve
        self.address = self._sockets.listen(self, self.address)
        return self.address

    async def close(self) -> None:
        """Stop listening, and end every socket that came in."""
        self._sockets.unlisten(self)
        for socket in list(self._sessions.values()):
            await socket.close()
        if self._sessions:
            await asyncio.wait(self._sessions)

    def accept(self, socket: MemorySocket) -> None:
        """Serve one that came in."""
        assert self._serve is not None
        task = asyncio.get_running_loop().create_task(self._session(self._serve, socket), name="memory session")
        self._sessions[task] = socket
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._sessions[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "a session failed", "exception": error})

    async def _session(self, serve: Serve, socket: MemorySocket) -> None:
        try:
            await serve(socket)
        finally:
            await socket.close()


class MemoryConnector:
    """A `Connector` from one host."""

    def __init__(self, sockets: MemorySockets, host: str) -> None:
        self._sockets, self._host = sockets, host

    def reaching(self, scope: Scope) -> Connect:
        """A `Connect` that refuses every address nearer than `scope`."""
        return self._sockets.connect_from(self._host, reaching=scope)

    async def close(self) -> None:
        """Nothing to give back."""


class MemorySockets:
    """Hosts, names and the sockets between them.

    :param seed: of all delays and faults.
    :param delay_ms: one-way delay, uniform between the two, in milliseconds.
    """

    def __init__(self, *, seed: int = 0, delay_ms: tuple[float, float] = (1, 1)) -> None:
        self.random = random.Random(seed)
        self.delay_ms = delay_ms
        #: What names resolve to.
        self.names: dict[str, list[str]] = {"localhost": ["127.0.0.1"]}
        self._listeners: dict[SocketAddress, MemoryListener] = {}
        self._open: dict[MemorySocket, None] = {}  # in order, so that a seed gives the same run each time
        self._cut: list[str] = []
        self._faults: list[Fault] = []
        self._next_port = 49152

    # -- hosts ---------------------------------------------------------------------------------------------------------

    def listener(self, host: str, port: int = 0) -> MemoryListener:
        """What an `Endpoint` at that host takes as its listener; port 0 picks a free one."""
        return MemoryListener(self, (host, port))

    def connector(self, host: str) -> MemoryConnector:
        """What an `Endpoint` at that host takes as its connector."""
        return MemoryConnector(self, host)

    def connect_from(self, host: str, *, reaching: Scope = Scope.LOOPBACK) -> Connect:
        """A `Connect` for a client at `host`; it reaches no address nearer than the scope."""

        async def connect(address: EndpointAddress) -> MemorySocket:
            answers = [address.host] if parse_ip(address.host) is not None else self.names.get(address.host, [])
            error = EndpointUnreachable(f"{address.authority}: the name is not known")
            for answer in answers:
                scope = scope_of(answer)
                if scope is None or scope < reaching:
                    error = EndpointUnreachable(f"{address.authority} is nearer than may be asked for")
                    continue
                try:
                    return await self._connect(host, (answer, address.port))
                except EndpointUnreachable as failure:
                    error = failure
            raise error

        return connect

    def kill(self, host: str) -> None:
        """`kill -9`: its sockets end at once on both sides, and nobody listens there any more.

        Tasks of the host go on, as they have nowhere to go: close what ran there afterwards.
        """
        for address in [address for address in self._listeners if address[0] == host]:
            del self._listeners[address]
        for socket in [socket for socket in self._open if socket.local[0] == host]:
            socket.end("killed")
            self.carry_end(socket, "reset by the other side")

    # -- faults --------------------------------------------------------------------------------------------------------

    @contextmanager
    def cut(self, *hosts: str) -> Iterator[None]:
        """Nothing reaches or leaves `hosts` meanwhile; sockets die when the kernel's keepalive gives up."""
        self._cut.extend(hosts)
        loop = asyncio.get_running_loop()
        loop.call_later(KEEPALIVE_S, self._give_up)
        try:
            yield
        finally:
            for host in hosts:
                self._cut.remove(host)
            for socket in list(self._open):
                if not self._is_cut(socket):
                    held, socket.held = socket.held, []
                    for data in held:
                        self._deliver(socket, data, 0)

    @contextmanager
    def tamper(self, fault: Fault) -> Iterator[None]:
        """Meanwhile `fault` says what becomes of each frame."""
        self._faults.append(fault)
        try:
            yield
        finally:
            self._faults.remove(fault)

    def drop(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile that share of frames vanishes."""
        return self.tamper(lambda _a, _b, data: [] if self.random.random() < share else [(0, data)])

    def delay(self, milliseconds: float) -> AbstractContextManager[None]:
        """Meanwhile each frame comes so much later, in order."""
        return self.tamper(lambda _a, _b, data: [(milliseconds / 1000, data)])

    def duplicate(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile that share of frames comes twice."""
        return self.tamper(lambda _a, _b, data: [(0, data)] * (2 if self.random.random() < share else 1))

    def inject(self, frame: bytes) -> AbstractContextManager[None]:
        """Meanwhile `frame` comes before each other one."""
        return self.tamper(lambda _a, _b, data: [(0, frame), (0, data)])

    def replay(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile that share of frames is followed by one that was seen before on the same way."""
        seen: dict[tuple[str, str], list[bytes]] = {}

        def fault(source: str, to: str, data: bytes) -> list[tuple[float, bytes]]:
            past = seen.setdefault((source, to), [])
            again = [(0.0, self.random.choice(past))] if past and self.random.random() < share else []
            past.append(data)
            return [(0, data), *again]

        return self.tamper(fault)

    def swap(self, share: float = 1.0) -> AbstractContextManager[None]:
        """Meanwhile that share of frames waits for the next one on the same way, and comes after it."""
        waiting: dict[tuple[str, str], bytes] = {}

        def fault(source: str, to: str, data: bytes) -> list[tuple[float, bytes]]:
            if (held := waiting.pop((source, to), None)) is not None:
                return [(0, data), (0, held)]
            if self.random.random() < share:
                waiting[source, to] = data
                return []
            return [(0, data)]

        return self.tamper(fault)

    # -- what sockets and listeners call -------------------------------------------------------------------------------

    def listen(self, listener: MemoryListener, address: SocketAddress) -> SocketAddress:
        """Take the address."""
        host, port = address
        if port == 0:
            port, self._next_port = self._next_port, self._next_port + 1
        if (host, port) in self._listeners:
            raise PortBusy(f"{host}:{port} is in use")
        self._listeners[host, port] = listener
        return host, port

    def unlisten(self, listener: MemoryListener) -> None:
        """Give the address back, if it is still the listener's."""
        if self._listeners.get(listener.address) is listener:
            del self._listeners[listener.address]

    def forget(self, socket: MemorySocket) -> None:
        """It has ended."""
        self._open.pop(socket, None)

    def carry(self, socket: MemorySocket, data: bytes) -> None:
        """Bring a frame to the other end, or to wherever the faults lead it."""
        frames = [(0.0, data)]
        for fault in self._faults:
            frames = [
                (later + more, changed)
                for later, frame in frames
                for more, changed in fault(socket.local[0], socket.remote[0], frame)
            ]
        for later, frame in frames:
            if self._is_cut(socket):
                socket.held.append(frame)
            else:
                self._deliver(socket, frame, later)

    def carry_end(self, socket: MemorySocket, why: str = "closed by the other side") -> None:
        """Tell the other end that this one has ended, unless the cable is cut."""
        if not self._is_cut(socket):
            asyncio.get_running_loop().call_at(self._arrival(socket, 0), socket.other.end, why)

    def _deliver(self, socket: MemorySocket, data: bytes, later: float) -> None:
        asyncio.get_running_loop().call_at(self._arrival(socket, later), socket.other.arrive, data)

    def _arrival(self, socket: MemorySocket, later: float) -> float:
        """When what is sent now comes: never before what was sent earlier."""
        now = asyncio.get_running_loop().time()
        at = now + later + self.random.uniform(*self.delay_ms) / 1000
        socket.last_arrival = max(socket.last_arrival + 1e-9, at)  # timers of one moment have no order
        return socket.last_arrival

    async def _connect(self, host: str, to: SocketAddress) -> MemorySocket:
        local = (host, self._next_port)
        self._next_port += 1
        round_trip = sum(self.random.uniform(*self.delay_ms) for _ in range(2)) / 1000
        if host in self._cut or to[0] in self._cut:
            await asyncio.sleep(CONNECT_S)
            raise EndpointUnreachable(f"{to[0]}:{to[1]} did not answer within {CONNECT_S:.0f} s")
        await asyncio.sleep(round_trip)
        listener = self._listeners.get(to)
        if listener is None:
            raise EndpointUnreachable(f"{to[0]}:{to[1]}: connection refused")
        ours, theirs = MemorySocket(self, local, to), MemorySocket(self, to, local)
        ours.other, theirs.other = theirs, ours
        self._open |= {ours: None, theirs: None}
        listener.accept(theirs)
        return ours

    def _is_cut(self, socket: MemorySocket) -> bool:
        return socket.local[0] in self._cut or socket.remote[0] in self._cut

    def _give_up(self) -> None:
        for socket in [socket for socket in self._open if self._is_cut(socket)]:
            socket.end("silent: its cable may be cut")
