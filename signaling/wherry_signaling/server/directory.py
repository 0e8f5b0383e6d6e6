"""Where documents are looked up and published: the DHT, where a node brings one, else the endpoint's own memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..domains import Purpose
from ..errors import StaleDocument
from ..identity import PeerId
from ..limits import CLOCK_GRACE_S, LOCAL_DOCUMENTS
from ..record import Document


class Directory(Protocol):
    """Documents by purpose and peer."""

    async def look_up(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """The newest document that can be found; whoever asked checks it."""

    async def publish(self, document: Document) -> int:
        """Store a checked document; returns how many hold it.

        :raises StaleDocument: if a newer one is known.
        """


class LocalDirectory:
    """The documents that were published here, in memory: what an introducer alone has.

    :param clock: seconds since 1970 by network time.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._documents: dict[tuple[Purpose, PeerId], Document] = {}

    async def look_up(self, purpose: Purpose, peer: PeerId) -> bytes | None:
        """The newest that was published here and is within its lifetime."""
        document = self._documents.get((purpose, peer))
        if document is None:
            return None
        if document.record.expires < self._clock() - CLOCK_GRACE_S:
            del self._documents[purpose, peer]
            return None
        return document.data

    async def publish(self, document: Document) -> int:
        """Keep it if it is the newest; the oldest that was published is forgotten when there are too many."""
        key = (document.purpose, document.record.peer)
        known = self._documents.pop(key, None)
        if known is not None and known.record.sequence > document.record.sequence:
            self._documents[key] = known
            raise StaleDocument(f"sequence {known.record.sequence} is known")
        self._documents[key] = document
        if len(self._documents) > LOCAL_DOCUMENTS:
            del self._documents[next(iter(self._documents))]
        return 1
