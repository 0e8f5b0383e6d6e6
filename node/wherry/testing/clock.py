"""A virtual clock: an event loop whose time jumps to the next timer as soon as nothing else is left to do.

Hours of timeouts and retries pass in milliseconds, in the same order each time. All of Wherry's shells take their
time from ``loop.time()``, so they run on it unchanged::

    result = run_virtual(scenario())          # a coroutine; returns what it returns

The idea is trio's ``MockClock`` with ``autojump_threshold=0``. Real sockets, threads and subprocesses do not mix with
it: they happen in the world's time.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: What `VirtualClockLoop.wall_clock` adds to virtual seconds: 2026-01-01T00:00:00Z, an instant like any other.
EPOCH_S = 1_767_225_600


class Stuck(RuntimeError):
    """Nothing is ready, no timer is set, and the main task has not ended: it would wait for ever."""


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc, valid-type, unused-ignore]
    """Never waits: where the loop would sleep, it moves the loop's clock instead."""

    loop: VirtualClockLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is None:
            raise Stuck("nothing is ready and no timer is set: the main task waits for ever")
        if not events and timeout:
            self.loop.advance(timeout)
        return events


class VirtualClockLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, which starts at 0 seconds."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        selector = _JumpingSelector()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual_s

    def wall_clock(self) -> float:
        """Virtual seconds since 1970: what documents are dated by."""
        return EPOCH_S + self._virtual_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self._virtual_s += seconds


def run_virtual(main: Coroutine[Any, Any, T], *, debug: bool = False) -> T:
    """Run `main` to its end on a fresh `VirtualClockLoop` and return its result.

    Whatever reaches the loop's exception handler, and any task that `main` left running, is an `AssertionError`:
    in a simulation nothing may be lost from sight.
    """
    trouble: list[str] = []
    with asyncio.Runner(loop_factory=VirtualClockLoop, debug=debug) as runner:
        loop = runner.get_loop()
        loop.set_exception_handler(lambda _, context: trouble.append(repr(context)))

        async def watched() -> T:
            result = await main
            left = asyncio.all_tasks() - {asyncio.current_task()}
            if left:
                trouble.append(f"tasks left behind: {sorted(map(repr, left))}")
            return result

        result = runner.run(watched())
    assert not trouble, "\n".join(trouble)
    return result
