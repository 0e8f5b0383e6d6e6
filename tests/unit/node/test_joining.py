"""Who is asked for the way into the network, and what is said where nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from wherry.dht import Dht, Endpoint
from wherry.errors import BootstrapUnreachable
from wherry.joining import RETRY_MOST_S, Joining
from wherry.testing.clock import run_virtual
from wherry_signaling.endpoints import parse_any


class Silence:
    """A DHT that nobody answers."""

    def __init__(self) -> None:
        self.asked: list[Endpoint] = []

    def contacts(self) -> list[object]:
        return []

    async def bootstrap(self, endpoints: Sequence[Endpoint]) -> int:
        self.asked += endpoints
        await asyncio.sleep(1)
        return 0


@pytest.mark.parametrize(
    ("named", "at_once", "said"),
    [
        (["192.0.2.7:4770"], True, "192.0.2.7:4770 does not reply"),
        (["wherry.example"], False, "wherry.example:443 does not reply"),
        (["192.0.2.7:4770", "wherry.example"], True, "192.0.2.7:4770, wherry.example:443 do not reply"),
        ([], False, None),
    ],
)
def test_who_does_not_reply_is_named(named: list[str], at_once: bool, said: str | None) -> None:
    async def check() -> tuple[bool, BootstrapUnreachable | None, list[Endpoint]]:
        silence = Silence()
        joining = Joining(lambda: cast(Dht, silence), is_own=lambda _host, _port: False)
        for one in named:
            joining.add(parse_any(one))
        running = asyncio.create_task(joining.run())
        await asyncio.sleep(1.2)
        early = joining.failed is not None
        await asyncio.sleep(RETRY_MOST_S)
        running.cancel()
        await asyncio.wait([running])
        return early, joining.failed, silence.asked

    early, failed, asked = run_virtual(check())
    assert early is at_once
    assert (failed.detail if failed is not None else None) == said
    assert {one.host for one in asked} == {one.partition(":")[0] for one in named if ":" in one}
