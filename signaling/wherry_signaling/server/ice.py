"""Which servers a client may use for ICE: its introducer's own STUN, and TURN where a node brings it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ..identity import PeerId
from ..scope import parse_ip
from ..wire import IceServer
from .admission import Source


class IceService(Protocol):
    """What ICE servers to tell a client about."""

    def servers(self, peer: PeerId, source: Source, dialled: str) -> Sequence[IceServer]:
        """For one registered client: its id, where it comes from, and the host name under which it dialled us.

        Each is (URLs, user, credential, seconds); the last three are empty for STUN.
        """


class OwnStun:
    """The STUN responder of this very endpoint, under the name by which the client reached it.

    A server cannot know its own address from outside, the client can: so it is the client's word that counts, and a
    lie harms nobody but the liar.

    :param port: the endpoint's port.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    def servers(self, peer: PeerId, source: Source, dialled: str) -> Sequence[IceServer]:
        """One STUN URL (RFC 7064), or nothing if the client did not say whom it dialled."""
        del peer, source
        if not dialled:
            return ()
        host = f"[{dialled}]" if ":" in dialled and parse_ip(dialled) is not None else dialled
        return (([f"stun:{host}:{self._port}"], "", "", 0),)


class NoIce:
    """Nothing to offer: there is no UDP here."""

    def servers(self, peer: PeerId, source: Source, dialled: str) -> Sequence[IceServer]:
        """Nothing."""
        del peer, source, dialled
        return ()
