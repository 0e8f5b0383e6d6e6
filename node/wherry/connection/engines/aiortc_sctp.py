"""aiortc's SCTP association behind a door, and with a queue that can be watched.

Written for aiortc 1.16, extended by inheritance. It is here that

* a hostile packet inside DTLS ends its own link and reaches nobody else (aiortc asserts and unpacks as it parses);
* sending on a transport that is gone is a lost packet, not an exception in a task that nobody awaits;
* what waits to be sent is counted over all channels, and one task flushes it, not one per message;
* messages go straight to their lane, and where nothing was lost nothing is searched for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from aiortc.rtcdatachannel import RTCDataChannel
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcsctptransport import (
    SCTP_DATA_LAST_FRAG,
    WEBRTC_BINARY,
    WEBRTC_BINARY_EMPTY,
    WEBRTC_DCEP,
    WEBRTC_STRING,
    WEBRTC_STRING_EMPTY,
    Chunk,
    DataChunk,
    RTCSctpTransport,
    SackChunk,
)
from OpenSSL import SSL

from wherry.connection.limits import LINK_BUFFER_BYTES, MAX_OVERSHOOT_BYTES

_MESSAGES: Final = {WEBRTC_BINARY, WEBRTC_STRING, WEBRTC_BINARY_EMPTY, WEBRTC_STRING_EMPTY}
_LOW_BYTES: Final = LINK_BUFFER_BYTES // 2


class GuardedSctp(RTCSctpTransport):
    """One association.

    :param broken: is called when a packet cannot be made sense of; the link must end.
    :param drained: is called when what waits has fallen below half of `LINK_BUFFER_BYTES`.
    """

    def __init__(
        self, transport: RTCDtlsTransport, *, broken: Callable[[str], None], drained: Callable[[], None]
    ) -> None:
        super().__init__(transport)
        self._broken, self._drained = broken, drained
        self._clock = asyncio.get_running_loop().time
        #: When a packet of the peer's came last, on the loop's clock.
        self.heard_at = self._clock()
        #: Bytes of messages that wait, over all channels.
        self.queued = 0
        self.receivers: dict[RTCDataChannel, Callable[[bytes], None]] = {}
        self._flushing: asyncio.Task[None] | None = None
        self._may_resend = False

    # -- in -----------------------------------------------------------------------------------------------------------

    async def _handle_data(self, data: bytes) -> None:
        self.heard_at = self._clock()
        try:
            await super()._handle_data(data)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - aiortc's parser on a hostile packet: anything; the link ends for it
            self._broken(f"an SCTP packet that cannot be read ({type(error).__name__})")
            return
        if self._advertised_rwnd < -MAX_OVERSHOOT_BYTES:
            self._broken("fragments far beyond the receive window")

    async def _receive_data_chunk(self, chunk: DataChunk) -> None:
        """In order and not the last of its message, a fragment completes nothing: it only has to be kept."""
        if chunk.flags & SCTP_DATA_LAST_FRAG or self._reconfig_deferred is not None or not self._is_next(chunk.tsn):
            await super()._receive_data_chunk(chunk)
            return
        self._sack_needed = True
        self._last_received_tsn = chunk.tsn
        self._get_inbound_stream(chunk.stream_id).add_chunk(chunk)
        self._advertised_rwnd -= len(chunk.user_data)

    def _mark_received(self, tsn: int) -> bool:
        """In order there are no gaps to sort."""
        if not self._is_next(tsn):
            return super()._mark_received(tsn)
        self._last_received_tsn = tsn
        return False

    def _is_next(self, tsn: int) -> bool:
        last = self._last_received_tsn
        return (
            last is not None
            and tsn == (last + 1) & 0xFFFFFFFF
            and not self._sack_misordered
            and not self._sack_duplicates
        )

    async def _receive(self, stream_id: int, pp_id: int, data: bytes) -> None:
        if pp_id not in _MESSAGES:
            await super()._receive(stream_id, pp_id, data)
            return
        channel = self._data_channels.get(stream_id)
        receiver = self.receivers.get(channel) if channel is not None else None
        if receiver is not None:
            receiver(data)

    # -- out ----------------------------------------------------------------------------------------------------------

    async def _receive_sack_chunk(self, chunk: SackChunk) -> None:
        self._may_resend = self._may_resend or bool(chunk.gaps)
        await super()._receive_sack_chunk(chunk)

    def _t3_expired(self) -> None:
        self._may_resend = True
        super()._t3_expired()

    async def _transmit(self) -> None:
        """Without a loss there is nothing to look for among all that is in flight; aiortc looks each time.

        The queue is put aside meanwhile. Nothing on this way down to the socket suspends, so nobody sees it gone.
        """
        if self._may_resend:
            await super()._transmit()
            self._may_resend = any(chunk._retransmit for chunk in self._sent_queue)
            return
        in_flight, self._sent_queue = self._sent_queue, deque()
        try:
            await super()._transmit()
        finally:
            in_flight.extend(self._sent_queue)
            self._sent_queue = in_flight

    async def _send_chunk(self, chunk: Chunk) -> None:
        try:
            await super()._send_chunk(chunk)
        except (ConnectionError, SSL.Error):
            return  # the transport is gone; whoever watches it ends the link

    def _data_channel_send(self, channel: RTCDataChannel, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        channel._addBufferedAmount(len(data))
        self.queued += len(data)
        self._data_channel_queue.append((channel, WEBRTC_BINARY, data))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.ensure_future(self._data_channel_flush())

    async def _send(self, stream_id: int, pp_id: int, user_data: bytes, *args: Any, **options: Any) -> None:
        await super()._send(stream_id, pp_id, user_data, *args, **options)
        if pp_id != WEBRTC_DCEP:
            before, self.queued = self.queued, self.queued - len(user_data)
            if before > _LOW_BYTES >= self.queued:
                self._drained()
