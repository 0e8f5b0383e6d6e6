"""Running the hooks of components: somebody else's code, whose bugs, sleeps and cancelled tasks stay its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from wherry_signaling.identity import PeerId

from ..errors import WherryError
from .limits import HOOK_S

log = logging.getLogger(__name__)


class Hooks:
    """Runs hooks, and knows for which peer the current task runs one."""

    def __init__(self) -> None:
        self._running: dict[asyncio.Task[Any] | None, PeerId] = {}

    def running_for(self, peer: PeerId) -> bool:
        """Whether the caller is a hook that runs for `peer`."""
        return self._running.get(asyncio.current_task()) == peer

    async def run(self, work: Coroutine[Any, Any, None], name: str, peer: PeerId | None = None) -> None:
        """Run one hook, for `HOOK_S` at most; raises nothing but the caller's own cancellation."""
        task = asyncio.current_task()
        if peer is not None:
            self._running[task] = peer
        try:
            async with asyncio.timeout(HOOK_S):
                await work
        except TimeoutError:
            log.warning("a component's %s took longer than %s s and was left behind", name, HOOK_S)
        except WherryError as error:
            log.debug("a component's %s ended: %s", name, error.code)
        except asyncio.CancelledError:
            if task is not None and task.cancelling():
                raise
            log.warning("a component's %s waited for something that was cancelled", name)
        except Exception:  # a component is somebody else's code: its bug must not end the node
            log.exception("a component's %s failed", name)
        finally:
            self._running.pop(task, None)
