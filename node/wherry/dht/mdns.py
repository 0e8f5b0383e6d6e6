"""Two nodes in one local network find each other with no configuration: DNS-SD over multicast DNS (RFC 6762, 6763).

What is announced is an endpoint of the DHT under a name drawn afresh at each start, never an identity::

    wherry-<8 random hex digits>._wherry._udp.local.   SRV port, A, AAAA   TXT v=1

    async with LocalDiscovery(4770, on_found):
        ...

Whoever is found has proved nothing yet: it is one more endpoint to bootstrap from. It works without a default route,
on any interface that has an IPv4 address; where there is none, it does nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import os
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Final, Self

import ifaddr
from zeroconf import Error, IPVersion, NonUniqueNameException, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from wherry_signaling.errors import Malformed
from wherry_signaling.scope import Scope, scope_of

from .endpoint import Endpoint, from_socket
from .limits import ADDRESSES, ASKING, ASKING_S, NEIGHBOURS

SERVICE: Final = "_wherry._udp.local."
VERSION: Final = b"1"

log = logging.getLogger(__name__)


class LocalDiscovery:
    """Announces our UDP port on the local network, and finds others'.

    :param port: where the DHT listens.
    :param on_found: is called with each endpoint that is found, once, from the event loop; it must not raise.
    :param random: n random bytes: of the name.
    """

    def __init__(
        self, port: int, on_found: Callable[[Endpoint], object], *, random: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._port, self._on_found = port, on_found
        self._name = f"wherry-{random(4).hex()}"
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._found: dict[Endpoint, None] = {}

    @property
    def active(self) -> bool:
        """Whether there is a network to announce ourselves on."""
        return self._zeroconf is not None

    async def __aenter__(self) -> Self:
        addresses = own_addresses()
        ipv4 = [host for host in addresses if ":" not in host]
        if not ipv4:
            log.info("no network to look for neighbours on")
            return self
        try:
            # By address: zeroconf's own choice takes loopback too, and gives up where one interface has no multicast.
            self._zeroconf = AsyncZeroconf(interfaces=ipv4, ip_version=IPVersion.V4Only)
        except OSError as error:
            log.info("cannot look for neighbours: %s", error)
            return self
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, SERVICE, handlers=[self._changed])
        self._spawn(self._announce(self._zeroconf, addresses))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Say good-bye to the neighbours and close the sockets. May be called again."""
        zeroconf, self._zeroconf = self._zeroconf, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if zeroconf is None:
            return
        if self._browser is not None:
            await self._browser.async_cancel()
            self._browser = None
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()

    # -- inside -------------------------------------------------------------------------------------------------------

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _announce(self, zeroconf: AsyncZeroconf, addresses: list[str]) -> None:
        info = AsyncServiceInfo(
            SERVICE,
            f"{self._name}.{SERVICE}",
            port=self._port,
            properties={b"v": VERSION},
            server=f"{self._name}.local.",
            parsed_addresses=addresses,
        )
        try:
            await (await zeroconf.async_register_service(info, cooperating_responders=True))
        except (OSError, Error, NonUniqueNameException) as error:
            log.info("cannot announce this node on the local network: %s", error)

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        ours = name.startswith(self._name)
        if ours or state_change is ServiceStateChange.Removed or len(self._tasks) >= ASKING or not self.active:
            return
        self._spawn(self._ask(zeroconf, service_type, name))

    async def _ask(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        try:
            answered = await info.async_request(zeroconf, ASKING_S * 1000)
        except (OSError, Error) as error:
            log.debug("a neighbour does not say where it is: %s", error)
            return
        if not answered or not info.port or info.properties.get(b"v") != VERSION:
            return
        for endpoint in _usable(info.parsed_addresses(), info.port):
            if endpoint not in self._found and len(self._found) < NEIGHBOURS:
                self._found[endpoint] = None
                self._on_found(endpoint)


def _usable(addresses: Iterable[str], port: int) -> list[Endpoint]:
    """Endpoints that can be sent to: what was learnt on a local network is private or global."""
    usable = []
    for address in list(addresses)[:ADDRESSES]:
        try:
            endpoint = from_socket((address, port))
            if endpoint.scope >= Scope.PRIVATE and not _link_local(endpoint.host):
                usable.append(endpoint)
        except Malformed:
            continue
    return usable


def own_addresses() -> list[str]:
    """This machine's IP addresses, but for loopback and link-local ones; IPv4 first."""
    found = [
        address.ip if address.is_IPv4 else address.ip[0] for adapter in ifaddr.get_adapters() for address in adapter.ips
    ]
    usable = [str(host) for host in found if scope_of(str(host)) in (Scope.PRIVATE, Scope.GLOBAL)]
    return sorted((host for host in usable if not _link_local(host)), key=lambda host: ":" in host)


def _link_local(host: str) -> bool:
    return ipaddress.ip_address(host).is_link_local
