"""Every error a node can raise: those of `wherry_signaling.errors`, and its own.

::

    LocalError
    ├── Usage, NoNode, NodeLost, NotReady, AlreadyRunning, ConfigInvalid, BadRequest, AmbiguousPeer, UnknownPeer
    ├── DatabaseCorrupt, DiskFull, IdentityElsewhere, BootstrapUnreachable, ClockWrong
    ├── SendBufferFull, StreamClosed, ReceiveNested, SerializerFailed
    └── EngineMissing
    RemoteError
    ├── PeerNotFound, DialFailed ── DialTimeout, NegotiationFailed, IceFailed
    ├── RefusedByPeer, PolicyRefused, PeerBanned
    ├── ConnectionLost, PeerRestarted, PeerClosed
    ├── StreamReset, StreamRefused, FlowViolation, ProtocolViolation
    ├── ReceiveTimeout, Unsupported, LimitExceeded
    └── LookUpFailed, PublishFailed
"""

from __future__ import annotations

from wherry_signaling.errors import (
    BadSignature as BadSignature,
    CannotOpen as CannotOpen,
    Closed as Closed,
    DeliveryFailed as DeliveryFailed,
    EndpointLost as EndpointLost,
    EndpointTimeout as EndpointTimeout,
    EndpointUnreachable as EndpointUnreachable,
    ExpiredDocument as ExpiredDocument,
    HandshakeFailed as HandshakeFailed,
    HomeUnusable as HomeUnusable,
    IdentityCorrupt as IdentityCorrupt,
    IdentityLocked as IdentityLocked,
    InvalidAddress as InvalidAddress,
    InvalidLink as InvalidLink,
    InvalidMultiaddr as InvalidMultiaddr,
    InvalidPeerId as InvalidPeerId,
    LocalError as LocalError,
    Malformed as Malformed,
    NoNetwork as NoNetwork,
    NoReservation as NoReservation,
    NotForUs as NotForUs,
    PortBusy as PortBusy,
    Quota as Quota,
    RemoteError as RemoteError,
    StaleDocument as StaleDocument,
    VersionMismatch as VersionMismatch,
    WherryError as WherryError,
    WrongPeer as WrongPeer,
)

# -- local ------------------------------------------------------------------------------------------------------------


class Usage(LocalError):
    """What was typed is no command, or not with these options."""

    code, exit = "USAGE", 2
    text, default_hint = "Not understood", "Help: wherry --help"


class NoNode(LocalError):
    """No node runs in this home."""

    code, exit = "NO_NODE", 3
    text, default_hint = "No node is running here", "Start one: wherry up"


class NodeLost(LocalError):
    """The node here ended, or stopped answering, in the middle of a request."""

    code = "NODE_LOST"
    text, default_hint = "The node stopped answering", "Look whether it still runs: wherry status"


class NotReady(LocalError):
    """The node runs, but has not got as far as it was waited for; the detail says what is missing."""

    code, exit = "NOT_READY", 5
    text, default_hint = "The node is not ready yet", "Wait longer, or see what is missing: wherry status"


class AlreadyRunning(LocalError):
    """A node runs in this home already; the detail names its process."""

    code = "ALREADY_RUNNING"
    text, default_hint = "A node is already running here", "Use it, or stop it: wherry down"


class ConfigInvalid(LocalError):
    """The configuration names something that is not there or has the wrong shape."""

    code, exit = "CONFIG_INVALID", 2
    text, default_hint = (
        "The configuration is not usable",
        "Where each value is from: wherry config show --origin",
    )


class BadRequest(LocalError):
    """A request to the local API that does not have the shape it should have; the detail says where."""

    code, exit = "BAD_REQUEST", 2
    text, default_hint = "The request is not usable", "Its shape is in /api/openapi.json."


class AmbiguousPeer(LocalError):
    """Several peers fit what was typed; the detail names them."""

    code, exit = "AMBIGUOUS_PEER", 2
    text, default_hint = "More than one peer fits", "Type more of the id."


class UnknownPeer(LocalError):
    """No peer fits what was typed."""

    code, exit = "UNKNOWN_PEER", 4
    text, default_hint = "Nobody here fits that name", "Give a whole peer id, an address or an invite link."


class DatabaseCorrupt(LocalError):
    """The store cannot be read; it is never overwritten."""

    code = "DATABASE_CORRUPT"
    text, default_hint = "The database is damaged", "Nothing was changed. Put back a copy, or move the file away."


class DiskFull(LocalError):
    """Nothing can be written."""

    code = "DISK_FULL"
    text, default_hint = "The disk is full", "Make room; the node goes on with what it has."


class IdentityElsewhere(LocalError):
    """The same identity runs in another place and has published since."""

    code = "IDENTITY_ELSEWHERE"
    text, default_hint = "This identity also runs elsewhere", "Stop one of the two; this one no longer publishes."


class BootstrapUnreachable(LocalError):
    """Nobody whom this node could join through answers."""

    code = "BOOTSTRAP_UNREACHABLE"
    text, default_hint = "Nobody to join through answers", "It is tried again by itself; or give another --bootstrap."


class ClockWrong(LocalError):
    """This computer's clock is far from that of others."""

    code = "CLOCK_WRONG"
    text, default_hint = "This computer's clock is wrong", "Set the clock; Wherry goes by network time meanwhile."


class SendBufferFull(LocalError):
    """More was written without waiting than may wait here."""

    code = "SEND_BUFFER_FULL"
    text, default_hint = "The send buffer is full", "Await write() before writing more."


