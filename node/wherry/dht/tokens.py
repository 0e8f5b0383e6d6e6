"""The address proof: a token that only somebody who receives at an address can have.

A token is the first 16 bytes of BLAKE2b keyed by a secret of our own, over the sender's endpoint and key. Nothing is
remembered for who has not yet shown one (as with QUIC's Retry, RFC 9000 section 8.1). The secret is replaced every
five minutes; the one before it still counts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Final

from wherry_signaling import domains

from .endpoint import Endpoint
from .limits import TOKEN_S

TOKEN_BYTES: Final = 16


class Tokens:
    """Mints and checks address proofs.

    :param random: of the secrets.
    """

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._secrets = (random(32), random(32))
        self._since: float | None = None

    def mint(self, endpoint: Endpoint, key: bytes, now: float) -> bytes:
        """16 bytes that prove to us that `key` receives at `endpoint`."""
        self._rotate(now)
        return _token(self._secrets[0], endpoint, key)

    def check(self, token: bytes, endpoint: Endpoint, key: bytes, now: float) -> bool:
        """Whether we gave `token` to `key` at `endpoint`, ten minutes ago at most."""
        self._rotate(now)
        return len(token) == TOKEN_BYTES and any(
            hmac.compare_digest(token, _token(secret, endpoint, key)) for secret in self._secrets
        )

    def _rotate(self, now: float) -> None:
        if self._since is None:
            self._since = now
        age = now - self._since
        if age >= 2 * TOKEN_S:
            self._secrets, self._since = (self._random(32), self._random(32)), now
        elif age >= TOKEN_S:
            self._secrets, self._since = (self._random(32), self._secrets[0]), now


def _token(secret: bytes, endpoint: Endpoint, key: bytes) -> bytes:
    data = domains.join(domains.DHT_TOKEN, endpoint.pack(), key)
    return hashlib.blake2b(data, key=secret, digest_size=TOKEN_BYTES).digest()
