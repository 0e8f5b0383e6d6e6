"""What is said beside the packets, in no session: that a letter cannot be opened here, or cannot be kept."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import Retry, seal_letter
from wherry_signaling.signals import seal_signal

from .troubles import refusal
from .ways import Ways

log = logging.getLogger(__name__)


class Asides:
    """Says them once, by the first way that takes them; whoever did not hear is told again with its next letter.

    :param random: so many random bytes.
    """

    def __init__(self, identity: Identity, ways: Ways, random: Callable[[int], bytes]) -> None:
        self._identity, self._ways, self._random = identity, ways, random

    async def ask_anew(self, peer: PeerId, retry: Retry) -> None:
        """Letters of a session cannot be opened; into the mailboxes, too, since the peer may be away."""
        try:
            sealed = seal_letter(
                retry,
                sender=self._identity,
                recipient=peer,
                sealing_key=await self._ways.sealing_key(peer),
                ephemeral_secret=self._random(32),
            )
            if await self._handed(peer, sealed):
                return
            record = await self._ways.inbox(peer, fresh=False)
        except RemoteError as error:
            log.debug("no way to ask %s for a fresh start: %s", peer.short, error.code)
            return
        for mailbox in record.mailboxes:
            await _given(self._ways.deposit(mailbox, peer, sealed))

    async def refuse(self, peer: PeerId, name: bytes) -> None:
        """The letter of that name cannot be kept; worth nothing later."""
        try:
            sealed = seal_signal(
                refusal(name),
                sender=self._identity,
                recipient=peer,
                sealing_key=await self._ways.sealing_key(peer),
                ephemeral_secret=self._random(32),
            )
        except WherryError as error:
            log.debug("%s is not told: %s", peer.short, error.code)
            return
        await self._handed(peer, sealed)

    async def _handed(self, peer: PeerId, sealed: bytes) -> bool:
        """Whether the peer, being there, has taken it."""
        if self._ways.connected(peer) and await _given(self._ways.over_connection(peer, sealed)):
            return True
        return await _given(self._ways.through_introducers(peer, sealed))


async def _given(way: Awaitable[None]) -> bool:
    try:
        await way
    except RemoteError as error:
        log.debug("not given: %s", error.code)
        return False
    return True