class StreamClosed(LocalError):
    """The stream's writing side was already closed here."""

    code = "STREAM_CLOSED"
    text, default_hint = "The stream is closed", "Open another."


class ReceiveNested(LocalError):
    """`receive()` was entered for a peer while this task already holds that peer's messages."""

    code = "RECEIVE_NESTED"
    text, default_hint = "receive() is already held for this peer", "Leave the first block before you enter another."


class SerializerFailed(LocalError):
    """The message does not fit its opcode's serializer."""

    code = "SERIALIZER_FAILED"
    text, default_hint = (
        "The message cannot be serialized",
        "Its type is not what its opcode was registered with.",
    )


class EngineMissing(LocalError):
    """The engine asked for is not installed."""

    code, exit = "ENGINE_MISSING", 2
    text, default_hint = "This engine is not installed", "Install it, or use the engine aiortc."


# -- remote: reaching a peer ------------------------------------------------------------------------------------------


class PeerNotFound(RemoteError):
    """No record of the peer is to be had."""

    code, exit = "PEER_NOT_FOUND", 4
    text, default_hint = "Nobody knows this peer now", "Ask for a fresh invite."


class DialFailed(RemoteError):
    """A record was found, but no way in it led to an open connection."""

    code, exit = "DIAL_FAILED", 4
    text, default_hint = "The peer could not be reached", "See why: wherry explain PEER"


class DialTimeout(DialFailed):
    """The attempt took longer than it may."""

    code, exit = "DIAL_TIMEOUT", 5
    text, default_hint = "The peer did not answer in time", "See why: wherry explain PEER"


class NegotiationFailed(DialFailed):
    """Offer and answer were exchanged but do not fit."""

    code = "NEGOTIATION_FAILED"
    text, default_hint = "The two sides could not agree on a connection", "See why: wherry explain PEER"


class IceFailed(DialFailed):
    """The peer answered, but no path between the two works."""

    code = "ICE_FAILED"
    text, default_hint = "The peer answered, but no path leads to it", "Try another network, or a relay."


class RefusedByPeer(RemoteError):
    """The peer's own signed refusal."""

    code, exit, wire = "REFUSED_BY_PEER", 6, 2
    text, default_hint = "The peer does not accept this", "Ask the person behind it to let you in."


class PolicyRefused(RemoteError):
    """Our own policy forbids what the peer asked for; it is told so."""

    code, exit, wire = "POLICY_REFUSED", 6, 3
    text, default_hint = "Policy does not allow this peer", "Allow it in the configuration."


class PeerBanned(RemoteError):
    """The peer is banned here for a while."""

    code, exit, wire = "PEER_BANNED", 6, 4
    text, default_hint = "The peer is banned here for a while", "Wait, or lift the ban."


# -- remote: connections and streams ----------------------------------------------------------------------------------


class ConnectionLost(RemoteError):
    """Nothing is heard of the peer any more, and a new connection could not be had in time."""

    code, wire = "CONNECTION_LOST", 5
    text, default_hint = "The connection was lost", "It can be dialled again."


class PeerRestarted(RemoteError):
    """The peer came back as a new instance: the streams of the old one are gone."""

    code, wire = "PEER_RESTARTED", 6
    text, default_hint = "The peer has started anew", "Open the stream again."


class PeerClosed(RemoteError):
    """The peer closed the connection."""

    code, wire = "PEER_CLOSED", 7
    text, default_hint = "The peer closed the connection", "It can be dialled again."


class StreamReset(RemoteError):
    """The stream was reset by the peer; `reason` is the application's number."""

    code, wire = "STREAM_RESET", 8
    text, default_hint = "The peer reset the stream", "Open it again if you need it."

    def __init__(self, detail: str = "", *, reason: int = 0, hint: str | None = None, peer: str | None = None) -> None:
        super().__init__(detail, hint=hint, peer=peer)
        self.reason = reason


class StreamRefused(RemoteError):
    """Nobody serves streams of that name there, or not for us."""

    code, exit, wire = "STREAM_REFUSED", 6, 9
    text, default_hint = "The peer does not serve this stream", "Check the name, and that you are allowed."


class FlowViolation(RemoteError):
    """The peer sent more than it had credit for."""

    code, wire = "FLOW_VIOLATION", 10
    text, default_hint = "The peer sent more than it may", "The connection was closed."


class ProtocolViolation(RemoteError):
    """A frame that cannot come in this state."""

    code, wire = "PROTOCOL_VIOLATION", 11
    text, default_hint = "The peer broke the protocol", "The connection was closed."


class ReceiveTimeout(RemoteError):
    """No message of that kind came in time."""

    code, exit = "RECEIVE_TIMEOUT", 5
    text, default_hint = "No message came in time", ""


class Unsupported(RemoteError):
    """The peer knows the request and does not offer it."""

    code, wire = "UNSUPPORTED", 12
    text, default_hint = "The peer does not offer this", ""


class LimitExceeded(RemoteError):
    """The peer wants more than a limit here allows."""

    code, exit, wire = "LIMIT_EXCEEDED", 6, 13
    text, default_hint = "A limit is reached", "Wait a minute and try again."


# -- remote: the DHT --------------------------------------------------------------------------------------------------


class LookUpFailed(RemoteError):
    """The DHT could not be asked."""

    code, exit = "LOOK_UP_FAILED", 4
    text, default_hint = "The DHT could not be asked", "See what is wrong: wherry status"


class PublishFailed(RemoteError):
    """No node of the DHT took the document."""

    code = "PUBLISH_FAILED"
    text, default_hint = "Nobody took the record", "It is tried again by itself."
