"""The client's side of signaling: one socket, guest sockets, introducers that heal."""

from .answers import IceServer, Leased, Page, Pinged, Registration
from .guests import Guests
from .introducers import Held, Introducers
from .network_time import NetworkTime
from .opening import open_client
from .session import Client
from .websocket import WebSocketConnector

__all__ = [
    "Client",
    "Guests",
    "Held",
    "IceServer",
    "Introducers",
    "Leased",
    "NetworkTime",
    "Page",
    "Pinged",
    "Registration",
    "WebSocketConnector",
    "open_client",
]
