"""The engine on aiortc: ICE, DTLS and SCTP put together by us, so that each task has an owner.

aiortc's `RTCPeerConnection` starts tasks that nobody holds and raises in them; its transports below are sound. A
`AiortcLink` owns one task that connects them in turn, and `close` ends all of it::

    offer() ─ or ─ answer(sdp)        gather candidates
         accept(sdp) ┘                ICE checks ─▶ DTLS ─▶ SCTP ─▶ channel 0 open: opened() returns
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from aioice import Candidate
from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport
from aiortc.rtcsctptransport import RTCSctpCapabilities

from wherry.connection.engines import sdp
from wherry.connection.engines.aioice_guard import IceConnection
from wherry.connection.engines.aiortc_sctp import GuardedSctp
from wherry.connection.engines.lanes import Inbox, ignore
from wherry.connection.limits import MAX_PEER_LANES
from wherry.connection.link import LANE_LABEL, LANE_PROTOCOL, IceServer, Lane, LinkStats, Path, any_address
from wherry.errors import ConnectionLost, IceFailed, NegotiationFailed, WherryError
from wherry_signaling.scope import Scope, scope_of


class AiortcEngine:
    """Makes links of aiortc's transports."""

    name = "aiortc"

    def create(
        self,
        *,
        ice_servers: Sequence[IceServer],
        candidate_filter: Callable[[str], bool] = any_address,
        remote_filter: Callable[[str], bool] = any_address,
    ) -> AiortcLink:
        """See `wherry.connection.link.Engine`."""
        return AiortcLink(ice_servers, candidate_filter, remote_filter)


class AiortcLane:
    """One data channel of aiortc's."""

    def __init__(self, link: AiortcLink, sctp: GuardedSctp, channel: RTCDataChannel) -> None:
        self.reliable = channel.ordered and channel.maxRetransmits is None and channel.maxPacketLifeTime is None
        self.on_closed: Callable[[], None] = ignore
        self._sctp, self._channel = sctp, channel
        self._inbox = Inbox[bytes](len, link.fail)
        sctp.receivers[channel] = self._inbox.put
        channel.on("close", self._closed)

    @property
    def on_message(self) -> Callable[[bytes], None]:
        """Who gets the messages; what came before it was set comes first."""
        return self._inbox.receiver

    @on_message.setter
    def on_message(self, receiver: Callable[[bytes], None]) -> None:
        self._inbox.receiver = receiver

    @property
    def buffered(self) -> int:
        """Bytes that wait to be sent."""
        amount: int = self._channel.bufferedAmount
        return amount

    def send(self, data: bytes) -> None:
        """Send one message: on a reliable channel it may follow its opening at once (RFC 8832 section 6)."""
        if self._channel.readyState in ("connecting", "open"):
            self._sctp._data_channel_send(self._channel, data)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _closed(self) -> None:
        self._sctp.receivers.pop(self._channel, None)
        self.on_closed()


class _IcePath:
    """What a DTLS transport needs to know of ICE."""

    def __init__(self, ice: IceConnection) -> None:
        self._recv, self._send = ice.recv, ice.send
        self._ice = ice

    @property
    def role(self) -> str:
        return "controlling" if self._ice.ice_controlling else "controlled"


