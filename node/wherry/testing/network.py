"""An in-memory network of datagrams: hosts, delays, losses and partitions, all drawn from one seed.

::

    network = MemoryNetwork(seed=7, delay_ms=(20, 150), loss=0.01)
    transport, protocol = await network.create_datagram_endpoint(Protocol, ("10.0.0.1", 4770))
    with network.cut("10.0.0.1"):             # nothing in or out meanwhile
        ...

Protocols see asyncio's `DatagramProtocol` calls and a transport with asyncio's names, so code written for real UDP
runs on it unchanged. Delivery is by `loop.call_later`: on a `VirtualClockLoop` it takes no time at all.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

P = TypeVar("P", bound=asyncio.DatagramProtocol)
SocketAddress = tuple[str, int]


class MemoryTransport(asyncio.DatagramTransport):
    """One end's datagram socket on a `MemoryNetwork`."""

    def __init__(self, network: MemoryNetwork, protocol: asyncio.DatagramProtocol, address: SocketAddress) -> None:
        super().__init__(extra={"sockname": address})
        self.network = network
        self.protocol = protocol
        self.address = address
        self._closed = False

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send one datagram to `addr`, ``(host, port)``; after `close` it goes nowhere, as with asyncio."""
        if not self._closed:
            self.network.carry(self.address, (addr[0], addr[1]), bytes(data))

    def is_closing(self) -> bool:
        """Whether `close` or `abort` was called."""
        return self._closed

    def close(self) -> None:
        """Leave the network; the protocol hears `connection_lost` soon after."""
        if not self._closed:
            self._closed = True
            self.network.leave(self.address)
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        """The same as `close`: nothing is buffered here."""
        self.close()


class MemoryNetwork:
    """Datagrams between named hosts.

    :param seed: of all delays and losses.
    :param delay_ms: one-way delay, uniform between the two, in milliseconds.
    :param loss: share of datagrams that never arrive, 0 … 1.
    """

    def __init__(self, *, seed: int = 0, delay_ms: tuple[float, float] = (1, 1), loss: float = 0.0) -> None:
        self.random = random.Random(seed)
        self.delay_ms = delay_ms
        self.loss = loss
        #: (datagrams, bytes) that were sent so far, whether they arrived or not.
        self.sent = (0, 0)
        self._transports: dict[SocketAddress, MemoryTransport] = {}
        self._cut: Counter[str] = Counter()
        self._filters: list[Callable[[SocketAddress, SocketAddress, bytes], bytes | None]] = []
        self._next_port = 49152
        self._under_way = 0

    async def create_datagram_endpoint(
        self, factory: Callable[[], P], local_addr: SocketAddress
    ) -> tuple[MemoryTransport, P]:
        """What `loop.create_datagram_endpoint` does, on this network; port 0 picks a free one."""
        host, port = local_addr
        if port == 0:
            port, self._next_port = self._next_port, self._next_port + 1
        if (host, port) in self._transports:
            raise OSError(f"address already in use: {host}:{port}")
        protocol = factory()
        transport = MemoryTransport(self, protocol, (host, port))
        self._transports[host, port] = transport
        protocol.connection_made(transport)
        return transport, protocol

    def carry(self, source: SocketAddress, to: SocketAddress, data: bytes) -> None:
        """Deliver `data` after the network's delay, or lose it."""
        self.sent = (self.sent[0] + 1, self.sent[1] + len(data))
        for change in self._filters:
            changed = change(source, to, data)
            if changed is None:
                return
            data = changed
        if source[0] in self._cut or to[0] in self._cut or self.random.random() < self.loss:
            return
        delay_s = self.random.uniform(*self.delay_ms) / 1000
        self._under_way += 1
        asyncio.get_running_loop().call_later(delay_s, self._arrive, source, to, data)

    async def quiet(self) -> None:
        """Wait until no datagram is under way: everybody has said what there was to say for now."""
        while True:
            await asyncio.sleep(self.delay_ms[1] / 1000)
            if not self._under_way:
                return

    def _arrive(self, source: SocketAddress, to: SocketAddress, data: bytes) -> None:
        self._under_way -= 1
        transport = self._transports.get(to)
        if transport is not None and to[0] not in self._cut:
            transport.protocol.datagram_received(data, source)

    def leave(self, address: SocketAddress) -> None:
        """Forget the socket at `address`."""
        self._transports.pop(address, None)

    @contextmanager
    def cut(self, *hosts: str) -> Iterator[None]:
        """Nothing reaches or leaves `hosts` meanwhile, nor arrives that was under way."""
        self._cut.update(hosts)
        try:
            yield
        finally:
            self._cut -= Counter(hosts)

    @contextmanager
    def tamper(self, change: Callable[[SocketAddress, SocketAddress, bytes], bytes | None]) -> Iterator[None]:
        """Meanwhile `change(source, to, data)` says what is delivered instead; None drops it."""
        self._filters.append(change)
        try:
            yield
        finally:
            self._filters.remove(change)
