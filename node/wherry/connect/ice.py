"""Which STUN servers to use: those of other peers, and only live ones.

aiortc waits five seconds for a dead STUN server, and Chromium for ever: so each is asked by ourselves first, with one
Binding request (RFC 8489 §6), and the quickest that answers is used. There is no other server in any default.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from wherry_signaling.scope import Scope, parse_ip, scope_of

from ..connection import IceServer
from .limits import STUN_FRESH_S, STUN_PROBE_S

_MAGIC: Final = bytes.fromhex("2112a442")
_BINDING_REQUEST: Final = bytes.fromhex("0001")
_BINDING_RESPONSE: Final = bytes.fromhex("0101")
#: Servers that are asked at once: the quickest of a few is quick enough.
PROBES: Final = 6


@dataclass(frozen=True, slots=True)
class _Live:
    server: IceServer
    rtt_s: float
    until: float


class IceServers:
    """Live STUN servers.

    :param known: URLs (``stun:host:port``) that introducers and DHT contacts told us of, at the time of asking.
    """

    def __init__(self, known: Callable[[], Sequence[str]]) -> None:
        self._known = known
        self._live: dict[str, _Live] = {}
        self._dead_until: dict[str, float] = {}

    async def __call__(self) -> Sequence[IceServer]:
        """At most one server, since aiortc uses the first alone; none where all are on this machine, or dead."""
        now = asyncio.get_running_loop().time()
        urls = [url for url in dict.fromkeys(self._known()) if _useful(url)]
        fresh = [live for url in urls if (live := self._live.get(url)) is not None and live.until > now]
        if not fresh:
            unasked = [url for url in urls if self._dead_until.get(url, 0) <= now][:PROBES]
            fresh = await self._probe_all(unasked)
        return [min(fresh, key=lambda live: live.rtt_s).server] if fresh else []

    async def _probe_all(self, urls: Sequence[str]) -> list[_Live]:
        if not urls:
            return []
        results = await asyncio.gather(*(probe(*_target(url)) for url in urls))
        now = asyncio.get_running_loop().time()
        found = []
        for url, rtt_s in zip(urls, results, strict=True):
            if rtt_s is None:
                self._dead_until[url] = now + STUN_FRESH_S / 10
            else:
                live = self._live[url] = _Live(IceServer(url=url), rtt_s, now + STUN_FRESH_S)
                found.append(live)
        return found

    def forget(self) -> None:
        """The network has changed: all have to be asked again."""
        self._live.clear()
        self._dead_until.clear()


async def probe(host: str, port: int) -> float | None:
    """Seconds a STUN server takes to answer, or None if it does not within `STUN_PROBE_S`."""
    loop = asyncio.get_running_loop()
    transaction = secrets.token_bytes(12)
    answered: asyncio.Future[None] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Probe(transaction, answered), remote_addr=(host, port)
        )
    except OSError:
        return None
    start = loop.time()
    try:
        transport.sendto(_BINDING_REQUEST + bytes(2) + _MAGIC + transaction)
        async with asyncio.timeout(STUN_PROBE_S):
            await answered
    except (TimeoutError, OSError):
        return None
    finally:
        transport.close()
    return loop.time() - start


class _Probe(asyncio.DatagramProtocol):
    def __init__(self, transaction: bytes, answered: asyncio.Future[None]) -> None:
        self._transaction, self._answered = transaction, answered

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        """Only the answer to our very question counts."""
        is_answer = data[:2] == _BINDING_RESPONSE and data[4:20] == _MAGIC + self._transaction
        if is_answer and not self._answered.done():
            self._answered.set_result(None)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        if not self._answered.done():
            self._answered.set_exception(exc)


def _target(url: str) -> tuple[str, int]:
    host, _, port = url.removeprefix("stun:").rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _useful(url: str) -> bool:
    """Whether a URL is a STUN server's that may see us from outside; aioice takes no IPv6 literal in one."""
    host, _, port = url.removeprefix("stun:").rpartition(":")
    if not url.startswith("stun:") or not port.isdecimal() or not 0 < int(port) < 65536:
        return False
    address = parse_ip(host)
    return address is not None and address.version == 4 and scope_of(host) in (Scope.PRIVATE, Scope.GLOBAL)
