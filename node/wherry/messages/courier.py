"""Rounds for one peer: what is due goes by the quickest way there is, and by the next one where that does not do.

::

    over the open connection ──> through introducers ──> into the mailboxes ──> rest, then again
             (acknowledged within ACK_S: done)                    (twice as long as before, at most AGAIN_S)

Whatever is heard of the peer, a connection that opens, or a new item ends a rest. A round never decides what became of
an item: only the recipient's acknowledgement does, which the receiver takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import Introducer

from ..ratchet import Bundle
from ..store.database import Database
from .handlers import Handlers
from .leaving import to_leave
from .limits import ABSENT_S, ACK_S, AGAIN_S, INBOX_FRESH_S, MAILBOXES, STRANGER_ROUNDS
from .mail_store import MailStore
from .outgoing import Entry
from .pair import NEVER, Pair
from .sending import Letter, Sender
from .ways import Ways

log = logging.getLogger(__name__)


class Courier:
    """Carries one pair's letters, as long as `run` runs.

    :param is_known: whether a peer is somebody we deal with; a stranger is not run after.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        pair: Pair,
        *,
        sender: Sender,
        ways: Ways,
        database: Database,
        mail: MailStore,
        handlers: Handlers,
        is_known: Callable[[PeerId], bool],
        wall_clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self._pair, self._sender, self._ways, self._is_known = pair, sender, ways, is_known
        self._database, self._mail, self._handlers = database, mail, handlers
        self._wall_clock, self._random = wall_clock, random
        self._loop = asyncio.get_running_loop()
        self._again_s = AGAIN_S[0]
        self._way = 0
        self._tried_at = self._asked_at = NEVER

    async def run(self) -> None:
        """Make rounds until there is nothing to say any more, or nobody worth more of them to hear it."""
        for number in itertools.count():
            self._pair.poked.clear()
            try:
                self._expire()
                if number >= STRANGER_ROUNDS and not self._is_known(self._pair.peer):
                    self._pair.ack_due = False
                if not self._busy():
                    with self._database.write(durable=False):  # undone, it is said once more
                        self._pair.keep_quiet()
                    return
                rest_s = await self._round()
            except WherryError as error:  # such as a full disk: what waits stays, and is tried again
                log.debug("a round for %s: %s", self._pair.peer.short, error.code)
                rest_s = self._longer()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._pair.poked.wait()

    def _busy(self) -> bool:
        return self._pair.ack_due or len(self._pair.outgoing) > 0

    def _expire(self) -> None:
        changed = self._pair.outgoing.expire(self._wall_clock())
        if changed:
            self._mail.void(self._pair.peer, changed)

    def _longer(self) -> float:
        rest_s = self._again_s
        self._again_s = min(rest_s * 2, AGAIN_S[1])
        return rest_s

    async def _round(self) -> float:
        """Try what there is; returns for how long to rest."""
        pair, now = self._pair, self._loop.time()
        if pair.heard >= self._tried_at:
            self._way, self._again_s = 0, AGAIN_S[0]
        elif pair.overdue(now):
            self._way += 1
        due = pair.due(now)
        if not due and not pair.ack_due:
            return self._until_ack()
        for way in self._ways_from(self._way):
            if await way(due):
                self._tried_at = self._loop.time()
                return self._until_ack()
            self._way += 1
        await self._into_mailboxes(pair.due(self._loop.time()))
        pair.all_again()
        self._way, self._tried_at = 0, self._loop.time()
        return self._longer()

    def _ways_from(self, first: int) -> Sequence[Callable[[Sequence[Entry]], Awaitable[bool]]]:
        return (self._over_connection, self._through_introducers)[first:]

    def _until_ack(self) -> float:
        now = self._loop.time()
        timeout = self._pair.next_timeout(now)
        return self._longer() if timeout is None else timeout - now

    # -- the ways -----------------------------------------------------------------------------------------------------

    async def _over_connection(self, due: Sequence[Entry]) -> bool:
        if not self._ways.connected(self._pair.peer):
            return False
        return await self._give(due, self._ways.over_connection)

    async def _through_introducers(self, due: Sequence[Entry]) -> bool:
        pair = self._pair
        if pair.absent_until > self._loop.time():
            return False
        given = await self._give(due, self._ways.through_introducers)
        if not given:
            pair.absent_until = self._loop.time() + ABSENT_S
        return given

    async def _give(self, due: Sequence[Entry], way: Callable[[PeerId, bytes], Awaitable[None]]) -> bool:
        """Whether a way took all that is due."""
        pair = self._pair
        ack_due = pair.ack_due
        try:
            async for letter in self._letters(due):
                await way(pair.peer, letter.sealed)
                pair.went(letter.entries, self._loop.time() + ACK_S)
                ack_due = False
        except RemoteError as error:
            log.debug("%s to %s: %s", way.__name__, pair.peer.short, error.code)
            pair.ack_due = pair.ack_due or ack_due
            return False
        return True

    async def _letters(self, due: Sequence[Entry]) -> AsyncIterator[Letter]:
        """Letters with what is due; a session is begun if there is none."""
        peer, sessions = self._pair.peer, self._pair.sessions
        if sessions.needs_bundle:
            await self._begin()
        sealing_key = await self._ways.sealing_key(peer)
        for letter in self._sender.letters(self._pair, due, self._ways.documents(peer), sealing_key):
            yield letter

    async def _begin(self) -> None:
        """Begin a session by the peer's bundle: its signed prekey, and a one-time one if a mailbox hands one out."""
        pair = self._pair
        record = await self._ways.inbox(pair.peer, fresh=False)
        one_time = None
        for mailbox in record.mailboxes:
            try:
                one_time = await self._ways.take_prekey(mailbox, pair.peer)
                break
            except RemoteError as error:
                log.debug("no prekey of %s: %s", pair.peer.short, error.code)
        if pair.sessions.needs_bundle:  # it may have written to us meanwhile
            bundle = Bundle(prekey=record.prekey, one_time=one_time)
            pair.sessions.begin(bundle, self._random)

    async def _into_mailboxes(self, due: Sequence[Entry]) -> None:
        """Leave what is due in each of the peer's mailboxes that does not hold it yet."""
        pair = self._pair
        try:
            record = await self._ways.inbox(pair.peer, fresh=self._asked_at + INBOX_FRESH_S < self._loop.time())
        except RemoteError as error:
            log.debug("no inbox record of %s: %s", pair.peer.short, error.code)
            return
        self._asked_at = self._loop.time()
        leaving = to_leave(
            due,
            record.mailboxes[:MAILBOXES],
            self._mail.holders(pair.peer),
            ack_due=pair.ack_due,
            now=self._wall_clock(),
        )
        try:
            for mailboxes, entries in leaving.items():
                async for letter in self._letters(entries):
                    await self._leave(letter, mailboxes)
        except RemoteError as error:
            log.debug("nothing left for %s: %s", pair.peer.short, error.code)

    async def _leave(self, letter: Letter, mailboxes: Sequence[Introducer]) -> None:
        results = await asyncio.gather(
            *(self._ways.deposit(mailbox, self._pair.peer, letter.sealed) for mailbox in mailboxes),
            return_exceptions=True,
        )
        taken = []
        for mailbox, result in zip(mailboxes, results, strict=True):
            if isinstance(result, RemoteError):
                log.debug("mailbox %s of %s: %s", mailbox.peer.short, self._pair.peer.short, result.code)
            elif isinstance(result, BaseException):
                raise result
            else:
                taken.append(mailbox.peer)
        if not taken:
            self._pair.ack_due = self._pair.ack_due or not letter.entries
            return
        after = []
        with self._database.write(durable=False):  # undone, it is left there once more
            for holder in taken:
                self._mail.deposited(self._pair.peer, letter.entries, holder, self._wall_clock())
            holders = self._mail.holders(self._pair.peer)
            kinds = {entry.id: entry.kind for entry in letter.entries}
            fewest: dict[bytes, int] = {}  # of several pieces, the one that lies in the fewest mailboxes counts
            for entry in self._pair.outgoing:
                if entry.id in kinds:
                    here = len(holders.get(entry.number, ()))
                    fewest[entry.id] = min(here, fewest.get(entry.id, here))
            for item, held in fewest.items():
                after.append(self._handlers.held(self._pair.peer, kinds[item], item, held) if held else None)
        for one in after:
            if one is not None:
                one()
