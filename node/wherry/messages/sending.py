"""From items to letters: packets of what is due, encrypted by the ratchet, signed, sealed. No way is touched here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from wherry_signaling.identity import Identity, PeerId
from wherry_signaling.letters import seal_letter
from wherry_signaling.tags import envelope_name

from ..store.database import Database
from .limits import PACKET_BYTES, PACKET_OVERHEAD
from .mail_store import MailStore
from .outgoing import Entry, pack
from .packets import Item, Packet, encode
from .pair import Pair


@dataclass(frozen=True, slots=True)
class Letter:
    """A sealed envelope, and the items in it."""

    sealed: bytes
    entries: tuple[Entry, ...]


class Sender:
    """Makes letters.

    :param random: so many random bytes.
    :param made: told the name of each letter, and whom it is for.
    """

    def __init__(
        self,
        identity: Identity,
        database: Database,
        mail: MailStore,
        random: Callable[[int], bytes],
        made: Callable[[bytes, PeerId], None],
    ) -> None:
        self._identity, self._database, self._mail, self._random = identity, database, mail, random
        self._made = made

    def letters(
        self, pair: Pair, entries: Iterable[Entry], documents: Sequence[bytes], sealing_key: bytes
    ) -> Iterator[Letter]:
        """Letters with these items, in order; one with the acknowledgement alone, if there is none but that is due.

        The ratchet's new state is kept before a letter is given away, so that no crash lets it take a step twice.
        What is settled while the letters are made is left out.
        """
        budget = PACKET_BYTES - PACKET_OVERHEAD - sum(map(len, documents))
        batches = list(pack(entries, budget))
        if not batches and pair.ack_due:
            batches = [[]]
        for batch in batches:
            left = tuple(one for one in batch if pair.outgoing.get(one.number) == one)
            if left or not batch:
                yield self._letter(pair, left, documents, sealing_key)

    def whisper(self, pair: Pair, item: Item, sealing_key: bytes) -> bytes:
        """A letter with one item that has no number."""
        return self._seal(pair, [item], (), sealing_key)

    def _letter(self, pair: Pair, entries: tuple[Entry, ...], documents: Sequence[bytes], sealing_key: bytes) -> Letter:
        peer = pair.peer
        bodies = {one.number: b"" if one.voiding else self._mail.body(peer, one.number) for one in entries}
        items = [Item(one.number, one.wire_kind, one.id, one.expires, bodies[one.number]) for one in entries]
        sealed = self._seal(pair, items, documents, sealing_key)
        pair.ack_due = False
        return Letter(sealed, entries)

    def _seal(
        self,
        pair: Pair,
        items: list[Item],
        documents: Sequence[bytes],
        sealing_key: bytes,
    ) -> bytes:
        packet = Packet(
            epoch=pair.outgoing.epoch,
            floor=pair.outgoing.floor,
            ack=pair.incoming.ack() if pair.incoming.epoch else None,
            items=items,
            documents=list(documents),
        )
        # A power cut may undo this: then a key is used twice, with another nonce, and the recipient asks to begin anew.
        with self._database.write(durable=False):
            message = pair.sessions.encrypt(encode(packet), self._random)
            pair.keep()
        sealed = seal_letter(
            message,
            sender=self._identity,
            recipient=pair.peer,
            sealing_key=sealing_key,
            ephemeral_secret=self._random(32),
        )
        self._made(envelope_name(sealed), pair.peer)
        return sealed
