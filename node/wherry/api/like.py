"""What the local API needs of a node: `wherry.Node` has it, and so has the double in the API's own tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from wherry_signaling.identity import PeerId

from ..config import Config
from ..errors import PeerFull
from ..events import Events
from ..friends.addresses import Addresses
from ..friends.friends import Friends
from ..friends.presence import Presences
from ..friends.profiles import Profiles
from ..messages.history import History
from ..views import ConnectionView, ExplainView, IdView, PingReplyView, StatusView


class NodeLike(Protocol):
    """A running node, as seen from the API; `wherry.node.Node` documents each."""

    @property
    def config(self) -> Config:
        """What it runs with."""

    @property
    def id(self) -> PeerId:
        """Who it is."""

    @property
    def friends(self) -> Friends:
        """Contacts."""

    @property
    def messages(self) -> History:
        """What was written."""

    @property
    def addresses(self) -> Addresses:
        """What its owner hands out."""

    @property
    def profile(self) -> Profiles:
        """What is said of people."""

    @property
    def presence(self) -> Presences:
        """How people are."""

    def connection(self, peer: PeerId) -> object | None:
        """The connection to a peer, if there is one."""

    async def disconnect(self, peer: PeerId) -> None:
        """Close the connection with a peer."""

    def seen(self, peer: PeerId) -> float:
        """When a peer was last here, seconds since 1970; 0: nobody knows."""

    def waiting_for(self, peer: PeerId) -> int:
        """How many items wait for a peer."""

    def trouble_of(self, peer: PeerId) -> PeerFull | None:
        """Why a peer that is there takes no messages now, if it said so."""

    @property
    def events(self) -> Events:
        """What happens."""

    def id_view(self) -> IdView:
        """Who it is, and what to hand out."""

    def status(self) -> StatusView:
        """How it is doing."""

    def peers(self) -> list[ConnectionView]:
        """Everybody connected or called."""

    def explain(self, peer: PeerId) -> ExplainView:
        """Why a peer is, or is not, connected."""

    def resolve(self, text: str) -> PeerId:
        """Whom a person means by `text`."""

    async def connect(self, peer: PeerId) -> object:
        """An open connection to the peer."""

    def ping(
        self, peer: PeerId, *, count: int = ..., interval_s: float = ..., timeout_s: float = ...
    ) -> AsyncIterator[PingReplyView]:
        """Replies as they come, or not, in time."""

    async def echo(self, peer: PeerId, data: bytes) -> float:
        """Milliseconds that `data` took there and back over a stream."""

    async def ring(self, peer: PeerId) -> float:
        """Milliseconds that a sealed ping took there and back, with no connection."""

    async def wait_ready(self, timeout_s: float) -> None:
        """Return once it has joined, has introducers and is published; raises NotReady."""

    def metrics(self) -> str:
        """Counters in Prometheus's text format."""

    def ask_to_stop(self) -> None:
        """Make whoever runs it end it."""
