"""Wherry: peers that reach each other by identity, over WebRTC, with nobody's server in between.

::

    from wherry import Node, PeerId

    async with Node.at("~/.my-program", bootstrap=["http://192.0.2.7:4770/"]) as node:
        peer = await node.connect(PeerId.parse("12D3KooW…"))
        stream = await peer.open_stream("/my-program/1")

Names are imported when they are first used: the command line does not need aiortc to print its help.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wherry_signaling.address import Address as Address, InviteLink as InviteLink
    from wherry_signaling.identity import Identity as Identity, PeerId as PeerId

    from . import errors as errors
    from .config import Config as Config
    from .connection import Connection as Connection, Datagrams as Datagrams, Stream as Stream
    from .home import Home as Home
    from .network import Component as Component, Context as Context, Network as Network, Peer as Peer
    from .node import Node as Node

_WHERE = {
    "Address": "wherry_signaling.address",
    "Component": "wherry.network",
    "Config": "wherry.config",
    "Connection": "wherry.connection",
    "Context": "wherry.network",
    "Datagrams": "wherry.connection",
    "Home": "wherry.home",
    "Identity": "wherry_signaling.identity",
    "InviteLink": "wherry_signaling.address",
    "Network": "wherry.network",
    "Node": "wherry.node",
    "Peer": "wherry.network",
    "PeerId": "wherry_signaling.identity",
    "Stream": "wherry.connection",
}

__all__ = [
    "Address",
    "Component",
    "Config",
    "Connection",
    "Context",
    "Datagrams",
    "Home",
    "Identity",
    "InviteLink",
    "Network",
    "Node",
    "Peer",
    "PeerId",
    "Stream",
    "errors",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("wherry.errors")
    if name not in _WHERE:
        raise AttributeError(f"module 'wherry' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
