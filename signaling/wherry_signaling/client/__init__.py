"""The client's side of signaling: one socket, guest sockets, introducers that heal."""

from .guests import Guests
from .session import Client, IceServer, Pinged, Registration, open_client
from .websocket import WebSocketConnector

__all__ = ["Client", "Guests", "IceServer", "Pinged", "Registration", "WebSocketConnector", "open_client"]
