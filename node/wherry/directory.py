"""Documents for whoever asks this node's endpoint: its registered peers' own, and the DHT's."""

from __future__ import annotations

from collections.abc import Callable

from wherry_signaling.domains import Purpose
from wherry_signaling.errors import RemoteError
from wherry_signaling.identity import PeerId
from wherry_signaling.record import Document, PeerRecord, check_document, dht_key
from wherry_signaling.server.directory import LocalDirectory

from .dht import Dht
from .errors import PublishFailed


class NodeDirectory:
    """A `wherry_signaling` Directory: our own record, what clients published here, and behind it the DHT.

    :param own: who we are.
    :param own_document: our signed document of a purpose, or nothing while there is none.
    :param wall_clock: seconds since 1970 by network time.
    """

    def __init__(
        self, own: PeerId, own_document: Callable[[Purpose], bytes], dht: Dht, wall_clock: Callable[[], float]
    ) -> None:
        self._own, self._own_document = own, own_document
        self._dht, self._wall_clock = dht, wall_clock
        self._local = LocalDirectory(wall_clock)

    async def look_up(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """The newest of what was published here and what the DHT has; None if neither has any."""
        if peer == self._own:
            return self._own_document(purpose) or None
        here = await self._local.look_up(purpose, peer)
        try:
            found = await self._dht.look_up(dht_key(purpose, peer))
        except RemoteError:
            return here
        if found.document is None or (here is not None and self._sequence(here) >= found.sequence):
            return here
        return found.document

    async def publish(self, document: Document) -> int:
        """Keep it here; and in the DHT, unless its publisher is a node of the DHT itself and does that.

        :raises StaleDocument: if a newer one was published here.
        """
        holders = await self._local.publish(document)
        if isinstance(document.record, PeerRecord) and document.record.dht:
            return holders
        try:
            published = await self._dht.publish(document.data)
        except (PublishFailed, RemoteError):
            return holders
        return holders + len(published.stored_at)

    def _sequence(self, document: bytes) -> int:
        try:
            return check_document(document, self._wall_clock()).record.sequence
        except RemoteError:
            return -1
