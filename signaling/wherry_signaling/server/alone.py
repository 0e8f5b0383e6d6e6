"""The introducer alone: an endpoint without a node behind it. It imports neither WebRTC nor the DHT.

It introduces peers to each other, keeps its clients' records in memory, answers STUN and serves the page. Its identity
rests in `<home>/identity.key`, so that its address stays the same when it is started again; what it keeps in its
mailboxes is in `<home>/kept.db`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import keyfile
from ..endpoints import EndpointAddress
from ..identity import Identity
from ..sockets import SocketAddress
from .descriptors import raise_descriptor_limit
from .endpoint import Endpoint


async def run_introducer(
    listen: SocketAddress,
    home: Path,
    *,
    announce: Sequence[EndpointAddress] = (),
    trust_forwarded_for: Sequence[str] = (),
    page: Path | None = None,
    ask: Callable[[], str] | None = None,
    ready: Callable[[Endpoint], None] = lambda endpoint: None,
) -> None:
    """Run an introducer until it is cancelled.

    :param home: folder of its key and its mailboxes, made if it is not there.
    :param ask: asks for the passphrase of a locked key.
    :param ready: called once it listens.
    :raises PortBusy, NoNetwork: if it cannot listen there.
    :raises MailboxUnusable: if the mailboxes' database cannot be opened.
    :raises HomeUnusable, IdentityCorrupt, IdentityLocked: if its key cannot be read or made.
    """
    raise_descriptor_limit()
    identity = await asyncio.to_thread(_identity, home, ask)
    async with Endpoint(
        identity,
        listen,
        announce=announce,
        trust_forwarded_for=trust_forwarded_for,
        mailboxes=home / "kept.db",
        page=page,
    ) as endpoint:
        ready(endpoint)
        await asyncio.Event().wait()


def _identity(home: Path, ask: Callable[[], str] | None) -> Identity:
    """The key in `home`; a new one where there is none."""
    path = home / "identity.key"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        keyfile.create(path, secrets.token_bytes(keyfile.SEED_BYTES))
    return Identity(keyfile.load(path, ask=ask))
