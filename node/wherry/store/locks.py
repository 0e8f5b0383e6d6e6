"""Message bodies under lock: what rests in the file says nothing to whoever takes the disk.

::

    locked = nonce 24 │ XChaCha20-Poly1305(key, kind u8 │ content), associated data = join(REST_KEY, id, ours u8)
    key    = HKDF-SHA-256(identity's seed, info = REST_KEY), 32 bytes

The seed itself rests under Argon2id of the passphrase (wherry_signaling/keyfile.py), so the key does as well, and no
second passphrase is asked for. Without a passphrase the seed lies beside the database, and locking would be for show:
then bodies rest open, and are searched by an index. Locked ones have none, since an index holds every word.
"""

from __future__ import annotations

from collections.abc import Callable

import nacl.bindings
import nacl.exceptions

from wherry_signaling import domains
from wherry_signaling.identity import derive_key

from ..errors import DatabaseCorrupt

NONCE_BYTES = 24
#: Bytes that a lock adds: the nonce, what sort of content it is, the tag.
LOCK_BYTES = NONCE_BYTES + 1 + 16


class BodyLock:
    """Locks and unlocks; see the module.

    :param seed: the identity's.
    :param random: so many random bytes.
    """

    __slots__ = ("_key", "_random")

    def __init__(self, seed: bytes, random: Callable[[int], bytes]) -> None:
        self._key = derive_key(seed, salt=b"", info=domains.REST_KEY)
        self._random = random

    def lock(self, content: str | bytes, message: bytes, ours: bool) -> bytes:
        """What may rest.

        :param message: its id.
        """
        text = isinstance(content, str)
        plain = bytes([text]) + (content.encode("utf-8") if isinstance(content, str) else content)
        nonce = self._random(NONCE_BYTES)
        box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, _about(message, ours), nonce, self._key)
        return nonce + box

    def unlock(self, locked: bytes, message: bytes, ours: bool) -> str | bytes:
        """What was locked.

        :raises DatabaseCorrupt: if it is damaged, or belongs to another message or identity.
        """
        nonce, box = locked[:NONCE_BYTES], locked[NONCE_BYTES:]
        try:
            plain = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                box, _about(message, ours), nonce, self._key
            )
        except (nacl.exceptions.CryptoError, nacl.exceptions.TypeError, nacl.exceptions.ValueError) as error:
            raise DatabaseCorrupt("a message does not unlock") from error
        return plain[1:].decode("utf-8") if plain[0] else plain[1:]


def _about(message: bytes, ours: bool) -> bytes:
    return domains.join(domains.REST_KEY, message, bytes([ours]))
