"""What runs while a node is not suspended: a small machine, and signals."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import pytest
from hypothesis import given, strategies as st

from wherry.errors import Closed, PortBusy
from wherry.suspending import Running, following_job_control
from wherry.testing.clock import run_virtual


class Part:
    """Something that is open or not, and never twice."""

    def __init__(self) -> None:
        self.open, self.busy, self.log = False, False, list[str]()

    async def begin(self, stack: AsyncExitStack) -> None:
        assert not self.open
        self.open = True
        stack.push_async_callback(self._end)
        await asyncio.sleep(1)
        if self.busy:
            raise PortBusy

    async def _end(self) -> None:
        await asyncio.sleep(1)
        assert self.open
        self.open = False

    async def suspend(self) -> None:
        self.log.append("suspend")

    async def resume(self) -> None:
        self.log.append("resume")
        if self.busy:
            raise PortBusy

    def ask_to_stop(self) -> None:
        self.log.append("stop")


@given(st.lists(st.tuples(st.sampled_from(["suspend", "resume", "busy", "free"]), st.floats(0, 2)), max_size=12))
def test_whatever_is_asked_it_is_open_once_or_closed(steps: list[tuple[str, float]]) -> None:
    # Invariant: a part is never opened while it is open; what is reported is what is; in the end all is closed.
    async def scenario() -> None:
        part = Part()
        running = Running(part.begin)
        asked: list[asyncio.Task[None]] = []
        async with running:
            for step, pause_s in steps:
                match step:
                    case "busy" | "free":
                        part.busy = step == "busy"
                    case "suspend":
                        asked.append(asyncio.create_task(running.suspend()))
                    case _:
                        asked.append(asyncio.create_task(running.resume()))
                await asyncio.sleep(pause_s)
            for error in await asyncio.gather(*asked, return_exceptions=True):
                assert error is None or isinstance(error, PortBusy)
            assert running.suspended is not part.open
        assert not part.open
        with pytest.raises(Closed):
            await running.resume()

    run_virtual(scenario())


async def test_ctrl_z_suspends_stops_and_resumes_in_this_order() -> None:
    """A second one while it resumes is a second one; one while it suspends is the first."""
    ended = asyncio.Event()
    after = signal.getsignal(signal.SIGTSTP)

    class Busy(Part):
        async def suspend(self) -> None:
            await super().suspend()
            await again()

        async def resume(self) -> None:
            await super().resume()
            if self.log.count("resume") == 1:
                await again()
            else:
                ended.set()

    async def again() -> None:
        os.kill(os.getpid(), signal.SIGTSTP)
        await asyncio.sleep(0.01)  # the signal comes through the loop's socket

    part = Busy()
    async with following_job_control(part, stop=lambda: part.log.append("stopped")):
        os.kill(os.getpid(), signal.SIGTSTP)
        await ended.wait()
    assert part.log == ["suspend", "stopped", "resume"] * 2
    assert signal.getsignal(signal.SIGTSTP) == after


async def test_who_cannot_go_on_ends(caplog: pytest.LogCaptureFixture) -> None:
    part, stopped = Part(), asyncio.Event()
    part.busy = True
    async with following_job_control(part, stop=stopped.set):
        os.kill(os.getpid(), signal.SIGTSTP)
        await stopped.wait()
        for _ in range(5):
            await asyncio.sleep(0)
    assert part.log == ["suspend", "resume", "stop"]
    assert "cannot go on" in caplog.text
