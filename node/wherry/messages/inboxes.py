"""Other peers' inbox records: where what is written to them is kept, and the keys to begin with. The newest wins."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from wherry_signaling.domains import Purpose
from wherry_signaling.errors import RemoteError, WherryError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import InboxRecord, check_document
from wherry_signaling.scope import Scope
from wherry_signaling.tasks import gather_first

from ..connect.limits import LOOK_UP_S
from ..connect.records import SETTLE_S, Source, introducers_not_nearer
from ..errors import PeerNotFound
from .mail_store import MailStore

log = logging.getLogger(__name__)


class Inboxes:
    """Finds inbox records, and keeps the newest of each peer in the store.

    :param me: a mailbox of theirs that is ourselves does not count: what we leave there goes when we go.
    :param sources: whom to ask, at the time of asking.
    :param ask_peer: the peer's own word over the open connection, and how near that leads; None where there is none.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self,
        me: PeerId,
        mail: MailStore,
        *,
        sources: Callable[[], Sequence[Source]],
        ask_peer: Callable[[PeerId], Awaitable[tuple[bytes, Scope] | None]],
        wall_clock: Callable[[], float],
    ) -> None:
        self._me, self._mail, self._sources, self._ask_peer, self._wall_clock = me, mail, sources, ask_peer, wall_clock

    def get(self, peer: PeerId) -> InboxRecord | None:
        """What is known now, without asking anybody; mailboxes that lie nearer than who told us are left out."""
        document, scope = self._mail.inbox(peer)
        record = self._checked(document, peer)
        if record is None:
            return None
        mailboxes = introducers_not_nearer(record.mailboxes, scope)
        return replace(record, mailboxes=tuple(one for one in mailboxes if one.endpoints and one.peer != self._me))

    def learn(self, document: bytes, of: PeerId, scope: Scope) -> bool:
        """Take a document from anywhere; whether it is one of that peer's, and not older than what is known.

        :param scope: how near it came from.
        """
        kept, before = self._mail.inbox(of)
        record, known = self._checked(document, of), self._checked(kept, of)
        if record is None or (known is not None and known.sequence > record.sequence):
            return False
        if known is None or known.sequence < record.sequence or (document == kept and scope < before):
            self._mail.keep_inbox(of, document, scope)
        return True

    async def find(self, peer: PeerId, *, fresh: bool) -> InboxRecord:
        """The newest record of a peer.

        :param fresh: ask, whatever is remembered.
        :raises PeerNotFound: if there is none.
        """
        known = self.get(peer)
        if known is not None and not fresh:
            return known
        await self._ask_all(peer)
        known = self.get(peer)
        if known is None:
            raise PeerNotFound(f"no inbox record of {peer.short} is to be had", peer=str(peer))
        return known

    async def _ask_all(self, peer: PeerId) -> None:
        questions = [self._ask_peer(peer), *(_ask_source(one, peer) for one in self._sources())]
        await gather_first((self._ask(question, peer) for question in questions), LOOK_UP_S, SETTLE_S)

    async def _ask(self, question: Awaitable[tuple[bytes, Scope] | None], peer: PeerId) -> bool:
        try:
            answer = await question
        except WherryError as error:  # a source that was closed meanwhile, too
            log.debug("no inbox record of %s: %s", peer.short, error.code)
            return False
        return answer is not None and self.learn(answer[0], peer, answer[1])

    def _checked(self, document: bytes, peer: PeerId) -> InboxRecord | None:
        if not document:
            return None
        try:
            record = check_document(document, self._wall_clock()).record
        except RemoteError:
            return None
        return record if isinstance(record, InboxRecord) and record.peer == peer else None


async def _ask_source(source: Source, peer: PeerId) -> tuple[bytes, Scope] | None:
    document = await source.ask(Purpose.INBOX_RECORD, peer)
    return None if document is None else (document, source.scope)
