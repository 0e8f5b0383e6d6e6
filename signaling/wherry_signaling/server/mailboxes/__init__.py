"""Mailboxes: what an endpoint keeps for peers that are away. Sealed envelopes, under tags that name nobody."""

from .desk import Desk
from .mailboxes import Granted, Holding, Mailboxes
from .quotas import Quotas, Use

__all__ = ["Desk", "Granted", "Holding", "Mailboxes", "Quotas", "Use"]
