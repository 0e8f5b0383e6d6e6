"""Where an identity rests: a small file that is made once, is its owner's alone to read, and is never overwritten.

::

    open     "WHERRYID" | version u8 = 1 | kind u8 = 0 | seed 32 | check 4                                     46 bytes
    locked   "WHERRYID" | version u8 = 1 | kind u8 = 1 | passes u32 | memory u32 | salt 16 | nonce 24
                        | box 48 | check 4                                                                    110 bytes

    check = first 4 bytes of SHA-256(join(domain, all that precedes)): a damaged file is told from a wrong passphrase
    box   = XChaCha20-Poly1305 of the seed under Argon2id(passphrase; salt, passes, memory), with
            associated data = join(domain, all that precedes)

Integers are big-endian; `memory` is in KiB (RFC 9106's unit), the lanes of Argon2id are 1, as libsodium has it.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nacl.bindings
import nacl.exceptions
import nacl.pwhash.argon2id as argon2id

from . import domains
from .errors import HomeUnusable, IdentityCorrupt, IdentityLocked

MAGIC: Final = b"WHERRYID"
VERSION: Final = 1
SEED_BYTES: Final = 32
_OPEN, _LOCKED = 0, 1
_HEAD = struct.Struct(">8sBB")
_COST = struct.Struct(">II")
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 24
_BOX_BYTES: Final = SEED_BYTES + 16
_CHECK_BYTES: Final = 4
_OPEN_BYTES: Final = _HEAD.size + SEED_BYTES + _CHECK_BYTES
_LOCKED_BYTES: Final = _HEAD.size + _COST.size + _SALT_BYTES + _NONCE_BYTES + _BOX_BYTES + _CHECK_BYTES
#: KiB of memory, and passes over it, that a file may ask for: a crafted one must not take the machine down.
MAX_MEMORY_KIB: Final = 1024 * 1024
MAX_PASSES: Final = 16

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess at the passphrase costs: RFC 9106's second recommended choice (3 passes over 64 MiB)."""

    passes: int = 3
    memory_kib: int = 64 * 1024


# -- bytes ------------------------------------------------------------------------------------------------------------


def encode(seed: bytes, *, passphrase: str | None, random: Random, cost: Cost | None = None) -> bytes:
    """The file's bytes. Without a passphrase the seed lies open, guarded by the file's mode alone."""
    if passphrase is None:
        return _checked(_HEAD.pack(MAGIC, VERSION, _OPEN) + seed)
    cost = cost or Cost()
    head = _HEAD.pack(MAGIC, VERSION, _LOCKED) + _COST.pack(cost.passes, cost.memory_kib) + random(_SALT_BYTES)
    nonce = random(_NONCE_BYTES)
    key = _key(passphrase, salt=head[-_SALT_BYTES:], cost=cost)
    box = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(seed, _associated(head + nonce), nonce, key)
    return _checked(head + nonce + box)


def is_locked(data: bytes) -> bool:
    """Whether a passphrase is needed.

    :raises IdentityCorrupt: if the bytes are no identity file.
    """
    if len(data) < _HEAD.size + _CHECK_BYTES:
        raise IdentityCorrupt(f"it has {len(data)} bytes, which is too short")
    magic, version, kind = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise IdentityCorrupt("it does not begin as an identity file does")
    if version != VERSION:
        raise IdentityCorrupt(f"it is of version {version}, this is Wherry with version {VERSION}", hint="Update.")
    if kind not in (_OPEN, _LOCKED) or len(data) != (_OPEN_BYTES, _LOCKED_BYTES)[kind]:
        raise IdentityCorrupt(f"it has {len(data)} bytes, which is no length of an identity file")
    if data != _checked(data[:-_CHECK_BYTES]):
        raise IdentityCorrupt("its checksum does not fit")
    return bool(kind == _LOCKED)


def decode(data: bytes, passphrase: str | None) -> bytes:
    """The 32 secret bytes in the file.

    :raises IdentityCorrupt: if the bytes are no identity file, or a damaged one.
    :raises IdentityLocked: if the passphrase is missing or another.
    """
    if not is_locked(data):
        return data[_HEAD.size : -_CHECK_BYTES]
    if passphrase is None:
        raise IdentityLocked("it is under a passphrase, and none was given", hint="Start it where it can ask for one.")
    passes, memory_kib = _COST.unpack_from(data, _HEAD.size)
    if not (0 < passes <= MAX_PASSES and 8 <= memory_kib <= MAX_MEMORY_KIB):
        raise IdentityCorrupt(f"it asks for {passes} passes over {memory_kib} KiB to be opened")
    end = len(data) - _CHECK_BYTES - _BOX_BYTES
    head, nonce, box = data[: end - _NONCE_BYTES], data[end - _NONCE_BYTES : end], data[end:-_CHECK_BYTES]
    key = _key(passphrase, salt=head[-_SALT_BYTES:], cost=Cost(passes, memory_kib))
    try:
        return nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(box, _associated(data[:end]), nonce, key)
    except nacl.exceptions.CryptoError as error:
        raise IdentityLocked() from error


def _key(passphrase: str, *, salt: bytes, cost: Cost) -> bytes:
    secret = passphrase.encode("utf-8")
    return argon2id.kdf(32, secret, salt, opslimit=cost.passes, memlimit=cost.memory_kib * 1024)


def _associated(head: bytes) -> bytes:
    return domains.join(domains.IDENTITY_FILE, head)


def _checked(body: bytes) -> bytes:
    return body + hashlib.sha256(domains.join(domains.IDENTITY_FILE, body)).digest()[:_CHECK_BYTES]


# -- files ------------------------------------------------------------------------------------------------------------


def create(path: Path, seed: bytes, *, passphrase: str | None = None, cost: Cost | None = None) -> None:
    """Write a new file, whole or not at all, with mode 0600.

    It is written beside its place and then linked into it: a file that is already there wins.

    :raises HomeUnusable: if it cannot be written, or is there already.
    """
    data = encode(seed, passphrase=passphrase, random=secrets.token_bytes, cost=cost)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, path)
        finally:
            draft.unlink()
        sync_folder(path.parent)
    except OSError as error:
        raise HomeUnusable(f"{path}: {error.strerror}") from error


def load(path: Path, *, ask: Callable[[], str] | None = None) -> bytes:
    """The seed in the file at `path`; `ask` gives the passphrase, if one is needed.

    :raises FileNotFoundError: if there is no file, which is for the caller to judge.
    :raises IdentityCorrupt, IdentityLocked: see `decode`; the detail of the first names the file.
    :raises HomeUnusable: if the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LOCKED_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise HomeUnusable(f"{path}: {error.strerror}") from error
    try:
        return decode(data, ask() if is_locked(data) and ask is not None else None)
    except IdentityCorrupt as error:
        raise IdentityCorrupt(f"{path}: {error.detail}", hint=error.hint) from error


def make_private(path: Path) -> str | None:
    """Take the file away from everybody but its owner; says what was wrong, if anything was."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & 0o077:
        return None
    what = f"{path} could be read by others on this machine (mode {mode:04o})"
    try:
        path.chmod(0o600)
    except OSError as error:
        return f"{what}, and its mode cannot be changed: {error.strerror}"
    return f"{what}; its mode is 0600 now"


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
