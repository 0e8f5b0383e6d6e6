"""What the formats are made of, written a second time from the papers: nothing here is Wherry's own code.

Base58, Ed25519's group (RFC 8032, needed for keys that no library makes), XChaCha20-Poly1305
(draft-irtf-cfrg-xchacha-03), HKDF (RFC 5869), Argon2id (RFC 9106). X25519, ChaCha20-Poly1305 and honest signatures
are `cryptography`'s.
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(data: bytes) -> str:
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


# -- Ed25519 ----------------------------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]  # affine: slow, short, and done once
NEUTRAL: Point = (0, 1)


def recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x % 2 != sign and x else x


BASE_Y = 4 * pow(5, -1, P) % P
BASE: Point = (recover_x(BASE_Y, 0) or 0, BASE_Y)


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def multiply(scalar: int, point: Point) -> Point:
    result = NEUTRAL
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point:
    y = int.from_bytes(data, "little")
    y, sign = y & (2**255 - 1), y >> 255
    x = recover_x(y % P, sign)
    assert x is not None
    return x, y % P


def torsion() -> Point:
    """A point of order 8: the honest part of any point is multiplied away."""
    for y in range(2, 100):
        x = recover_x(y, 0)
        if x is not None and multiply(4, point := multiply(L, (x, y))) != NEUTRAL:
            return point
    raise AssertionError("there is one below 100")


def secret_scalar(seed: bytes) -> int:
    number = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return number & (2**254 - 8) | 2**254


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def ed25519_public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def lax_verify(key: bytes, message: bytes, signature: bytes) -> None:
    """What a verifier does that checks the equation and little else; raises InvalidSignature."""
    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)


# -- X25519, HKDF, XChaCha20-Poly1305 ---------------------------------------------------------------------------------


def x25519_public(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def x25519(secret: bytes, public: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(public))


def x25519_of_seed(seed: bytes) -> bytes:
    """An Ed25519 seed as an X25519 secret (RFC 8032's clamped scalar is RFC 7748's)."""
    return secret_scalar(seed).to_bytes(32, "little")


def x25519_of_public(key: bytes) -> bytes:
    """u = (1 + y) / (1 - y), RFC 7748 section 4.1."""
    y = decode(key)[1]
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    pseudorandom = hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()
    output, block, counter = b"", b"", 1
    while len(output) < length:
        block = hmac.new(pseudorandom, block + info + bytes([counter]), hashlib.sha256).digest()
        output, counter = output + block, counter + 1
    return output[:length]


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    state = [int.from_bytes(block, "little") for block in _words(b"expand 32-byte k" + key + nonce)]
    for _ in range(10):
        for a, b, c, d in (
            *((i, i + 4, i + 8, i + 12) for i in range(4)),
            *((i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12) for i in range(4)),
        ):
            for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[x] = (state[x] + state[y]) & 0xFFFFFFFF
                state[z] ^= state[x]
                state[z] = (state[z] << turn | state[z] >> 32 - turn) & 0xFFFFFFFF
    return b"".join(word.to_bytes(4, "little") for word in state[:4] + state[12:])


def xchacha20poly1305(key: bytes, nonce: bytes, plain: bytes, data: bytes) -> bytes:
    inner = ChaCha20Poly1305(hchacha20(key, nonce[:16]))
    return inner.encrypt(bytes(4) + nonce[16:], plain, data)


def xchacha20poly1305_open(key: bytes, nonce: bytes, sealed: bytes, data: bytes) -> bytes | None:
    """None if the tag does not match."""
    try:
        return ChaCha20Poly1305(hchacha20(key, nonce[:16])).decrypt(bytes(4) + nonce[16:], sealed, data)
    except InvalidTag:
        return None


def _words(data: bytes) -> list[bytes]:
    return [data[i : i + 4] for i in range(0, len(data), 4)]


# -- Argon2id (RFC 9106): slow, so for a few KiB -----------------------------------------------------------------------

U64 = 2**64 - 1
Block = list[int]  # 128 words of 64 bits


def argon2id(
    password: bytes,
    salt: bytes,
    *,
    passes: int,
    kib: int,
    lanes: int = 1,
    length: int = 32,
    secret: bytes = b"",
    data: bytes = b"",
) -> bytes:
    numbers = (lanes, length, kib, passes, 0x13, 2)
    texts = b"".join(_le32(len(part)) + part for part in (password, salt, secret, data))
    first = hashlib.blake2b(b"".join(map(_le32, numbers)) + texts).digest()
    columns = kib // (4 * lanes) * 4
    memory: list[list[Block]] = [[_block(first, column, lane) for column in (0, 1)] for lane in range(lanes)]
    for lane in memory:
        lane.extend([0] * 128 for _ in range(columns - 2))
    for turn in range(passes):
        for part in range(4):
            for lane in range(lanes):
                _segment(memory, turn, part, lane, passes)
    last = [0] * 128
    for lane in memory:
        last = [a ^ b for a, b in zip(last, lane[-1], strict=True)]
    return _variable_hash(b"".join(word.to_bytes(8, "little") for word in last), length)


def _segment(memory: list[list[Block]], turn: int, part: int, lane: int, passes: int) -> None:
    lanes, columns = len(memory), len(memory[0])
    size = columns // 4
    by_address = turn == 0 and part < 2
    for index in range(2 if turn == 0 and part == 0 else 0, size):
        column = part * size + index
        before = memory[lane][column - 1]
        if by_address:
            about = [turn, lane, part, lanes * columns, passes, 2, index // 128 + 1] + [0] * 121
            word = _compress([0] * 128, _compress([0] * 128, about))[index % 128]
        else:
            word = before[0]
        j1, j2 = word % 2**32, word >> 32
        from_lane = lane if turn == 0 and part == 0 else j2 % lanes
        finished = part * size if turn == 0 else 3 * size  # columns of other lanes that may be referred to
        within = finished + index - 1 if from_lane == lane else finished - (index == 0)
        back = within * (j1 * j1 >> 32) >> 32
        start = 0 if turn == 0 else (part + 1) * size % columns
        found = memory[from_lane][(start + within - 1 - back) % columns]
        made = _compress(before, found)
        old = memory[lane][column] if turn else [0] * 128
        memory[lane][column] = [a ^ b for a, b in zip(made, old, strict=True)]


def _block(first: bytes, column: int, lane: int) -> Block:
    data = _variable_hash(first + _le32(column) + _le32(lane), 1024)
    return [int.from_bytes(data[at : at + 8], "little") for at in range(0, 1024, 8)]


def _variable_hash(data: bytes, length: int) -> bytes:
    data = _le32(length) + data
    if length <= 64:
        return hashlib.blake2b(data, digest_size=length).digest()
    out, value = b"", hashlib.blake2b(data).digest()
    while length - len(out) > 64:
        out += value[:32]
        rest = length - len(out)
        value = hashlib.blake2b(value, digest_size=min(rest, 64)).digest()
    return out + value


def _compress(x: Block, y: Block) -> Block:
    mixed = [a ^ b for a, b in zip(x, y, strict=True)]
    result = list(mixed)
    for row in range(8):
        _permute(result, [16 * row + at for at in range(16)])
    for column in range(8):
        _permute(result, [16 * row + 2 * column + at for row in range(8) for at in (0, 1)])
    return [a ^ b for a, b in zip(result, mixed, strict=True)]


def _permute(v: Block, at: list[int]) -> None:
    for a, b, c, d in (
        *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
        *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
    ):
        for x, y, z, turn in ((a, b, d, 32), (c, d, b, 24), (a, b, d, 16), (c, d, b, 63)):
            low = (v[at[x]] % 2**32) * (v[at[y]] % 2**32)
            v[at[x]] = (v[at[x]] + v[at[y]] + 2 * low) & U64
            word = v[at[z]] ^ v[at[x]]
            v[at[z]] = (word >> turn | word << 64 - turn) & U64


def _le32(number: int) -> bytes:
    return number.to_bytes(4, "little")


def check_against_the_drafts() -> None:
    tag = argon2id(
        *(b"\1" * 32, b"\2" * 16), passes=3, kib=32, lanes=4, secret=b"\3" * 8, data=b"\4" * 12
    )  # RFC 9106, section 5.3
    assert tag.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
    """HChaCha20 and XChaCha20-Poly1305 as draft-irtf-cfrg-xchacha-03 has them (2.2.1 and A.3.1)."""
    key = bytes(range(32))
    nonce = bytes.fromhex("000000090000004a0000000031415927")
    assert hchacha20(key, nonce).hex() == "82413b4227b27bfed30e42508a877d73a0f9e4d58a74a853c12ec41326d3ecdc"
    plain = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
        b"sunscreen would be it."
    )
    sealed = xchacha20poly1305(
        bytes(range(0x80, 0xA0)), bytes(range(0x40, 0x58)), plain, bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    )
    assert sealed[:16].hex() == "bd6d179d3e83d43b9576579493c0e939"
    assert sealed[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
