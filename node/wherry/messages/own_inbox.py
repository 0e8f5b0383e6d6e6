"""Our own inbox record: the prekey to begin with and the mailboxes that keep our mail, signed and published.

It lives for a month, so that who was away for weeks can still be written to; mailboxes publish it again meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence

from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import Identity
from wherry_signaling.limits import INBOX_RECORD_S
from wherry_signaling.record import InboxRecord, Introducer, check_document

from .keys import Keys
from .limits import INBOX_AGAIN_S, INBOX_RETRY_S

log = logging.getLogger(__name__)


class OwnInbox:
    """Makes the record and publishes it; `run` is its one task.

    :param mailboxes: what it is to name.
    :param look_up: our newest one in the network, or None.
    :param publish: stores a document; returns how many hold it.
    :param last_sequence, keep_sequence: the store's memory of our last sequence.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        identity: Identity,
        keys: Keys,
        *,
        mailboxes: Callable[[], Sequence[Introducer]],
        look_up: Callable[[], Awaitable[bytes | None]],
        publish: Callable[[bytes], Awaitable[int]],
        last_sequence: int,
        keep_sequence: Callable[[int], None],
        wall_clock: Callable[[], float],
    ) -> None:
        self._identity, self._keys, self._mailboxes = identity, keys, mailboxes
        self._look_up, self._publish, self._wall_clock = look_up, publish, wall_clock
        self._sequence, self._keep_sequence = last_sequence, keep_sequence
        self._looked_up = False
        self._document = b""
        self._said: tuple[object, ...] = ()
        self._lock = asyncio.Lock()
        self._poked = asyncio.Event()

    @property
    def document(self) -> bytes:
        """The record as it is now: a new one, of a higher sequence, where it would say something else."""
        saying = (self._keys.signed(), tuple(self._mailboxes()))
        if saying != self._said:
            self._make(saying)
        return self._document

    @property
    def sequence(self) -> int:
        """Of the record as it is now."""
        return self._sequence

    def poke(self) -> None:
        """Somebody new can be asked to store it."""
        self._poked.set()

    async def publish_now(self) -> None:
        """Store it; returns once somebody holds it.

        :raises RemoteError: if nobody does.
        """
        async with self._lock:
            if not self._looked_up:
                await self._learn_sequence()
            await self._publish(self.document)

    async def run(self) -> None:
        """Publish it at first, when it is poked, and twice a day."""
        while True:
            self._poked.clear()
            rest_s = INBOX_AGAIN_S
            try:
                self._make((self._keys.signed(), tuple(self._mailboxes())))
                await self.publish_now()
            except WherryError as error:  # a full disk, too: the next prekey is kept when there is room
                log.debug("inbox record not published: %s", error.code)
                rest_s = INBOX_RETRY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._poked.wait()

    async def _learn_sequence(self) -> None:
        """Another life of ours may have published higher ones."""
        try:
            document = await self._look_up()
            found = check_document(document, self._wall_clock()).record.sequence if document else 0
        except RemoteError as error:
            log.debug("own inbox record not looked up: %s", error.code)
            return
        self._looked_up = True
        if found > self._sequence:
            self._sequence = found
            self._said = ()

    def _make(self, saying: tuple[object, ...]) -> None:
        now = int(self._wall_clock())
        self._sequence += 1
        self._keep_sequence(self._sequence)
        self._document = InboxRecord(
            peer=self._identity.id,
            sequence=self._sequence,
            issued=now,
            expires=now + INBOX_RECORD_S,
            sealing_key=self._identity.sealing_public,
            prekey=self._keys.signed(),
            mailboxes=tuple(self._mailboxes()),
        ).sign(self._identity)
        self._said = saying
