"""Encryption between two peers, of whom one may be away: X3DH to begin, then a double ratchet. A core."""

from .prekeys import NewPrekey, current_of, new_batch, new_prekey, prekey_of
from .sessions import Bundle, PrekeySecrets, Sessions

__all__ = ["Bundle", "NewPrekey", "PrekeySecrets", "Sessions", "current_of", "new_batch", "new_prekey", "prekey_of"]
