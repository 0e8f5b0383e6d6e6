"""What every test is held to: it leaves no task, socket or thread behind, and nothing reaches the loop's handler."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
async def _quiet_loop(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Async tests: no task of theirs survives them, and nobody dropped an exception on the event loop's floor."""
    trouble: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: trouble.append(context))
    before = asyncio.all_tasks()
    yield
    for _ in range(3):  # closing transports take a turn or two of the loop
        await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - before if not task.done() and task is not asyncio.current_task()}
    assert not left, f"tasks left behind: {left}"
    assert not trouble, f"the event loop's exception handler was called: {trouble}"


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    """No thread and no socket more than before."""
    threads, sockets = set(threading.enumerate()), _sockets()
    yield
    strangers = {thread for thread in set(threading.enumerate()) - threads if not thread.name.startswith("asyncio_")}
    for thread in strangers:
        thread.join(1.0)  # asyncio's thread that awaits a child process ends just after the child
    strangers = {thread for thread in strangers if thread.is_alive()}
    assert not strangers, f"threads left behind: {strangers}"
    if _sockets() > sockets:
        gc.collect()
    assert _sockets() <= sockets, f"{_sockets() - sockets} sockets left behind"


def _sockets() -> int:
    try:
        names = os.listdir("/proc/self/fd")
    except FileNotFoundError:
        return 0  # macOS: ResourceWarning is an error there too, which covers most of it
    count = 0
    for name in names:
        try:
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            continue
    return count
