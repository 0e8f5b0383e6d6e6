"""The door and the asking half: one UDP socket, seen as requests and replies.

rpcudp's `RPCProtocol` keeps requests under way by id with a timer each; that, and kademlia's names, are what is used
of it. What it lets in is not: here a datagram is looked at in the order of cost (form, known nonce or rate, work,
signature, body), nothing is called by a name from the network, no datagram makes a task, and nothing raises into
the event loop. A request is a future that always ends: with a `Reply`, or with None after its timeout.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeAlias, cast

from wherry_signaling.errors import Malformed, Quota, WherryError, WrongPeer
from wherry_signaling.rates import Rates

from . import endpoint as endpoints, events
from .answers import Answers, Sender
from .contact import Contact
from .endpoint import Endpoint
from .frames import (
    ANYBODY,
    NONCE_BYTES,
    Body,
    DialBack,
    Dialled,
    Find,
    Found,
    Frame,
    Header,
    Kind,
    Knock,
    Ping,
    Pong,
    Prove,
    Reply as ReplyBody,
    Store,
    Stored,
    make_frame,
    open_frame,
    read_header,
)
from .limits import (
    OUTSTANDING,
    REQUESTS_PER_S,
    SLOW_S,
    SOURCES,
    UNPROVED_BYTES,
    UNPROVED_PER_S,
)
from .parts import Parts

RequestBody: TypeAlias = Ping | Find | Store | DialBack
_REPLIES: Final[dict[type[RequestBody], type[ReplyBody]]] = {
    Ping: Pong,
    Find: Found,
    Store: Stored,
    DialBack: Dialled,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a contact answered, checked: it came from where we had asked, signed by the id we had asked."""

    contact: Contact
    body: ReplyBody
    rtt_s: float


@dataclass(slots=True)
class _Pending:
    future: asyncio.Future[Reply | None]
    timer: asyncio.TimerHandle
    endpoint: Endpoint
    #: None while we do not know whom we ask.
    contact: Contact | None
    body: RequestBody
    sent_at: float
    proving: bool = False


