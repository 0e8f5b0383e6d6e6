"""The post: whatever is to reach a peer, connected or not, is given to it, and comes out of it at the other end, once.

::

    features (friends, messages, invitations)
        │ send, whisper                 ▲ serve, settled, held
        ▼                               │
      Post ── one Courier per pair ── Ways ──> connection, introducers, mailboxes
        └──── Receiver <── letters from any way

An item is kept before `send` returns; from then on it is the post's matter, through restarts. The state of a pair rests
in the store and is written together with its effect; a pair in memory is only a copy.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from types import TracebackType

from wherry_signaling.domains import Purpose
from wherry_signaling.envelope import Envelope
from wherry_signaling.errors import CannotOpen, NotForUs, RemoteError, WherryError
from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import Retry, decode_message, decode_retry
from wherry_signaling.rates import Rates
from wherry_signaling.scope import Scope
from wherry_signaling.tags import envelope_name
from wherry_signaling.tasks import Tasks

from ..errors import LimitExceeded, OutboxFull
from ..store.database import Database
from .asides import Asides
from .carrying import Carrying
from .courier import Courier
from .handlers import After, Handlers, Held, Settle, Take
from .keys import Keys
from .limits import (
    LETTERS_FROM_PEER_S,
    LETTERS_FROM_STRANGERS_S,
    LIFETIME_S,
    MESSAGE_BYTES,
    OPENED,
    OPENED_S,
    PAIRS,
    PIECE_BYTES,
    REFUSALS_S,
    RETRY_S,
    STRANGERS,
    STRANGERS_STEP,
    SWEEP_STEP,
    WAITING_BYTES,
    WAITING_ITEMS,
    WHISPER_S,
)
from .mail_store import MailStore
from .packets import Item
from .pair import Pair
from .pieces import cut
from .receiving import Learn, Receiver
from .sending import Sender
from .troubles import Troubles
from .ways import Ways

log = logging.getLogger(__name__)


class Post:
    """See the module; an async context manager, whose couriers run while it is open. It may be entered again.

    :param mail: the tables of `database`; without a lock, if it is not given.
    :param is_known: whether a peer is somebody we deal with: strangers share a small allowance.
    :param learn: takes the signed records that come with letters.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        identity: Identity,
        database: Database,
        mail: MailStore | None = None,
        *,
        ways: Ways,
        is_known: Callable[[PeerId], bool],
        learn: Learn,
        wall_clock: Callable[[], float],
        random: Callable[[int], bytes],
    ) -> None:
        self._identity, self._database, self._ways = identity, database, ways
        self._is_known, self._wall_clock, self._random = is_known, wall_clock, random
        self.mail = mail or MailStore(database)
        #: Our prekeys.
        self.keys = Keys(identity, database, self.mail, wall_clock=wall_clock, random=random)
        self.handlers = Handlers()
        self._asides = Asides(identity, ways, random)
        self.troubles = Troubles(lambda: asyncio.get_running_loop().time())
        self._sender = Sender(identity, database, self.mail, random, self.troubles.sent)
        self._receiver = Receiver(
            database,
            self.mail,
            self.handlers,
            is_known=is_known,
            wall_clock=wall_clock,
            learn=learn,
            epoch=self._epoch,
            random=random,
        )
        self._carrying = Carrying(self._load, self._courier)
        self._peers = Rates(LETTERS_FROM_PEER_S, remembered=PAIRS)
        self._strangers = Rates(LETTERS_FROM_STRANGERS_S, remembered=1)
        self._fulls = Rates(REFUSALS_S, remembered=PAIRS)
        self._tasks = Tasks("post")
        self._open = False
        self._new_strangers = self._letters = 0
        #: Letters that were opened and made no sense.
        self.refused = 0

    async def __aenter__(self) -> Post:
        self._fulls = Rates(REFUSALS_S, remembered=PAIRS)
        self._tasks = Tasks("post")
        self._open = True
        self._carrying.begin(self._tasks)
        self._sweep()
        for peer in self.mail.unsettled():
            self._carrying.carry(self._carrying.pair(peer))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        await self._tasks.close()
        self._carrying.end()

    # -- for features -------------------------------------------------------------------------------------------------

    def serve(self, kind: int, take: Take, *, settled: Settle | None = None, held: Held | None = None) -> None:
        """Let `take` have the items of a kind; `settled` and `held` hear of our own ones (handlers.py)."""
        self.handlers.serve(kind, take, settled=settled, held=held)

    def send(
        self, peer: PeerId, kind: int, body: bytes, *, item: bytes | None = None, lifetime_s: float = LIFETIME_S
    ) -> bytes:
        """Keep an item for a peer; returns its id once it is kept. It goes in the background, until it is settled.

        In a transaction of the caller's it is kept with that, or not at all.

        :param item: its id, 16 bytes; drawn if there is none.
        :raises LimitExceeded: if it is larger than may be.
        :raises OutboxFull: if too much waits for the peer already.
        :raises DiskFull, DatabaseCorrupt, HomeUnusable: if it cannot be kept.
        """
        if len(body) > MESSAGE_BYTES + PIECE_BYTES:
            raise LimitExceeded(f"{len(body)} bytes; {MESSAGE_BYTES} is the most", hint="Send it as a file.")
        items, size = self.mail.waiting(peer)
        if items >= WAITING_ITEMS or size + len(body) > WAITING_BYTES:
            raise OutboxFull(f"{items} items wait for {peer.short}", peer=str(peer))
        item = self._random(16) if item is None else item
        expires = int(self._wall_clock() + lifetime_s)
        pair = self._carrying.pair(peer)
        try:
            with self._database.write():
                bodies = list(cut(kind, body))
                for one in bodies or [body]:
                    entry = pair.outgoing.add(item, kind, expires=expires, size=len(one), piece=bool(bodies))
                    self.mail.put(peer, entry, one)
                if bodies:
                    pair.pieces[item] = len(bodies)
                pair.keep()
                self._database.after_undo(lambda: self._carrying.forget(peer))
                self._database.after_commit(lambda: self._carrying.carry(pair))
        except WherryError:
            self._carrying.forget(peer)
            raise
        return item

    def whisper(self, peer: PeerId, kind: int, body: bytes) -> None:
        """Say something that is worth nothing later: over the open connection, or not at all."""
        if self._open and self._ways.connected(peer) and len(self._tasks) < PAIRS:
            self._tasks.start(self._whisper(peer, kind, body), "whisper")

    def withdraw(self, peer: PeerId, item: bytes) -> None:
        """Ask the recipient to take an item for void.

        Its `settled` handler hears the end of it.
        """
        pair = self._carrying.pair(peer)
        with self._database.write():
            self.mail.void(peer, pair.outgoing.void(item))
            self._database.after_undo(lambda: self._carrying.forget(peer))
        pair.poke()

    def waits_for(self, peer: PeerId) -> int:
        """How many items wait for a peer."""
        return self.mail.waiting(peer)[0]

    # -- from the node ------------------------------------------------------------------------------------------------

    def notice(self, peer: PeerId) -> None:
        """A way to the peer has opened, or may have: what waits is tried again now."""
        pair = self._carrying.live(peer)
        if pair is not None:
            pair.absent_until = float("-inf")
            pair.all_again()
            self._carrying.carry(pair)
        elif self.mail.waiting(peer)[0]:
            self._carrying.carry(self._carrying.pair(peer))

    def notice_all(self) -> None:
        """The network has changed."""
        for peer in self._carrying.carried():
            self.notice(peer)

    def deliver(
        self, sealed: bytes, envelope: Envelope, scope: Scope = Scope.GLOBAL, *, collected: bool = False
    ) -> bool:
        """Take a letter that came by any way, opened and verified; whether it was accepted.

        Not accepted and not here look alike to who sent it, and it tries another way.

        :param scope: how near it came from: records in it lead no nearer.
        :param collected: from a mailbox, where what is not accepted stays: a friend's letters have passed its limits
            already, and those of all strangers share one allowance whichever way they come.
        """
        peer = envelope.sender
        if self.troubles.take(envelope):
            return True
        if not self._open or peer == self._identity.id or not self._may_write(peer, collected=collected):
            return False
        pair = self._carrying.pair(peer)
        self._letters += 1
        try:
            if self._letters % SWEEP_STEP == 0:
                self._sweep()
            after = self._take(pair, sealed, envelope, scope)
        except RemoteError as error:  # nonsense: it is as well here as elsewhere
            self.refused += 1
            log.debug("a letter of %s: %s", peer.short, error.code)
            return True
        except WherryError as error:
            log.warning("a letter cannot be kept: %s", error)
            self._carrying.forget(peer)
            self._say_full(peer, envelope_name(sealed))
            return False
        self.troubles.heard(peer)
        pair.heard = asyncio.get_running_loop().time()
        for one in after:
            one()
        self._carrying.carry(pair)
        return True

    def _sweep(self) -> None:
        self.mail.sweep(self._wall_clock(), opened_s=OPENED_S, opened=OPENED)

    def _take(self, pair: Pair, sealed: bytes, envelope: Envelope, scope: Scope) -> list[After]:
        if envelope.purpose is Purpose.RETRY:
            self._begin_anew(pair, decode_retry(envelope.payload))
            return []
        message = decode_message(envelope.payload)
        try:
            return self._receiver.open(pair, message, envelope_name(sealed), scope)
        except (CannotOpen, NotForUs):
            self._ask_retry(pair, message.session)
            return []

    def _say_full(self, peer: PeerId, name: bytes) -> None:
        """Tell a sender why, where that is known: without a word it would take us for away."""
        if self._fulls.take(peer.key, asyncio.get_running_loop().time()):
            self._tasks.start(self._asides.refuse(peer, name), "refuse a letter")

    def _may_write(self, peer: PeerId, *, collected: bool) -> bool:
        now = asyncio.get_running_loop().time()
        if not self._is_known(peer) and not self._strangers.take(b"", now):
            return False
        return collected or self._peers.take(peer.key, now)

    # -- fresh starts -------------------------------------------------------------------------------------------------

    def _begin_anew(self, pair: Pair, retry: Retry) -> None:
        """The peer could not open our letters: what it holds of them is worth nothing, so all is packed again."""
        now = asyncio.get_running_loop().time()
        if now - pair.took_retry < RETRY_S / 2:
            return
        with self._database.write():
            if not pair.sessions.retried(retry, self._random):
                return
            pair.took_retry = now
            pair.keep()
            self.mail.forget_deposits(pair.peer)
        pair.all_again()

    def _ask_retry(self, pair: Pair, session: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if now - pair.asked_retry < RETRY_S or len(self._tasks) >= PAIRS:
            return
        pair.asked_retry = now
        with self._database.write():
            retry = self.keys.retry(session, one_time=self._is_known(pair.peer))
        self._tasks.start(self._asides.ask_anew(pair.peer, retry), "retry")

    async def _whisper(self, peer: PeerId, kind: int, body: bytes) -> None:
        item = Item(0, kind, self._random(16), int(self._wall_clock()) + WHISPER_S, body)
        try:
            key = await self._ways.sealing_key(peer)
            pair = self._carrying.pair(peer)  # only now: it may have been read anew meanwhile
            if pair.sessions.needs_bundle:
                return  # it is said again with the first letter
            await self._ways.over_connection(peer, self._sender.whisper(pair, item, key))
        except WherryError as error:
            log.debug("not whispered to %s: %s", peer.short, error.code)

    # -- pairs --------------------------------------------------------------------------------------------------------

    def _epoch(self, above: int) -> int:
        return max(above + 1, int(self._wall_clock() * 1000))

    def _load(self, peer: PeerId) -> Pair:
        self._count_strangers(peer)
        return Pair(self._identity, peer, self.mail, epoch=lambda: self._epoch(0), wall_clock=self._wall_clock)

    def _courier(self, pair: Pair) -> Courier:
        return Courier(
            pair,
            sender=self._sender,
            ways=self._ways,
            database=self._database,
            mail=self.mail,
            handlers=self.handlers,
            is_known=self._is_known,
            wall_clock=self._wall_clock,
            random=self._random,
        )

    def _count_strangers(self, peer: PeerId) -> None:
        """Now and then, forget those who wrote once and are nobody to us."""
        if self._is_known(peer):
            return
        self._new_strangers += 1
        if self._new_strangers % STRANGERS_STEP == 0 and self._open:
            self._tasks.start(self._forget_strangers(), "forget strangers")

    async def _forget_strangers(self) -> None:
        for peer in self.mail.forget_strangers(STRANGERS, self._is_known):
            self._carrying.forget(peer)
