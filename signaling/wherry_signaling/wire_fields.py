"""What frames are made of: fields with their ranges, and the frame itself."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from .limits import DOCUMENT_BYTES, FRAME_BYTES, INTRODUCER_ENDPOINTS, MULTIADDR_BYTES, REASON_BYTES

Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]
Tag = Annotated[bytes, msgspec.Meta(max_length=16)]
Number = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
Text = Annotated[str, msgspec.Meta(max_length=REASON_BYTES)]
Host = Annotated[str, msgspec.Meta(max_length=255)]
Document = Annotated[bytes, msgspec.Meta(max_length=DOCUMENT_BYTES)]
Sealed = Annotated[bytes, msgspec.Meta(max_length=FRAME_BYTES)]
Endpoints = Annotated[
    list[Annotated[bytes, msgspec.Meta(max_length=MULTIADDR_BYTES)]], msgspec.Meta(max_length=INTRODUCER_ENDPOINTS)
]


class Frame(msgspec.Struct, array_like=True, frozen=True):
    """Any frame."""

    kind: ClassVar[int]
