"""A changed network is noticed, once for each change."""

from __future__ import annotations

import asyncio

from wherry.testing.clock import run_virtual
from wherry.watching import LOOK_S, watch_network


def test_each_change_is_told_once() -> None:
    async def main() -> None:
        seen: list[set[str]] = []
        now = {"192.0.2.1"}
        watching = asyncio.create_task(watch_network(lambda: set(now), seen.append))
        await asyncio.sleep(LOOK_S * 3)
        assert seen == []
        now.add("192.0.2.2")
        await asyncio.sleep(LOOK_S * 3)
        now.clear()
        await asyncio.sleep(LOOK_S * 3)
        assert seen == [{"192.0.2.1", "192.0.2.2"}, set()]
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    run_virtual(main())
