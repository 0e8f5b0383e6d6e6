"""Friends who are not there are dialled less and less often, whatever others do."""

from __future__ import annotations

import asyncio

from wherry.errors import PeerNotFound
from wherry.friends.company import Company
from wherry.testing.clock import run_virtual
from wherry_signaling.identity import Identity, PeerId

FRIENDS = [Identity(bytes([number]) * 32).id for number in range(1, 21)]


def test_one_who_comes_and_goes_makes_nobody_else_be_dialled_again() -> None:
    async def story() -> None:
        dialled: list[PeerId] = []

        async def dial(peer: PeerId) -> None:
            dialled.append(peer)
            raise PeerNotFound("not here")

        company = Company(lambda: FRIENDS, is_connected=lambda peer: False, dial=dial)
        task = asyncio.create_task(company.run())
        await asyncio.sleep(600)
        calm = len(dialled)
        dialled.clear()
        for _ in range(1200):
            company.look()
            await asyncio.sleep(0.5)
        assert len(dialled) < calm
        dialled.clear()
        company.expect(FRIENDS[3])
        await asyncio.sleep(1)
        assert dialled == [FRIENDS[3]]
        task.cancel()
        await asyncio.wait([task])

    run_virtual(story())
