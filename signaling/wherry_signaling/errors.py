"""Every error that identities, documents and signaling can raise, each with a stable code and a hint.

::

    WherryError                     anything below; has `code`, `side`, `exit`, `hint`, `peer`
    ├── LocalError                  you, or this machine: mend it here
    │   ├── InvalidPeerId, InvalidAddress, InvalidLink, InvalidMultiaddr
    │   ├── IdentityCorrupt, IdentityLocked
    │   ├── HomeUnusable, MailboxUnusable, PortBusy, NoNetwork
    │   └── Closed                  used after close()
    └── RemoteError                 the other side, or somebody between
        ├── Malformed, BadSignature, NotForUs, CannotOpen
        ├── StaleDocument, ExpiredDocument
        ├── WrongPeer, VersionMismatch, HandshakeFailed
        ├── EndpointUnreachable, EndpointLost, EndpointTimeout
        └── NoReservation, Quota, DeliveryFailed

`str(error)` is what the command line prints: ``what: why. do.`` The table `tests/vectors/errors.json` says the same
for both languages; a test holds the classes to it.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from .limits import DETAIL_CHARACTERS

Side = Literal["local", "remote"]


class WherryError(Exception):
    """Anything that Wherry raises on purpose.

    :param detail: why, in this case; no secret. Some of it comes from others: it is kept to one printable line.
    :param hint: what to do, where it differs from the class's own hint.
    :param peer: whom it is about, as an id in text.
    """

    code: ClassVar[str] = "FAILED"
    side: ClassVar[Side] = "local"
    #: The command line's exit code: 1 failed, 2 usage, 3 no daemon, 4 not found, 5 timeout, 6 denied.
    exit: ClassVar[int] = 1
    #: The number it has in frames, where it travels in any.
    wire: ClassVar[int | None] = None
    text: ClassVar[str] = "It failed"
    default_hint: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, hint: str | None = None, peer: str | None = None) -> None:
        self.detail = _one_line(detail)
        super().__init__(self.detail)
        self.hint = self.default_hint if hint is None else hint
        self.peer = peer

    def __str__(self) -> str:
        what = f"{self.text}: {self.detail}" if self.detail else self.text
        what = what if what.endswith(("?", "!")) else f"{what.rstrip('.')}."
        return f"{what} {self.hint}".rstrip()


def _one_line(text: str) -> str:
    """Without what a terminal obeys (escapes, line breaks, bidirectional controls), and not endless."""
    clean = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return clean if len(clean) <= DETAIL_CHARACTERS else clean[: DETAIL_CHARACTERS - 1] + "…"


class LocalError(WherryError):
    """Used wrongly, or this machine is in the way."""

    code = "LOCAL_ERROR"


class RemoteError(WherryError):
    """The other side, or somebody on the way to it, sent something wrong or nothing at all."""

    code = "REMOTE_ERROR"
    side = "remote"


# -- local ------------------------------------------------------------------------------------------------------------


class InvalidPeerId(LocalError):
    """The text is no peer id."""

    code, exit = "INVALID_PEER_ID", 2
    text, default_hint = "Not a peer id", "A peer id has 52 characters and begins with 12D3KooW."


class InvalidAddress(LocalError):
    """The text is no Wherry address; the detail says what is wrong with it."""

    code, exit = "INVALID_ADDRESS", 2
    text, default_hint = "Not a Wherry address", "Ask for it again, or copy it once more."


class InvalidLink(LocalError):
    """The text is no invite link."""

    code, exit = "INVALID_LINK", 2
    text, default_hint = "Not an invite link", "It looks like http://host:4770/#/add/… or wherry:…?via=host:4770."


class InvalidMultiaddr(LocalError):
    """The text or bytes are no multiaddr that Wherry uses."""

    code, exit = "INVALID_MULTIADDR", 2
    text, default_hint = "Not a usable multiaddr", "It looks like /ip4/192.0.2.7/tcp/4770/ws/p2p/12D3KooW…"


class IdentityCorrupt(LocalError):
    """The identity file cannot be read; it is never overwritten."""

    code = "IDENTITY_CORRUPT"
    text, default_hint = (
        "The identity file is damaged",
        "Nothing was changed. Put back a copy, or move the file away to begin as somebody new.",
    )


class IdentityLocked(LocalError):
    """The identity file is under a passphrase, and the one given does not open it."""

    code, exit = "IDENTITY_LOCKED", 6
    text, default_hint = "The passphrase does not open this identity", "Try again."


class HomeUnusable(LocalError):
    """A folder or file of the home cannot be read or written; the detail names it and says why."""

    code = "HOME_UNUSABLE"
    text, default_hint = "The home folder cannot be used", "Check who owns it, or choose another: --home DIR"


class MailboxUnusable(LocalError):
    """What is kept for others cannot be read or written."""

    code = "MAILBOX_UNUSABLE"
    text = "The mailboxes of others cannot be used"
    default_hint = "Free some room; a damaged kept.db can be moved away: it has nothing of your own."


class PortBusy(LocalError):
    """The address to listen on is taken."""

    code = "PORT_BUSY"
    text, default_hint = "Cannot listen", "Use another --listen, or stop what has the port."


class NoNetwork(LocalError):
    """This machine has no address to be reached at."""

    code = "NO_NETWORK"
    text, default_hint = "There is no network", "Wherry goes on by itself when there is one."


class Closed(LocalError):
    """It was used after `close()`."""

    code = "CLOSED"
    text, default_hint = "Already closed", ""


# -- remote: what was sent --------------------------------------------------------------------------------------------


class Malformed(RemoteError):
    """Bytes that are no frame, document or envelope."""

    code, wire = "MALFORMED", 400
    text, default_hint = "Received something malformed", "The other side may run a broken or newer version."


class BadSignature(RemoteError):
    """A signature that does not match, or a key that no honest peer has."""

    code = "BAD_SIGNATURE"
    text, default_hint = "A signature does not match", "It was dropped; somebody in between may be tampering."


class NotForUs(RemoteError):
    """It was signed or sealed for somebody else."""

    code = "NOT_FOR_US"
    text, default_hint = "Received something meant for another peer", "It was dropped."


class CannotOpen(RemoteError):
    """A sealed envelope that our key does not open."""

    code = "CANNOT_OPEN"
    text, default_hint = "A sealed envelope does not open", "It was dropped; the sender may hold an old record of us."


class StaleDocument(RemoteError):
    """A document with a lower sequence than one already known."""

    code = "STALE_DOCUMENT"
    text, default_hint = "A newer record is known", "The older one was not used."


class ExpiredDocument(RemoteError):
    """A document outside its lifetime, by network time with an hour of grace."""

    code = "EXPIRED_DOCUMENT"
    text, default_hint = "The record is outside its lifetime", "Check both computers' clocks."


# -- remote: endpoints ------------------------------------------------------------------------------------------------


class WrongPeer(RemoteError):
    """Somebody else answered at the multiaddr than the peer it names."""

    code = "WRONG_PEER"
    text, default_hint = (
        "Somebody else answers at this address",
        "The connection was dropped: the address is old.",
    )


class VersionMismatch(RemoteError):
    """The two sides speak different major versions; the detail names both."""

    code = "VERSION_MISMATCH"
    text, default_hint = "The versions do not fit", "Update the older one."


class HandshakeFailed(RemoteError):
    """The handshake ended, or was tampered with, before it was whole."""

    code = "HANDSHAKE_FAILED"
    text, default_hint = "The handshake failed", "Somebody in between may be tampering, or it is no Wherry endpoint."


class EndpointUnreachable(RemoteError):
    """Nothing answers at any of the endpoint's addresses."""

    code, exit = "ENDPOINT_UNREACHABLE", 4
    text, default_hint = "The endpoint does not answer", "Check the address, and that a node runs there."


class EndpointLost(RemoteError):
    """The socket to an endpoint ended."""

    code = "ENDPOINT_LOST"
    text, default_hint = "The connection to the endpoint ended", "It is tried again by itself."


class EndpointTimeout(RemoteError):
    """An endpoint took a request and did not answer it in time."""

    code, exit = "ENDPOINT_TIMEOUT", 5
    text, default_hint = "The endpoint did not answer in time", "Another is tried by itself."


class NoReservation(RemoteError):
    """The endpoint has nobody of that id, or the peer declined: the two look alike."""

    code, exit, wire = "NO_RESERVATION", 4, 204
    text, default_hint = "The peer is not there", "Try again when it is back."


class Quota(RemoteError):
    """A limit of the other side is used up."""

    code, exit, wire = "QUOTA", 6, 201
    text, default_hint = "A limit of the other side is used up", "Wait a minute and try again."


class DeliveryFailed(RemoteError):
    """The endpoint could not pass it on."""

    code, wire = "DELIVERY_FAILED", 203
    text, default_hint = "It could not be passed on", "Another way is tried by itself."
