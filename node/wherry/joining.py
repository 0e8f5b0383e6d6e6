"""The ways into the network, and the work of staying in it.

Whoever is named in the configuration, in an invite link, was met before, or announces itself on the local network is
somebody to ask. A node's signaling endpoint and its DHT have the same port number, so either leads to the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import Final

from wherry_signaling.address import InviteLink
from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.errors import WherryError

from .dht import Dht, Endpoint
from .errors import BootstrapUnreachable
from .settings import BootstrapEntry

log = logging.getLogger(__name__)

#: Seconds between tries while nobody answers; doubled each time, up to the second.
RETRY_S: Final = 0.5
RETRY_MOST_S: Final = 30.0
#: Seconds between looks at whether anybody is left.
WATCH_S: Final = 5.0
#: Seconds that a first dial waits for the DHT to be joined: two tries.
FIRST_S: Final = 3.0
#: Endpoints that are asked for a record while there is no introducer.
NAMED: Final = 4
#: Endpoints that are offered as introducers at once: more would only be knocked on for nothing.
CANDIDATES: Final = 32


class Joining:
    """Knows whom to ask, and asks. `run` is its one task, owned by the node.

    :param dht: the one of now; after a suspension it is another.
    :param is_own: whether a host and port are our own, which are never asked.
    """

    def __init__(
        self,
        dht: Callable[[], Dht],
        *,
        is_own: Callable[[str, int], bool],
    ) -> None:
        self._dht, self._is_own = dht, is_own
        self._contacts: dict[Endpoint, None] = {}
        self._endpoints: dict[EndpointAddress, None] = {}
        self._wake = asyncio.Event()
        self.joined = asyncio.Event()
        #: Set when everybody was asked and nobody answered; None again when somebody has.
        self.failed: BootstrapUnreachable | None = None

    @property
    def alone(self) -> bool:
        """Whether nobody at all is known to ask."""
        return not self._contacts and not self._endpoints

    def add(self, entry: BootstrapEntry) -> None:
        """One more to ask: from a link that was typed, from the local network."""
        if isinstance(entry, InviteLink):
            for via in entry.vias:
                self.add(via)
            return
        if self._is_own(entry.host, entry.port):
            return
        if isinstance(entry, EndpointAddress):
            self._endpoints.setdefault(entry)
            if not entry.tls:
                self._contacts.setdefault(Endpoint(entry.host, entry.port))
        else:
            self._contacts.setdefault(Endpoint(entry.host, entry.port))
        self._wake.set()

    def remember(self, contacts: Iterable[UdpAddress], endpoints: Iterable[EndpointAddress]) -> None:
        """Whoever was met before."""
        for contact in contacts:
            self.add(contact)
        for endpoint in endpoints:
            self._endpoints.setdefault(endpoint)

    def notice(self) -> None:
        """Somebody came into the DHT's table."""
        self._wake.set()

    async def run(self) -> None:
        """Join the DHT, and join it again whenever nobody is left in it, until cancelled."""
        retry_s = RETRY_S
        while True:
            if self._dht().contacts():
                self.joined.set()
                self.failed = None
                retry_s = RETRY_S
                await asyncio.sleep(WATCH_S)
                continue
            self.joined.clear()
            self._wake.clear()
            if self._contacts and await self._ask():
                continue
            if silent := [*map(str, self._contacts), *(self._secure() if retry_s > FIRST_S else ())]:
                asked = ", ".join(silent[:NAMED])
                self.failed = BootstrapUnreachable(f"{asked} {'does' if len(silent) == 1 else 'do'} not reply")
            try:
                async with asyncio.timeout(retry_s):
                    await self._wake.wait()
            except TimeoutError:
                retry_s = min(retry_s * 2, RETRY_MOST_S)

    async def wait(self) -> None:
        """Wait until the DHT is joined, if anybody is known to join through, but not for long."""
        if self._contacts and not self.joined.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.joined.wait(), FIRST_S)

    def named(self) -> list[EndpointAddress]:
        """Endpoints to ask while we have no introducer: those of links and of the configuration come first."""
        return list(self._endpoints)[:NAMED]

    async def introducer_candidates(self) -> list[EndpointAddress]:
        """Endpoints that may take a reservation: those named, then whoever is in the DHT."""
        found = dict(self._endpoints)
        for contact in self._dht().contacts():
            found.setdefault(EndpointAddress(contact.endpoint.host, contact.endpoint.port))
        return [one for one in found if not self._is_own(one.host, one.port)][:CANDIDATES]

    def _secure(self) -> list[str]:
        """Endpoints behind TLS, which are no way into the DHT: the introducers have knocked there meanwhile."""
        return [one.authority for one in self._endpoints if one.tls]

    async def _ask(self) -> bool:
        try:
            return await self._dht().bootstrap(list(self._contacts)) > 0
        except WherryError as error:
            log.debug("not joined: %s", error.code)
            return False
