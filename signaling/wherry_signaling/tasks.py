"""Tasks that have an owner: whoever starts one through `Tasks` ends them all with `close`, and no failure is lost."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable
from typing import Any

from .errors import WherryError

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner.

    A task that ends with a `WherryError` ends quietly (whoever cares has handled it); any other exception is a bug, and
    is logged with its traceback, never raised into the event loop's handler.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None] | None:
        """Run `work`; after `close` it is not begun, and None is returned."""
        if self._closed:
            work.close()
            return None
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}: {name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, WherryError):
            log.debug("%s ended: %s", task.get_name(), error.code)
        elif error is not None:
            log.error("%s failed", task.get_name(), exc_info=error)

    async def wait(self) -> None:
        """Wait until none is left, those included that others start meanwhile; but not for the caller's own."""
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others)

    async def close(self) -> None:
        """Begin nothing more, cancel what still runs and wait until it has ended; the caller's own is left alone."""
        self._closed = True
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()
        await self.wait()


async def gather_first(works: Iterable[Coroutine[Any, Any, bool]], limit_s: float, settle_s: float) -> bool:
    """Run all side by side until one has returned true and the others have had a moment more; the rest are cancelled.

    :param limit_s: seconds that they have in all.
    :param settle_s: seconds that the others have after the first one.
    :returns: False if the limit was reached first.
    """
    waiting = {asyncio.ensure_future(work) for work in works}
    try:
        async with asyncio.timeout(limit_s):
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if any(task.result() for task in done):
                    _, waiting = await asyncio.wait(waiting, timeout=settle_s) if waiting else (done, waiting)
                    break
    except TimeoutError:
        return False
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return True
