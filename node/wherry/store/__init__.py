"""What a node knows and keeps for itself: one SQLite file, ``<home>/wherry.db``."""

from .database import Database
from .store import Ban, KnownPeer, Store

__all__ = ["Ban", "Database", "KnownPeer", "Store"]
