"""Running something until it is asked to end: by Ctrl-C, by SIGTERM, by its owner going away, or by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any


def run_until_stopped(work: Coroutine[Any, Any, None], *, with_stdin: bool = False) -> bool:
    """Run `work` to its end, or until a signal; says whether a signal (or the owner) ended it.

    The first signal cancels `work`, which then closes what it opened; a second one interrupts even that.

    :param with_stdin: also end when standard input ends: it is a pipe whose other end the owner holds, so that this
        process cannot outlive its owner, however that one ends.
    """
    return asyncio.run(_watched(work, with_stdin))


async def _watched(work: Coroutine[Any, Any, None], with_stdin: bool) -> bool:
    task = asyncio.get_running_loop().create_task(work, name="main")
    asked = asyncio.Event()

    def stop() -> None:
        asked.set()
        task.cancel()

    with _on_signal(stop), _on_end_of_stdin(stop) if with_stdin else nullcontext():
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return asked.is_set()


@contextmanager
def _on_signal(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextmanager
def _on_end_of_stdin(stop: Callable[[], None]) -> Iterator[None]:
    loop, descriptor = asyncio.get_running_loop(), sys.stdin.fileno()

    def read() -> None:
        if not os.read(descriptor, 4096):
            loop.remove_reader(descriptor)
            stop()

    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
