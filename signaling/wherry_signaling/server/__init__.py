"""The signaling endpoint: what others reach this node through, and what it does for them."""

from .directory import Directory, LocalDirectory
from .endpoint import Endpoint
from .ice import IceService, NoIce, OwnStun
from .mailboxes import Mailboxes
from .udp import Kind, UdpPort

__all__ = ["Directory", "Endpoint", "IceService", "Kind", "LocalDirectory", "Mailboxes", "NoIce", "OwnStun", "UdpPort"]
