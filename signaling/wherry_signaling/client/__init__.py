"""The client's side of signaling: one socket, guest sockets, introducers that heal."""

from .guests import Guests
from .introducers import Held, Introducers
from .network_time import NetworkTime
from .session import Client, IceServer, Pinged, Registration, open_client
from .websocket import WebSocketConnector

__all__ = [
    "Client",
    "Guests",
    "Held",
    "IceServer",
    "Introducers",
    "NetworkTime",
    "Pinged",
    "Registration",
    "WebSocketConnector",
    "open_client",
]
