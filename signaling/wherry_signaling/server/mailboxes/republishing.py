"""Leaseholders' inbox records, published again while they are away: the DHT forgets what nobody stores.

One at a time, each twice a day; after a restart all of them: a mailbox that was away may be the last to have them.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ...errors import MailboxUnusable, RemoteError, WherryError
from ...limits import INBOX_AGAIN_S, INBOX_LOOK_S, INBOX_REPUBLISH_S
from ...record import check_document
from ..directory import Directory
from .mailboxes import Mailboxes

_log = logging.getLogger(__name__)


class Republisher:
    """Publishes what `mailboxes` has; `run` is its one task.

    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(self, mailboxes: Mailboxes, directory: Directory, wall_clock: Callable[[], float]) -> None:
        self._mailboxes, self._directory, self._wall_clock = mailboxes, directory, wall_clock
        self._due: dict[int, float] = {}

    async def run(self) -> None:
        """Publish until cancelled."""
        started = self._now()
        while True:
            try:
                await self._look(started)
            except MailboxUnusable as error:
                _log.warning("%s: %s", error.text, error.detail)
            await asyncio.sleep(INBOX_LOOK_S)

    async def _look(self, started: float) -> None:
        leases = self._mailboxes.recorded(self._wall_clock())
        self._due = {lease: self._due.get(lease, self._first_due(started)) for lease in leases}
        for lease in leases:
            if self._due[lease] <= self._now():
                self._due[lease] = self._now() + await self._publish(lease)

    def _first_due(self, started: float) -> float:
        """What was there at the start is published now; a newcomer's was just published by itself."""
        now = self._now()
        return now if now - started < INBOX_LOOK_S else now + INBOX_REPUBLISH_S

    async def _publish(self, lease: int) -> float:
        """Publish one; returns the seconds until it is to be done again."""
        data = self._mailboxes.record(lease)
        if data is None:
            return INBOX_REPUBLISH_S
        try:
            holders = await self._directory.publish(check_document(data, self._wall_clock()))
        except RemoteError as error:  # expired, or a newer one is known: its owner will come by with that
            _log.debug("an inbox record is not published: %s", error.code)
            return INBOX_REPUBLISH_S
        except WherryError as error:
            _log.debug("an inbox record could not be published: %s", error.code)
            return INBOX_AGAIN_S
        # One holder is ourselves alone: the DHT may not be there yet.
        return INBOX_REPUBLISH_S if holders > 1 else INBOX_AGAIN_S

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
