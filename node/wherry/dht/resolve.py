"""Names of bootstrap nodes into addresses, without holding up the event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable

from wherry_signaling.errors import Malformed
from wherry_signaling.scope import parse_ip

from .endpoint import Endpoint, from_socket
from .limits import BOOTSTRAPS, RESOLVE_S


async def resolve(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """All addresses of all `endpoints`, each once, in order; names that lead nowhere are left out.

    The system's resolver runs in the event loop's thread pool; an IP address does not touch it.
    """
    found = await asyncio.gather(*(_resolve(endpoint) for endpoint in list(endpoints)[:BOOTSTRAPS]))
    return list(dict.fromkeys(endpoint for answers in found for endpoint in answers))[:BOOTSTRAPS]


async def _resolve(endpoint: Endpoint) -> list[Endpoint]:
    try:
        if parse_ip(endpoint.host) is not None:
            return [from_socket(endpoint)]
        async with asyncio.timeout(RESOLVE_S):
            answers = await asyncio.get_running_loop().getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError, Malformed):  # TimeoutError is an OSError
        return []
    return [from_socket((str(answer[4][0]), int(answer[4][1]))) for answer in answers]
