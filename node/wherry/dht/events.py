"""What the DHT tells whoever listens: `Dht(..., on_event=...)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from .endpoint import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """We began or ceased to serve the DHT to the world by one IP version."""

    version: int
    state: Literal["client", "server"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSeen:
    """Our own endpoint, as others see it, is another than before."""

    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactJoined:
    """A node came into the table."""

    node_id: bytes
    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLeft:
    """A node went out of the table: it answers no more, moved, or lied."""

    node_id: bytes
    endpoint: Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRefused:
    """A datagram was dropped; `code` is that of the typed error it was refused with."""

    source: Endpoint | None
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiarBanned:
    """A node sent a forged document or reply; it is not asked for a while."""

    node_id: bytes
    endpoint: Endpoint
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKept:
    """A document of somebody is kept here from now on, or a newer one of theirs."""

    key: bytes
    publisher: bytes
    sequence: int


DhtEvent: TypeAlias = (
    StateChanged | AddressSeen | ContactJoined | ContactLeft | FrameRefused | LiarBanned | DocumentKept
)
