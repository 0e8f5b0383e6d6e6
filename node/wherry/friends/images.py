"""What an avatar may be: a PNG, JPEG or WebP, told by its first bytes, and of a size that can be shown. A core.

The type is read from the bytes, not believed: whoever shows an avatar hands the bytes to a decoder of that type, and an
SVG, which can hold a script, is none of them. The picture's sides are read too, as the formats have them::

    PNG    89 "PNG" 0D 0A 1A 0A │ length u32 │ "IHDR" │ width u32 │ height u32                        (RFC 2083 §4.1.1)
    JPEG   FF D8 │ segments FF marker length u16 … until SOFn: length │ precision │ height u16 │ width u16   (T.81 §B.2)
    WebP   "RIFF" │ size u32 LE │ "WEBP" │ "VP8X" … width - 1 u24 LE, height - 1 u24 LE                     (RFC 9649)
                                         │ "VP8L" … 14 bits each, less 1     │ "VP8 " … 14 bits each, LE
"""

from __future__ import annotations

import struct

from ..errors import AvatarRefused
from .limits import AVATAR_BYTES, AVATAR_SIDE

PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
#: Markers of JPEG that begin a frame: SOF0–SOF15, without the three that mean something else.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
#: Markers of JPEG that have no length behind them.
_BARE = frozenset((0x01, *range(0xD0, 0xD9)))


def image_type(data: bytes) -> str:
    """The media type of an avatar.

    :raises AvatarRefused: if it is too large, or no picture of a kind and size that is taken.
    """
    if len(data) > AVATAR_BYTES:
        raise AvatarRefused(f"it has {len(data)} bytes, {AVATAR_BYTES} is the most")
    try:
        kind, width, height = _look(data)
    except (struct.error, IndexError) as error:
        raise AvatarRefused("its head is damaged") from error
    if not (0 < width <= AVATAR_SIDE and 0 < height <= AVATAR_SIDE):
        raise AvatarRefused(f"it has {width} × {height} pixels, {AVATAR_SIDE} a side is the most")
    return kind


def _look(data: bytes) -> tuple[str, int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return PNG, *struct.unpack_from(">II", data, 16)
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG, *_jpeg_sides(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WEBP, *_webp_sides(data)
    raise AvatarRefused("it is neither PNG nor JPEG nor WebP")


def _jpeg_sides(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise AvatarRefused("its head is damaged")
        marker = data[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        at += {0xFF: 1}.get(marker) or (2 if marker in _BARE else 2 + struct.unpack_from(">H", data, at + 2)[0])


def _webp_sides(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return _u24(data, 24) + 1, _u24(data, 27) + 1
    if kind == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise AvatarRefused("its head is damaged")


def _u24(data: bytes, at: int) -> int:
    low, high = struct.unpack_from("<HB", data, at)
    return int(low) | int(high) << 16
