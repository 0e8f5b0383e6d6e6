"""What one node of the DHT is made of: handed from `Dht` to `Server` to `Protocol`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .config import DhtConfig
from .document import CheckDocument
from .events import DhtEvent
from .key import DhtKey
from .storage import DocumentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A key, a store, and the world passed in."""

    key: DhtKey
    #: What we keep for others.
    store: DocumentStore
    #: Judges documents.
    check: CheckDocument
    #: Seconds since 1970 by network time.
    clock: Callable[[], float]
    config: DhtConfig
    #: n random bytes.
    random: Callable[[int], bytes]
    #: Is called with each event.
    emit: Callable[[DhtEvent], None]
