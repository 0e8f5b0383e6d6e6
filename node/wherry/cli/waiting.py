"""Waiting for a node: for one that starts to be there and ready, for one that was asked to end to be gone."""

from __future__ import annotations

import time
from typing import Final

from ..config import home_of
from ..errors import AlreadyRunning, NodeLost, NoNode
from ..home import Home
from .options import node_at
from .screen import Progress

#: Seconds between two looks at what nobody tells us of: a socket that is not there yet, a lock that is still held.
LOOK_S: Final = 0.05


def wait_until_ready(home: str | None, wait_s: float, *, quiet: bool) -> None:
    """Return when the node is there and ready.

    :raises NoNode: if none came up in that time.
    :raises NotReady: if one did, and is not ready.
    """
    deadline = time.monotonic() + wait_s
    with Progress(quiet) as progress:
        while True:
            rest_s = max(0.0, deadline - time.monotonic())
            try:
                with node_at(home) as node:
                    progress.show("Waiting for the node to be ready")
                    node.ready(rest_s)
                    return
            except NoNode:
                if rest_s == 0:
                    raise
                progress.show("Waiting for a node to start")
                time.sleep(min(LOOK_S, rest_s))


def wait_until_gone(home: str | None, wait_s: float) -> None:
    """Return when no node runs in the home any more.

    :raises NodeLost: if one still does.
    """
    folder = Home(home_of(home))
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with folder.locked():
                return
        except AlreadyRunning as error:
            if time.monotonic() > deadline:
                hint = "It may be stuck; end it by its process id."
                raise NodeLost(f"{error.detail} after {wait_s:g} s", hint=hint) from error
        time.sleep(LOOK_S)
