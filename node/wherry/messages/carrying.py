"""Pairs in memory, and the courier that goes for each that has something to say."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from wherry_signaling.identity import PeerId
from wherry_signaling.tasks import Tasks

from .courier import Courier
from .limits import PAIRS
from .pair import Pair


class Carrying:
    """A pair in memory is a copy of what rests; at most one courier goes for it. It rests between `end` and `begin`.

    :param load: the pair as it rests.
    :param courier: a courier for it.
    """

    def __init__(self, load: Callable[[PeerId], Pair], courier: Callable[[Pair], Courier]) -> None:
        self._load, self._courier = load, courier
        self._pairs: OrderedDict[PeerId, Pair] = OrderedDict()
        self._couriers: dict[PeerId, asyncio.Task[None]] = {}
        self._tasks: Tasks | None = None

    def begin(self, tasks: Tasks) -> None:
        """Let couriers go, as tasks of the post's."""
        self._tasks = tasks

    def end(self) -> None:
        """No courier goes any more; their tasks have been ended."""
        self._tasks = None
        self._couriers.clear()

    def pair(self, peer: PeerId) -> Pair:
        """The pair; the one that was used longest ago makes place for it, if nobody goes for that."""
        pair = self._pairs.get(peer)
        if pair is None:
            pair = self._pairs[peer] = self._load(peer)
        self._pairs.move_to_end(peer)
        if len(self._pairs) > PAIRS:
            idle = next((one for one in self._pairs if one not in self._couriers and one != peer), None)
            if idle is not None:
                del self._pairs[idle]
        return pair

    def live(self, peer: PeerId) -> Pair | None:
        """The pair, if it is in memory."""
        return self._pairs.get(peer)

    def carried(self) -> list[PeerId]:
        """Those for whom a courier goes now."""
        return list(self._couriers)

    def carry(self, pair: Pair) -> None:
        """See to it that a courier goes for this pair, if it has anything to say."""
        if self._tasks is None or self._pairs.get(pair.peer) is not pair:
            return
        if pair.peer in self._couriers:
            pair.poke()
        elif pair.ack_due or len(pair.outgoing):
            task = self._tasks.start(self._run(pair), f"courier of {pair.peer.short}")
            if task is not None:
                self._couriers[pair.peer] = task

    async def _run(self, pair: Pair) -> None:
        try:
            await self._courier(pair).run()
        finally:
            if self._pairs.get(pair.peer) is pair:
                self._couriers.pop(pair.peer, None)

    def forget(self, peer: PeerId) -> None:
        """What is in memory is not what rests: read it again."""
        self._pairs.pop(peer, None)
        courier = self._couriers.pop(peer, None)
        if courier is not None:
            courier.cancel()
            if self._tasks is not None:
                self.carry(self.pair(peer))