class AiortcLink:
    """One connection of ICE, DTLS and SCTP."""

    def __init__(
        self,
        ice_servers: Sequence[IceServer],
        candidate_filter: Callable[[str], bool],
        remote_filter: Callable[[str], bool],
    ) -> None:
        self.on_drained: Callable[[], None] = ignore
        self._on_closed: Callable[[], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._remote_filter = remote_filter
        self._ice = IceConnection(controlling=False, ice_servers=ice_servers, candidate_filter=candidate_filter)
        path = cast(RTCIceTransport, _IcePath(self._ice))
        self._dtls = RTCDtlsTransport(path, [RTCCertificate.generateCertificate()])
        self._sctp = GuardedSctp(self._dtls, broken=self._broken, drained=self._drained)
        self._sctp.on("datachannel", self._arrived)
        self._lanes = Inbox[Lane](lambda _: 1024, self.fail)
        self._peer_lanes = 0
        self._open = self._loop.create_future()
        self._settling: set[asyncio.Event] = set()
        self._connecting: asyncio.Task[None] | None = None
        #: Set when the candidates of the peer's description are in, or the link ends.
        self._described = asyncio.Event()
        self._closing: asyncio.Task[None] | None = None
        channel = RTCDataChannel(
            self._sctp,
            RTCDataChannelParameters(label=LANE_LABEL, protocol=LANE_PROTOCOL, negotiated=True, id=0),
        )
        channel.on("open", self._opened)
        self.control: Lane = AiortcLane(self, self._sctp, channel)
        channel.on("close", self.fail)

    # -- offer and answer ---------------------------------------------------------------------------------------------

    async def offer(self) -> str:
        """See `Link`."""
        self._ice.ice_controlling = True
        await self._gather()
        return self._describe("actpass", "0")

    async def answer(self, offer_sdp: str) -> str:
        """See `Link`."""
        remote = sdp.read(offer_sdp, allowed=self._remote_filter)
        self._ice.ice_controlling = remote.ice_lite
        await self._gather()
        setup = "passive" if remote.setup == "active" else "active"
        self._dtls._set_role("client" if setup == "active" else "server")
        await self._start(remote)
        return self._describe(setup, remote.mid)

    async def accept(self, answer_sdp: str) -> None:
        """See `Link`."""
        remote = sdp.read(answer_sdp, allowed=self._remote_filter)
        if remote.setup == "actpass" or self._connecting is not None:
            raise NegotiationFailed("not an answer to this offer")
        self._dtls._set_role("server" if remote.setup == "active" else "client")
        await self._start(remote)

    async def add_candidate(self, candidate: str | None) -> None:
        """See `Link`. It waits until those of the description are in: the end of all must not overtake them."""
        await self._described.wait()
        if self._ice._remote_candidates_end or self._closing is not None:
            return
        if candidate is None:
            await self._ice.add_remote_candidate(None)
            return
        found = sdp.read_candidate(candidate.removeprefix("candidate:"))
        if found is not None and self._remote_filter(found.host) and self._ice.may_check((found.host, found.port)):
            await self._ice.add_remote_candidate(found)

    async def _gather(self) -> None:
        if self._ice._local_candidates_start:
            raise NegotiationFailed("offer or answer was made already")
        await self._ice.gather_candidates()
        if not self._ice.local_candidates:
            raise NegotiationFailed("this host has no address to offer")

    def _describe(self, setup: str, mid: str) -> str:
        fingerprints = self._dtls.getLocalParameters().fingerprints
        return sdp.Description(
            ufrag=self._ice.local_username,
            password=self._ice.local_password,
            fingerprints=tuple((one.algorithm, one.value) for one in fingerprints if one.algorithm == "sha-256"),
            setup=setup,
            candidates=tuple(self._ice.local_candidates),
            complete=True,
            mid=mid,
        ).write(secrets.randbits(62))

    async def _start(self, remote: sdp.Description) -> None:
        self._ice.remote_is_lite = remote.ice_lite
        self._ice.remote_username, self._ice.remote_password = remote.ufrag, remote.password
        self._connecting = self._loop.create_task(self._connect(remote))

    # -- connecting ---------------------------------------------------------------------------------------------------

    async def _connect(self, remote: sdp.Description) -> None:
        """ICE, DTLS, SCTP in turn; how it ends is what `opened` returns or raises."""
        try:
            async with asyncio.TaskGroup() as group:
                names = group.create_task(self._add_candidates(remote))
                await self._connect_ice()
                names.cancel()  # a `.local` name that nobody answers for is not worth waiting for any more
            await self._connect_dtls(remote)
            await self._sctp.start(RTCSctpCapabilities(maxMessageSize=remote.max_message_bytes), remote.sctp_port)
        except* WherryError as errors:
            self._failed(next(_leaves(errors)))
        except* Exception as errors:  # noqa: BLE001 - foreign exceptions stop at the seam: the attempt failed
            self._failed(NegotiationFailed(f"aiortc: {type(next(_leaves(errors))).__name__}"))

    async def _add_candidates(self, remote: sdp.Description) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for candidate in remote.candidates:
                    group.create_task(self._ice.add_remote_candidate(candidate))
        finally:
            self._described.set()
        if remote.complete and not self._ice._remote_candidates_end:
            await self._ice.add_remote_candidate(None)

    async def _connect_ice(self) -> None:
        try:
            await self._ice.connect()
        except ConnectionError as error:
            raise IceFailed from error

    async def _connect_dtls(self, remote: sdp.Description) -> None:
        parameters = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=name, value=value) for name, value in remote.fingerprints]
        )
        self._dtls.on("statechange", self._dtls_changed)
        await self._dtls.start(parameters)
        if self._dtls.state != "connected":
            raise NegotiationFailed("DTLS failed, or the certificate is not the one that was promised")

    def _failed(self, error: BaseException) -> None:
        if not self._open.done():
            self._open.set_exception(error)
            self._open.exception()  # it counts as seen, whether or not `opened` is called

    async def opened(self) -> None:
        """See `Link`."""
        await asyncio.shield(self._open)

    # -- what happens -------------------------------------------------------------------------------------------------

    def _opened(self) -> None:
        if not self._open.done():
            self._open.set_result(None)

    def _drained(self) -> None:
        self.on_drained()

    def _broken(self, _reason: str) -> None:
        self.fail()

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self.fail()

    def _arrived(self, channel: RTCDataChannel) -> None:
        self._peer_lanes += 1
        if self._peer_lanes > MAX_PEER_LANES or (channel.label, channel.protocol) != (LANE_LABEL, LANE_PROTOCOL):
            self.fail()
            return
        lane = AiortcLane(self, self._sctp, channel)
        channel.on("close", self._one_lane_less)
        self._lanes.put(lane)

    def _one_lane_less(self) -> None:
        self._peer_lanes -= 1

    def fail(self) -> None:
        """The link is of no more use: end it, and tell the owner."""
        self._failed(ConnectionLost("the link closed before it was open"))
        if self._closing is None:
            self._closing = self._loop.create_task(self._shut())
            if self._on_closed is not None:
                self._on_closed()

    @property
    def on_closed(self) -> Callable[[], None]:
        """Who is told of the link's end; at once if that was before."""
        return self._on_closed or ignore

    @on_closed.setter
    def on_closed(self, receiver: Callable[[], None]) -> None:
        self._on_closed = receiver
        if self._closing is not None:
            receiver()

    # -- lanes --------------------------------------------------------------------------------------------------------

    @property
    def on_lane(self) -> Callable[[Lane], None]:
        """Who gets the lanes that the peer opens; those that came before it was set come first."""
        return self._lanes.receiver

    @on_lane.setter
    def on_lane(self, receiver: Callable[[Lane], None]) -> None:
        self._lanes.receiver = receiver

    @property
    def buffered(self) -> int:
        """See `Link`."""
        return self._sctp.queued

    @property
    def heard_at(self) -> float:
        """See `Link`."""
        return self._sctp.heard_at

    async def open_lane(self, *, reliable: bool) -> Lane:
        """See `Link`."""
        if self._closing is not None:
            raise ConnectionLost("the link is closed")
        parameters = RTCDataChannelParameters(
            label=LANE_LABEL, protocol=LANE_PROTOCOL, ordered=reliable, maxRetransmits=None if reliable else 0
        )
        channel = RTCDataChannel(self._sctp, parameters)
        lane = AiortcLane(self, self._sctp, channel)
        if not reliable:  # what is not ordered could overtake the opening
            await self._until_open(channel)
        return lane

    async def _until_open(self, channel: RTCDataChannel) -> None:
        settled = asyncio.Event()
        channel.on("open", settled.set)
        self._settling.add(settled)  # a channel without a number yet hears nothing of its association's end
        try:
            if channel.readyState != "open" and self._closing is None:
                await settled.wait()
        finally:
            self._settling.discard(settled)
        if channel.readyState != "open":
            raise ConnectionLost("the link is closed")

    def stats(self) -> LinkStats:
        """See `Link`."""
        report = self._dtls._get_stats()[self._dtls._stats_id]
        pair = self._ice._nominated.get(1)
        local = remote = ""
        path: Path = "direct"
        if pair is not None:
            path = _path(pair.local_candidate, pair.remote_candidate)
            local, remote = _shown(pair.local_candidate), _shown(pair.remote_candidate)
        rtt: float | None = self._sctp._srtt
        return LinkStats(
            path=path,
            rtt_ms=None if rtt is None else rtt * 1000,
            local=local,
            remote=remote,
            bytes_sent=report.bytesSent,
            bytes_received=report.bytesReceived,
        )

    # -- the end ------------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """See `Link`."""
        if self._closing is None:
            self._failed(ConnectionLost("the link was closed"))
            self._closing = self._loop.create_task(self._shut())
        self._on_closed = None
        await asyncio.shield(self._closing)

    async def _shut(self) -> None:
        self._described.set()
        for settled in self._settling:
            settled.set()
        if self._connecting is not None:
            self._connecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._connecting
        pump = self._dtls._task
        await self._sctp.stop()
        await self._dtls.stop()
        if pump is not None:
            with contextlib.suppress(asyncio.CancelledError):
                await pump
        await self._ice.close()


def _leaves(errors: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _shown(candidate: Candidate) -> str:
    host = candidate._network_host
    return f"{candidate.type} {f'[{host}]' if ':' in host else host}:{candidate.port}"


def _path(local: Candidate, remote: Candidate) -> Path:
    if "relay" in (local.type, remote.type):
        return "relayed"
    return "direct" if scope_of(remote._network_host) is Scope.GLOBAL else "direct_lan"
