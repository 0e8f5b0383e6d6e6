"""A node that only plays one: for tests of the local API and of the commands, whose seam it stands at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from wherry.config import Config
from wherry.errors import AmbiguousPeer, NotReady, PeerNotFound, UnknownPeer
from wherry.events import Events
from wherry.views import (
    ConnectionView,
    DhtView,
    ExplainView,
    IdView,
    IntroducerView,
    PathWord,
    PingReplyView,
    ProblemView,
    RecordView,
    StatusView,
    TraceEntryView,
)
from wherry_signaling.address import Address
from wherry_signaling.identity import Identity, PeerId

ME, ADA, BELA, CY = (Identity(bytes([number]) * 32).id for number in range(4))
INVITE = f"http://192.168.1.20:4770/#/add/{Address(ME, bytes(8))}"


class FakeNode:
    """Knows Ada, Bela and Cy: Bela is connected, Cy is relayed, Ada introduces; says what it was asked."""

    def __init__(self) -> None:
        self.config = Config(name="Quiet Heron", origins={"name": "flag --name"})
        self.events = Events()
        for number in (1, 2, 3):
            self.events.emit("joined", {"contacts": number})
        self.asked: list[tuple[str, Any]] = []
        self.stopped = asyncio.Event()
        self.ready = True
        self.cancelled = asyncio.Event()
        self.connections = [
            ConnectionView(
                peer=str(BELA),
                name="Bela",
                state="direct",
                path="direct",
                rtt_ms=18.2,
                bytes_in=1_200_000_000,
                bytes_out=3_000_000,
                streams=2,
                since="2026-01-01T14:01:00Z",
                remote="203.0.113.9:41002",
            ),
            ConnectionView(peer=str(CY), name="Cy", state="relayed", path="relayed", rtt_ms=48.0, bytes_in=12_000),
        ]
        self.problems = [ProblemView(code="CLOCK_WRONG", text="This computer's clock is 47 min slow.", hint="Set it.")]
        self.paths: list[PathWord | None] = ["direct"] * 4

    def id_view(self) -> IdView:
        return IdView(
            id=str(ME),
            name="Quiet Heron",
            address=str(Address(ME, bytes(8))),
            invite=INVITE,
            multiaddrs=[f"/ip4/192.168.1.20/tcp/4770/ws/p2p/{ME}"],
        )

    def status(self) -> StatusView:
        return StatusView(
            id=str(ME),
            name="Quiet Heron",
            version="0.1.0",
            pid=4242,
            since="2026-01-01T12:00:00Z",
            reachability="anywhere",
            because="through 1 introducer",
            page="http://192.168.1.20:4770/",
            multiaddrs=[],
            introducers=[IntroducerView(peer=str(ADA), name="Ada", multiaddr="/ip4/203.0.113.1/tcp/1/ws", rtt_ms=18.4)],
            connections=self.connections,
            dht=DhtView(role="server", contacts=41, kept=7),
            record=RecordView(sequence=3, expires="2026-01-02T12:00:00Z", holders=5),
            problems=self.problems,
        )

    def peers(self) -> list[ConnectionView]:
        return self.connections

    def explain(self, peer: PeerId) -> ExplainView:
        return ExplainView(
            peer=str(peer),
            state="relayed",
            sentence="Cy is connected through a relay, encrypted.",
            advice="Nothing needed.",
            attempt="7f3a",
            trace=[
                TraceEntryView(t_ms=0.0, phase="look_up", way="", event="found", data={"introducers": 2}),
                TraceEntryView(t_ms=2100.4, phase="open", way="Ada", event="open"),
            ],
        )

    def resolve(self, text: str) -> PeerId:
        self.asked.append(("resolve", text))
        for name, peer in (("Ada", ADA), ("Bela", BELA), ("Cy", CY)):
            if text in (name, str(peer)):
                return peer
        if text == "twin":
            raise AmbiguousPeer("'twin' fits …abcdef, …ghijkl")
        raise UnknownPeer(repr(text))

    async def connect(self, peer: PeerId) -> object:
        self.asked.append(("connect", peer))
        if peer == ADA:
            raise PeerNotFound("no record of Ada is to be had", peer=str(peer))
        return object()

    async def ping(
        self, peer: PeerId, *, count: int = 4, interval_s: float = 1.0, timeout_s: float = 5.0
    ) -> AsyncIterator[PingReplyView]:
        self.asked.append(("ping", (count, interval_s, timeout_s)))
        if peer == ADA:
            raise PeerNotFound("no record of Ada is to be had", peer=str(peer))
        try:
            for number in range(count):
                path = self.paths[number % len(self.paths)]
                rtt_ms = None if path is None else 18.0 + number
                yield PingReplyView(peer=str(peer), rtt_ms=rtt_ms, path=path, remote="203.0.113.9:41002")
                await asyncio.sleep(min(interval_s, 0.01) if interval_s < 60 else interval_s)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if peer == CY:
            raise PeerNotFound("it went", peer=str(peer))

    async def echo(self, peer: PeerId, data: bytes) -> float:
        self.asked.append(("echo", len(data)))
        return 1.25

    async def ring(self, peer: PeerId) -> float:
        return 2.5

    async def wait_ready(self, timeout_s: float) -> None:
        if not self.ready:
            raise NotReady(f"no introducer after {timeout_s:g} s")

    def metrics(self) -> str:
        return "# TYPE wherry_connections gauge\nwherry_connections 2\n"

    def ask_to_stop(self) -> None:
        self.stopped.set()
