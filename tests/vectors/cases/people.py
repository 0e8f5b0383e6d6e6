"""Who the vectors are about, and the shape of one."""

from __future__ import annotations

from typing import Any

import crypto
from formats import Person

Case = dict[str, Any]
ALICE, BOB, CAROL, MALLORY = (Person(number) for number in (0xA1, 0xB0, 0xCA, 0x3A))
#: Seconds since 1970 at which documents are judged.
NOW = 1_800_000_000
#: The first y that no point of the curve has.
OFF_CURVE = next(y.to_bytes(32, "little") for y in range(2, 100) if crypto.recover_x(y, 0) is None)


def good(name: str, data: bytes, **value: Any) -> Case:
    return {"name": name, "value": _plain(value), "bytes": data.hex()}


def bad(name: str, data: bytes, error: str, **value: Any) -> Case:
    return {"name": name, "value": _plain(value), "bytes": data.hex(), "error": error}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
