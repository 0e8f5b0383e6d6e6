"""aioice behind a door: our own gathering, and nothing malformed or uninvited gets into an ICE socket.

Written for aioice 0.13, whose classes are extended by inheritance and nothing of which is changed. It is here that

* only addresses that a filter lets pass become candidates, and on a host with nothing but loopback that one does;
* a datagram is STUN of the right shape, or DTLS from an address that ICE knows; anything else is dropped;
* gathering ends in time, and leaves no task and no socket when it is cancelled.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

import ifaddr
from aioice import Candidate, Connection, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol

from wherry.connection.engines.stun_door import is_stun
from wherry.connection.limits import (
    GATHER_S,
    ICE_SOCKET_BUFFER_BYTES,
    MAX_CANDIDATES,
    MAX_REMOTE_ADDRESSES,
    MAX_WAITING_DATAGRAMS,
)
from wherry.connection.link import IceServer

_log = logging.getLogger(__name__)


def host_addresses() -> list[str]:
    """This host's addresses that could be candidates; loopback only where there is nothing else."""
    addresses: list[str] = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            if isinstance(ip.ip, str):
                addresses.append(ip.ip)
            elif ip.ip[2] == 0:  # with a scope it is link-local and means nothing elsewhere
                addresses.append(ip.ip[0])
    outside = [address for address in addresses if not ipaddress.ip_address(address).is_loopback]
    return outside or [address for address in addresses if address == "127.0.0.1"]


class GuardedStun(StunProtocol):
    """aioice's protocol of one ICE socket, with the door in front."""

    receiver: IceConnection

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Let in what belongs here."""
        assert isinstance(data, bytes)
        source = addr[:2]
        if not data:
            return
        if data[0] < 4:
            if is_stun(data) and self.receiver.may_check(source):
                try:
                    super().datagram_received(data, source)
                except (ValueError, KeyError, AssertionError) as error:
                    # What the door did not foresee costs this datagram, not the loop its peace.
                    _log.debug("dropped a STUN message from %s: %r", source, error)
        elif 20 <= data[0] < 64 and self.receiver.knows(source):  # DTLS (RFC 7983)
            self.receiver.data_received(data, 1)


class IceConnection(Connection):
    """aioice's agent for one component.

    :param controlling: whether we made the offer.
    :param ice_servers: STUN servers that are known to answer.
    :param candidate_filter: whether an own address may become a candidate.
    """

    def __init__(
        self, *, controlling: bool, ice_servers: Sequence[IceServer], candidate_filter: Callable[[str], bool]
    ) -> None:
        super().__init__(ice_controlling=controlling)
        self._servers = ice_servers
        self._allowed = candidate_filter
        self._last_known: tuple[str, int] | None = None

    def knows(self, address: tuple[str, int]) -> bool:
        """Whether `address` is a candidate of the peer's; nearly always it is the one of the last datagram."""
        if address == self._last_known:
            return True
        if any((remote._network_host, remote.port) == address for remote in self._remote_candidates):
            self._last_known = address
            return True
        return False

    def may_check(self, address: tuple[str, int]) -> bool:
        """Whether a check from `address` is looked at: a peer cannot make us remember any number of addresses."""
        return len(self._remote_candidates) < MAX_REMOTE_ADDRESSES or self.knows(address)

    def data_received(self, data: bytes, component: int) -> None:
        """A datagram of the peer's; beyond what can wait it is dropped, as a network would."""
        if self._queue.qsize() < MAX_WAITING_DATAGRAMS:
            super().data_received(data, component)

    async def gather_candidates(self) -> None:
        """Open a socket per address, and ask the servers, for `GATHER_S` seconds at most."""
        if self._local_candidates_start:
            return
        self._local_candidates_start = True
        for address in [address for address in host_addresses() if self._allowed(address)][:MAX_CANDIDATES]:
            await self._bind(address)
        hosts = list(self._protocols)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_S), asyncio.TaskGroup() as group:
                for server in self._servers:
                    for host in hosts:
                        group.create_task(self._reflexive(host, server))
        self._local_candidates_end = True

    async def _bind(self, address: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            transport, protocol = await loop.create_datagram_endpoint(
                lambda: GuardedStun(self), local_addr=(address, 0)
            )
        except OSError as error:
            _log.debug("cannot offer %s: %s", address, error)
            return
        self._protocols.append(protocol)
        bound: socket.socket = transport.get_extra_info("socket")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ICE_SOCKET_BUFFER_BYTES)
        host, port = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = self._candidate("host", host, port, base=host)
        self._local_candidates.append(protocol.local_candidate)

    async def _reflexive(self, protocol: StunProtocol, server: IceServer) -> None:
        host, port = parse_url(server.url)
        base = protocol.local_candidate
        if ipaddress.ip_address(base.host).version != ipaddress.ip_address(host).version:
            return
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        try:
            response, _ = await protocol.request(request, (host, port))
        except stun.TransactionError as error:
            _log.debug("%s says nothing: %s", server.url, error)
            return
        mapped = response.attributes.get("XOR-MAPPED-ADDRESS")
        if mapped is None or any((known.host, known.port) == mapped for known in self._local_candidates):
            return
        candidate = self._candidate("srflx", mapped[0], mapped[1], base=base.host)
        candidate.related_address, candidate.related_port = base.host, base.port
        self._local_candidates.append(candidate)

    def _candidate(self, kind: str, host: str, port: int, *, base: str) -> Candidate:
        return Candidate(
            foundation=candidate_foundation(kind, "udp", base),
            component=1,
            transport="udp",
            priority=candidate_priority(1, kind),
            host=host,
            port=port,
            type=kind,
        )


def parse_url(url: str) -> tuple[str, int]:
    """Host and port of a STUN server's URL (RFC 7064).

    :raises ValueError: it is none, or HOST is no IP address: names are resolved before they come here.
    """
    scheme, _, authority = url.partition(":")
    host, _, port = authority.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if scheme != "stun":
        raise ValueError(f"not a STUN server: {url}")
    ipaddress.ip_address(host)
    return host, int(port)
