"""From letters to items: opened by the ratchet, checked, handed on, all in one transaction. No way is touched here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from wherry_signaling.errors import Malformed, VersionMismatch
from wherry_signaling.identity import PeerId
from wherry_signaling.letters import Message
from wherry_signaling.scope import Scope

from ..store.database import Database
from .handlers import After, Handlers, Void
from .incoming import KNOWN, STRANGER
from .limits import EPOCH_AHEAD_S, LIFETIME_S, PIECES_BYTES, WHISPERS
from .mail_store import MailStore
from .packets import Ack, Item, Kind, Packet, Reason, decode
from .pair import Pair
from .pieces import decode_fragment

log = logging.getLogger(__name__)

#: Takes a signed record that came with a letter of that peer, from so near; what is wrong with it is its matter.
Learn = Callable[[PeerId, bytes, Scope], None]


class Receiver:
    """Opens letters, and settles what acknowledgements name.

    :param wall_clock: seconds since 1970 by network time.
    :param is_known: whether a peer is somebody we deal with; of others, less is kept.
    :param learn: takes the signed records that come in packets.
    :param epoch: a new epoch of our own numbering, higher than `above`.
    """

    def __init__(
        self,
        database: Database,
        mail: MailStore,
        handlers: Handlers,
        *,
        is_known: Callable[[PeerId], bool],
        wall_clock: Callable[[], float],
        learn: Learn,
        epoch: Callable[[int], int],
        random: Callable[[int], bytes],
    ) -> None:
        self._database, self._mail, self._handlers, self._is_known = database, mail, handlers, is_known
        self._wall_clock, self._learn, self._epoch, self._random = wall_clock, learn, epoch, random

    def open(self, pair: Pair, message: Message, name: bytes, scope: Scope) -> list[After]:
        """Take a letter in; what it returns is to be run once this is over.

        A letter that was opened before is only answered.

        :raises CannotOpen, NotForUs: if the ratchet cannot open it.
        :raises DiskFull, DatabaseCorrupt, HomeUnusable: if it cannot be kept. The pair must be read again then.
        """
        if self._mail.was_opened(name):
            pair.ack_due = True
            return []
        after: list[After] = []
        with self._database.write():
            plaintext = pair.sessions.decrypt(message, self._mail, self._random)
            self._mail.keep_opened(name, self._wall_clock())
            try:
                packet = decode(plaintext)
            except (Malformed, VersionMismatch) as error:
                log.debug("a packet of %s: %s", pair.peer.short, error)
            else:
                after = list(self._take(pair, packet, scope))
            pair.keep()
        return after

    def _take(self, pair: Pair, packet: Packet, scope: Scope) -> Iterable[After]:
        for document in packet.documents:
            self._learn(pair.peer, document, scope)
        if packet.ack is not None:
            yield from self._settle(pair, packet.ack)
        before = dict(pair.incoming.voided)
        known = {
            item.id for item in packet.items if item.kind == Kind.VOID and self._handlers.known(pair.peer, item.id)
        }
        now = self._wall_clock()
        room = KNOWN if self._is_known(pair.peer) else STRANGER
        taken = pair.incoming.take(packet.epoch, packet.floor, packet.items, now, known, room)
        for item in taken.late:
            yield from self._hand_on(pair, item, report=False)
        whispers = 0
        for item in taken.ready:
            whispers += not item.number
            if item.number or whispers <= WHISPERS:
                yield from self._hand_on(pair, item, report=True)
        if taken.hold or taken.released or pair.incoming.voided != before:
            self._mail.keep_incoming(
                pair.peer,
                hold=taken.hold.values(),
                released=taken.released,
                voided=pair.incoming.voided,
                before=before,
            )
        if any(item.number for item in packet.items):
            pair.ack_due = True

    # -- their items --------------------------------------------------------------------------------------------------

    def _hand_on(self, pair: Pair, item: Item, *, report: bool) -> Iterable[After]:
        try:
            with self._database.write():
                after = self._whole(pair.peer, item)
        except (Void, Malformed) as error:
            if report:
                pair.incoming.refuse(item, error.reason if isinstance(error, Void) else Reason.MALFORMED)
            return
        if after is not None:
            yield after

    def _whole(self, peer: PeerId, item: Item) -> After | None:
        if (item.kind in _WHISPERED) is (item.number > 0):
            raise Void(Reason.MALFORMED)
        if item.kind == Kind.VOID:
            return None  # what it asks about was handed on long ago
        if item.kind != Kind.FRAGMENT:
            return self._handlers.take(peer, item)
        fragment = decode_fragment(item.body)
        whole = Item(item.number, fragment.kind, item.id, item.expires, b"")
        self._handlers.admit(peer, whole)
        if not self._is_known(peer):
            raise Void(Reason.FULL)  # of a stranger, what fits into one item
        if self._mail.pieces_bytes(peer) + len(fragment.piece) > PIECES_BYTES:
            raise Void(Reason.FULL)
        expires = min(item.expires, int(self._wall_clock() + LIFETIME_S))  # theirs is whatever they say
        here = self._mail.keep_piece(peer, item.id, fragment.index, fragment.piece, expires)
        if here < fragment.count:
            return None
        body = self._mail.take_pieces(peer, item.id)
        return self._handlers.take(peer, Item(item.number, fragment.kind, item.id, item.expires, body))

    # -- ours ---------------------------------------------------------------------------------------------------------

    def _settle(self, pair: Pair, ack: Ack) -> Iterable[After]:
        """Take the recipient's word on our items. Of several pieces, one that is void makes the whole void."""
        outgoing, peer = pair.outgoing, pair.peer
        if ack.epoch > (self._wall_clock() + EPOCH_AHEAD_S) * 1000:
            return  # an epoch beyond that could not be told to anybody
        if outgoing.forgotten(ack):
            outgoing.renumber(self._epoch(max(outgoing.epoch, ack.epoch)))
            self._mail.renumber(peer, outgoing)
            pair.all_again()
            pair.poke()
            return
        settled = outgoing.acked(ack)
        self._mail.settle(peer, (one.entry for one in settled))
        for one in settled:
            entry = one.entry
            if not entry.piece:
                after = self._handlers.settled(peer, entry.kind, entry.id, one.reason)
            elif one.reason is not None:
                after = self._give_up(pair, entry.id, entry.kind, one.reason)
            else:
                if entry.reported or entry.id not in pair.pieces:
                    continue
                pair.pieces[entry.id] -= 1
                if pair.pieces[entry.id] != 0:
                    continue
                del pair.pieces[entry.id]
                after = self._handlers.settled(peer, entry.kind, entry.id, None)
            if after is not None:
                yield after

    def _give_up(self, pair: Pair, item: bytes, kind: int, reason: int) -> After | None:
        """One piece is void: so is the whole, and its other pieces are not worth sending."""
        if item not in pair.pieces:
            return None  # said already
        del pair.pieces[item]
        self._mail.void(pair.peer, pair.outgoing.void(item, reported=True))
        return self._handlers.settled(pair.peer, kind, item, reason)


_WHISPERED = frozenset((Kind.TYPING, Kind.PRESENCE))
