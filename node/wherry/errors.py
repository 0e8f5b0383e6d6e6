"""Every error a node can raise: those of `wherry_signaling.errors`, and its own.

::

    LocalError
    ├── Usage, NoNode, NodeLost, NotReady, AlreadyRunning, ConfigInvalid, BadRequest, AmbiguousPeer, UnknownPeer
    ├── NoSession, ForeignPage, WrongHost, TooManyTries
    ├── DatabaseCorrupt, DiskFull, IdentityElsewhere, BootstrapUnreachable, ClockWrong
    ├── SendBufferFull, StreamClosed, ReceiveNested, SerializerFailed, EngineMissing
    ├── AlreadyFriends, NotFriends, NoRequest, PeerBlocked, UnknownLabel, TooManyAddresses, AvatarRefused
    ├── MessageTooLarge, UnknownMessage, OutboxFull
    └── ExportCorrupt, ExportLocked, CopyUnusable, HomeTaken
    RemoteError
    ├── PeerNotFound, DialFailed ── DialTimeout, NegotiationFailed, IceFailed
    ├── RefusedByPeer, PolicyRefused, PeerBanned
    ├── ConnectionLost, PeerRestarted, PeerClosed
    ├── StreamReset, StreamRefused, FlowViolation, ProtocolViolation
    ├── ReceiveTimeout, Unsupported, LimitExceeded
    ├── LookUpFailed, PublishFailed
    └── OldAddress, PeerFull, RequestDeclined, MessageExpired, MessageWithdrawn
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


class NoSession(LocalError):
    """A request to the local API without a token, or with one that is wrong, used, ended or too old."""

    code, exit = "NO_SESSION", 6
    text, default_hint = "Not signed in", "Open the page anew: wherry dashboard. For a program: wherry token new NAME"


class ForeignPage(LocalError):
    """A page of another origin asked the local API, or a request that only such a page would send."""

    code, exit = "FOREIGN_PAGE", 6
    text, default_hint = "The local API answers no other pages", "Open its own page: wherry dashboard"


class WrongHost(LocalError):
    """The local API was asked by a name that is not its own: a name of somebody's leads here (DNS rebinding)."""

    code, exit = "WRONG_HOST", 6
    text, default_hint = "The local API does not go by that name", "Open its own page: wherry dashboard"


class TooManyTries(LocalError):
    """Wrong tokens came faster than anybody mistypes one."""

    code, exit = "TOO_MANY_TRIES", 6
    text, default_hint = "Too many wrong tokens", "Wait a minute and try again."


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


# -- local: friends, messages, copies ---------------------------------------------------------------------------------


class AlreadyFriends(LocalError):
    """The two are friends already."""

    code = "ALREADY_FRIENDS"
    text, default_hint = "You are friends already", ""


class NotFriends(LocalError):
    """What is for friends was asked of somebody who is none."""

    code, exit = "NOT_FRIENDS", 6
    text, default_hint = "You are not friends", "Ask for their address: wherry friend add ADDRESS"


class NoRequest(LocalError):
    """There is no request to answer or to withdraw."""

    code, exit = "NO_REQUEST", 4
    text, default_hint = "There is no such request", "See what there is: wherry friend list"


class PeerBlocked(LocalError):
    """The peer is blocked by this node's own person."""

    code, exit = "PEER_BLOCKED", 6
    text, default_hint = "You have blocked this peer", "Lift that first: wherry friend unblock PEER"


class UnknownLabel(LocalError):
    """No address of one's own has that label."""

    code, exit = "UNKNOWN_LABEL", 4
    text, default_hint = "No address has this label", "See the labels: wherry address list"


class TooManyAddresses(LocalError):
    """One has as many labelled addresses as there may be: each costs every mailbox some tags."""

    code = "TOO_MANY_ADDRESSES"
    text, default_hint = "There are too many addresses", "Rotate one that you have: wherry address rotate LABEL"


class AvatarRefused(LocalError):
    """The file is no picture that others would take."""

    code, exit = "AVATAR_REFUSED", 2
    text, default_hint = "This picture cannot be used", "Take a PNG, JPEG or WebP of at most 64 KiB."


class MessageTooLarge(LocalError):
    """A message has more bytes than may be."""

    code, exit = "MESSAGE_TOO_LARGE", 2
    text, default_hint = "The message is too large", "Send it in parts."


class UnknownMessage(LocalError):
    """No message here has that id."""

    code, exit = "UNKNOWN_MESSAGE", 4
    text, default_hint = "There is no such message", "It may have been deleted."


class OutboxFull(LocalError):
    """More waits for one peer than may."""

    code = "OUTBOX_FULL"
    text, default_hint = "Too much waits for this peer", "Wait until the peer has been back."


class ExportCorrupt(LocalError):
    """The file is no export, or a damaged one."""

    code = "EXPORT_CORRUPT"
    text, default_hint = "The exported file is damaged", "Nothing was changed. Use another copy."


class ExportLocked(LocalError):
    """The passphrase is another one."""

    code, exit = "EXPORT_LOCKED", 6
    text, default_hint = "The passphrase does not open this file", "Try again."


class CopyUnusable(LocalError):
    """A profile cannot be saved there; the detail names the file and says why."""

    code = "COPY_UNUSABLE"
    text, default_hint = "The copy cannot be written", "Choose another place for it."


class HomeTaken(LocalError):
    """Somebody lives in the home already: an import never overwrites."""

    code = "HOME_TAKEN"
    text, default_hint = "Somebody lives in this home already", "Import into a new one: --home DIR"


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


# -- remote: what became of something we sent -------------------------------------------------------------------------


class OldAddress(RemoteError):
    """The address carries a word that its owner has changed since."""

    code, exit = "OLD_ADDRESS", 6
    text, default_hint = "This address is no longer valid", "Ask for a new one."


class PeerFull(RemoteError):
    """The peer keeps no more: requests that nobody answered, or its disk."""

    code = "PEER_FULL"
    text, default_hint = "The peer can take no more now", "Try again later."


class RequestDeclined(RemoteError):
    """The person behind the peer has declined."""

    code, exit = "REQUEST_DECLINED", 6
    text, default_hint = "The request was declined", ""


class MessageExpired(RemoteError):
    """The peer was away for longer than it is kept."""

    code, exit = "MESSAGE_EXPIRED", 5
    text, default_hint = "The peer was away for too long", "Send it again."


class MessageWithdrawn(RemoteError):
    """It was taken back before it arrived."""

    code = "MESSAGE_WITHDRAWN"
    text, default_hint = "It was taken back before it arrived", ""
