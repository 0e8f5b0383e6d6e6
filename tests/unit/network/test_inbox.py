"""Receive-then-lock: one peer's messages, one after the other."""

from __future__ import annotations

import asyncio

import pytest

from wherry.errors import ConnectionLost, ReceiveNested, ReceiveTimeout
from wherry.network.inbox import Inbox, Received
from wherry.network.limits import MESSAGES_WAITING
from wherry.testing.clock import run_virtual


async def _running(inbox: Inbox) -> asyncio.Task[None]:
    return asyncio.create_task(inbox.run())


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_others_wait_until_the_block_is_left() -> None:
    async def main() -> None:
        dispatched: list[int] = []

        async def dispatch(received: Received) -> None:
            dispatched.append(received.message)

        inbox = Inbox(dispatch)
        task = await _running(inbox)
        waiting = asyncio.Event()

        async def hold() -> list[int]:
            waiting.set()
            async with inbox.receive(7, 5) as received:
                await asyncio.sleep(1)
                assert received.message == 1
                return list(dispatched)

        holder = asyncio.create_task(hold())
        await waiting.wait()
        await asyncio.sleep(0)
        await inbox.put(Received(7, 1, 1))
        await inbox.put(Received(8, 2, 2))
        await inbox.put(Received(7, 3, 3))
        assert await holder == []
        await asyncio.sleep(0.1)
        assert dispatched == [2, 3]
        await _stop(task)

    run_virtual(main())


def test_what_waits_is_bounded() -> None:
    async def main() -> None:
        async def dispatch(_: Received) -> None:
            await asyncio.sleep(3600)

        inbox = Inbox(dispatch)
        task = await _running(inbox)
        for number in range(MESSAGES_WAITING + 1):
            await inbox.put(Received(1, number, number))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await inbox.put(Received(1, 0, 0))
        await _stop(task)

    run_virtual(main())


def test_timeout_nesting_and_the_end_are_typed() -> None:
    async def main() -> None:
        async def dispatch(_: Received) -> None:
            return

        inbox = Inbox(dispatch)
        task = await _running(inbox)
        with pytest.raises(ReceiveTimeout):
            async with inbox.receive(7, 0.5):
                raise AssertionError("nothing was sent")

        async def nest() -> None:
            async with inbox.receive(7, 5):
                with pytest.raises(ReceiveNested):
                    async with inbox.receive(8, 5):
                        raise AssertionError("nested")

        nested = asyncio.create_task(nest())
        await asyncio.sleep(0)
        await inbox.put(Received(7, 1, 1))
        await nested

        async def wait_for_ever() -> None:
            async with inbox.receive(9, None):
                raise AssertionError("nothing was sent")

        waiting = asyncio.create_task(wait_for_ever())
        await asyncio.sleep(0)
        inbox.close(ConnectionLost())
        with pytest.raises(ConnectionLost):
            await waiting
        with pytest.raises(ConnectionLost):
            await wait_for_ever()
        await _stop(task)

    run_virtual(main())


def test_a_waiter_that_was_cancelled_holds_nobody_up() -> None:
    async def main() -> None:
        dispatched: list[int] = []

        async def dispatch(received: Received) -> None:
            dispatched.append(received.message)

        inbox = Inbox(dispatch)
        task = await _running(inbox)

        async def hold() -> None:
            async with inbox.receive(7, None):
                raise AssertionError("it was cancelled")

        holder = asyncio.create_task(hold())
        await asyncio.sleep(0)
        holder.cancel()
        await asyncio.gather(holder, return_exceptions=True)
        await inbox.put(Received(7, 1, 1))
        await asyncio.sleep(0.1)
        assert dispatched == [1]
        await _stop(task)

    run_virtual(main())
