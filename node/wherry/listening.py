"""Which addresses to try to listen on: one number for TCP and UDP, remembered once it was free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .config import Config
from .home import Remembered

#: The first choice, and what is tried after it when nobody asked for a certain one.
DEFAULT_PORT: Final = 4770
STEP: Final = 10
TRIES: Final = 20
#: Both stacks, where the machine has both.
ANYWHERE: Final = "::"


def ports_to_try(config: Config, remembered: Remembered) -> Iterator[tuple[str, int]]:
    """Addresses in the order to try: what was asked for alone, else the remembered port, 4770, 4780, …"""
    if config.listen is not None:
        yield config.listen.host, config.listen.port
        return
    first = remembered.port
    if first is not None:
        yield ANYWHERE, first
    for number in range(TRIES):
        port = DEFAULT_PORT + STEP * number
        if port != first:
            yield ANYWHERE, port