class Protocol(Answers):
    """One node's UDP side."""

    transport: asyncio.DatagramTransport | None

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._outstanding: dict[bytes, _Pending] = {}
        self._requests = Rates(REQUESTS_PER_S, remembered=SOURCES)
        self._unproved = Rates(UNPROVED_PER_S, remembered=1)
        self._mapped = False
        self._rtt_s, self._rtt_var_s = 0.1, 0.1

    def __getattr__(self, name: str) -> NoReturn:
        """rpcudp makes a remote call of any attribute; here a slip is an error, as everywhere."""
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    # -- asyncio's calls ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        # asyncio's own datagram transport is no subclass of DatagramTransport before Python 3.12.
        self.transport = cast(asyncio.DatagramTransport, transport)
        name = transport.get_extra_info("sockname")
        self._mapped = bool(name) and ":" in str(name[0])

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is closed: whatever is under way ends."""
        self.close()

    def error_received(self, exc: Exception) -> None:
        """An ICMP message of some earlier datagram: its request ends by its timeout, as any lost one."""

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """A datagram came. Whatever is wrong with it, it is dropped here, counted as `FrameRefused`."""
        source: Endpoint | None = None
        try:
            source = endpoints.from_socket(addr)
            _ = source.scope
            header = read_header(data)
            if header.kind.is_reply:
                self._reply_came(data, header, source)
            else:
                self._request_came(data, header, source)
        except WherryError as error:  # theirs, or a store of ours that fails
            self.emit(events.FrameRefused(source=source, code=error.code))

    # -- asking -------------------------------------------------------------------------------------------------------

    def request(self, to: Contact | Endpoint, body: RequestBody) -> asyncio.Future[Reply | None]:
        """Send a request; the future ends with the reply, or with None if none came in time. Cancelling it is fine.

        :param to: a contact, or an endpoint whose id is not known yet (PING and FIND only).
        """
        future: asyncio.Future[Reply | None] = self._loop.create_future()
        contact = to if isinstance(to, Contact) else None
        endpoint = to.endpoint if isinstance(to, Contact) else to
        now = self._loop.time()
        banned = contact is not None and self.company.is_banned(contact.id, now)
        if self.closed or banned or len(self._outstanding) >= OUTSTANDING:
            future.set_result(None)
            return future
        nonce = self.random(NONCE_BYTES)
        timer = self._loop.call_later(self.config.request_s, self._timeout, nonce)
        self._outstanding[nonce] = _Pending(future, timer, endpoint, contact, body, now)
        future.add_done_callback(lambda _: self._done(nonce))
        self._send_request(nonce, self._outstanding[nonce])
        return future

    async def call_ping(self, node_to_ask: Contact | Endpoint) -> Reply | None:
        """PING."""
        return await self.request(node_to_ask, Ping())

    @property
    def slow_s(self) -> float:
        """Seconds after which a request is slow, by what round trips take here."""
        return min(max(self._rtt_s + 4 * self._rtt_var_s, SLOW_S[0]), SLOW_S[1])

    def close(self) -> None:
        """End all requests, with None; nothing is sent or answered from now on. May be called again."""
        self.closed = True
        for pending in list(self._outstanding.values()):
            if not pending.future.done():
                pending.future.set_result(None)
            pending.timer.cancel()
        self._outstanding.clear()

    # -- kademlia's own ways, put right -------------------------------------------------------------------------------

    def handle_call_response(self, result: Reply | None, node: Contact) -> Reply | None:
        """An answer keeps a contact in the table; the second failure in a row removes it."""
        if result is None:
            self.company.failed(node)
        else:
            self.company.answered(node, self._loop.time())
        return result

    def welcome_if_new(self, node: Contact) -> None:
        """A contact that serves and has proved its address: into the table, and whoever is in its way is tried."""
        if not self.closed and (stale := self.company.welcome(node, self._loop.time())) is not None:
            self.request(stale, Ping())

    # -- inside: requests that came -----------------------------------------------------------------------------------

    def _request_came(self, data: bytes, header: Header, source: Endpoint) -> None:
        now = self._loop.time()
        if self.closed or self.company.is_banned(header.sender, now) or header.key == self.key.public:
            return
        if not self._requests.take(source.network, now):
            raise Quota("too many requests from one source")
        if source not in self.company.proved and not self._unproved.take("", now):
            raise Quota("too many requests from unproved addresses")
        frame = open_frame(data, header, own_id=self.key.id, bits=self.config.proof_bits)
        token = b"" if isinstance(frame.body, Knock) else frame.body.token
        sender = Sender(
            id=frame.sender,
            key=header.key,
            endpoint=source,
            serves=bool(header.flags),
            proved=bool(token) and self.tokens.check(token, source, header.key, now),
            size=len(data),
        )
        reachability = self.reachability[source.version]
        if header.kind is not Kind.KNOCK and reachability.request_came(source, now):
            self.emit(events.StateChanged(version=source.version, state="server"))
        reply = self.answer(sender, frame.body, now)
        if reply is not None:
            self._send(source, reply, nonce=header.nonce, destination=sender.id)
        for outgoing in self.outbox:
            to = outgoing.to
            endpoint, destination = (to.endpoint, to.id) if isinstance(to, Contact) else (to, ANYBODY)
            self._send(endpoint, outgoing.body, nonce=self.random(NONCE_BYTES), destination=destination)
        self.outbox.clear()
        if sender.proved:
            self.company.note_proved(sender.id, source)
            if sender.serves:
                contact = self.company.contact(sender.id, source)
                self.company.answered(contact, now)
                self.welcome_if_new(contact)

    # -- inside: replies ----------------------------------------------------------------------------------------------

    def _reply_came(self, data: bytes, header: Header, source: Endpoint) -> None:
        pending = self._outstanding.get(header.nonce)
        if pending is None or pending.endpoint != source:
            return  # too late, or a guess
        frame = open_frame(data, header, own_id=self.key.id, bits=self.config.proof_bits)
        if pending.contact is not None and pending.contact.id != frame.sender:
            self._end(pending, None)  # somebody else lives there now; waiting longer helps nobody
            raise WrongPeer("another node answers at this address")
        contact = pending.contact or self.company.contact(frame.sender, source)
        now = self._loop.time()
        if isinstance(frame.body, Prove) and not pending.proving:
            contact.token, pending.proving, pending.sent_at = frame.body.token, True, now
            pending.contact = contact
            self._send_request(header.nonce, pending)
            return
        self._accept(pending, contact, frame, now)

    def _accept(self, pending: _Pending, contact: Contact, frame: Frame, now: float) -> None:
        body = frame.body
        if not isinstance(body, _REPLIES[type(pending.body)]):
            self._end(pending, None)
            raise Malformed(f"a {frame.header.kind.name} as the reply to something else")
        rtt_s = now - pending.sent_at
        self._rtt_var_s += (abs(rtt_s - self._rtt_s) - self._rtt_var_s) / 8
        self._rtt_s += (rtt_s - self._rtt_s) / 8
        contact.token, contact.rtt_s = body.token, rtt_s
        self.company.note_proved(contact.id, contact.endpoint)
        if isinstance(body, Pong | Found):
            self._witness(contact.endpoint, endpoints.unpack(body.observed), now)
        pending.contact = contact
        self.handle_call_response(reply := Reply(contact, body, rtt_s), contact)
        if frame.header.flags:
            self.welcome_if_new(contact)
        self._end(pending, reply, counted=True)

    def _witness(self, by: Endpoint, observed: Endpoint, now: float) -> None:
        reachability = self.reachability[observed.version]
        before = reachability.observed
        if reachability.witness(by, observed, now):
            self.emit(events.StateChanged(version=observed.version, state="client"))
        after = reachability.observed
        if after is not None and after != before:
            self.emit(events.AddressSeen(endpoint=after))

    def _timeout(self, msg_id: bytes) -> None:
        pending = self._outstanding.get(msg_id)
        if pending is not None:
            self._end(pending, None)

    def _end(self, pending: _Pending, reply: Reply | None, *, counted: bool = False) -> None:
        if pending.contact is not None and not counted:
            self.handle_call_response(None, pending.contact)
        if not pending.future.done():
            pending.future.set_result(reply)

    def _done(self, nonce: bytes) -> None:
        pending = self._outstanding.pop(nonce, None)
        if pending is not None:
            pending.timer.cancel()

    # -- inside: sending ----------------------------------------------------------------------------------------------

    def _send_request(self, nonce: bytes, pending: _Pending) -> None:
        contact, body = pending.contact, pending.body
        token = b"" if contact is None else contact.token
        match body:
            case Ping():
                body = Ping(token)
            case Find():
                body = Find(token, body.key, body.newer_than)
            case Store():
                body = Store(token, body.document)
            case DialBack():
                body = DialBack(token, body.cookie)
        destination = ANYBODY if contact is None else contact.id
        self._send(pending.endpoint, body, nonce=nonce, destination=destination, pad_to=0 if token else UNPROVED_BYTES)

    def _send(self, to: Endpoint, body: Body, *, nonce: bytes, destination: bytes, pad_to: int = 0) -> None:
        if self.closed or self.transport is None:
            return
        now = self._loop.time()
        reachability = self.reachability[to.version]
        reachability.sent(to, now)
        serves = reachability.serves(to.scope)
        data = make_frame(self.key, body, nonce=nonce, destination=destination, serves=serves, pad_to=pad_to)
        host = f"::ffff:{to.host}" if self._mapped and to.version == 4 else to.host
        self.transport.sendto(data, (host, to.port))
