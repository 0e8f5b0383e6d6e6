"""kill -9 at random while messages flow between two friends, whose mail five others keep: all of them processes.

    python -m tests.support.chaos [--minutes 10] [--messages 5000] [--seed 1]

The sender writes all the time that it lives; sender, recipient and the others are killed by their process ids and
started again a moment later, several of them gone at once, at times all mailboxes. In the end everybody is started, and
nobody is disturbed any more. Then every message that was accepted (`send` returned) has come exactly once, in order, or
was reported failed, never both; the count is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: The program of each process.
CHILD = Path(__file__).with_name("chaos_child.py")
#: Nodes that keep mail and introduce.
CROWD = 5
#: Seconds until a process has started, or has answered.
START_S, ANSWER_S = 60.0, 60.0
#: Seconds between two kills, and until the dead one is started again.
BETWEEN_S, DEAD_S = (0.3, 2.5), (0.1, 4.0)
#: Seconds of the calm at the end, at most: a courier rests a quarter of an hour at most, and is poked by connections.
CALM_S = 180.0
#: Between two looks at how calm it is.
POLL_S = 0.25


class Gone(Exception):
    """The process was killed while it was asked."""


class Child:
    """One node, on or dead."""

    def __init__(self, home: Path, links: list[str]) -> None:
        self.home, self._links = home, links
        self._port = _free_port()
        self._process: asyncio.subprocess.Process | None = None
        self._lock, self._ready = asyncio.Lock(), asyncio.Event()
        self.about: dict[str, str] = {}
        self.kills = 0

    @property
    def id(self) -> str:
        return self.about["id"]

    async def start(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("WHERRY_")}
        with (self.home / "stderr").open("ab") as log:
            process = self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(CHILD), str(self.home), str(self._port), *self._links),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=environment,
                limit=256 * 1024 * 1024,
            )
        async with asyncio.timeout(START_S):
            self.about = await self._read(process)
        self._ready.set()

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        process, self._process = self._process, None
        self._ready.clear()
        if process is not None:
            self.kills += 1
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGKILL)
            await process.wait()

    async def ask(self, *words: str) -> dict[str, Any]:
        """Give a command, once it lives; raises Gone if it was killed before it answered."""
        async with self._lock:
            await self._ready.wait()
            process = self._process
            assert process is not None
            assert process.stdin is not None
            try:
                process.stdin.write(" ".join(words).encode() + b"\n")
                await process.stdin.drain()
                async with asyncio.timeout(ANSWER_S):
                    return await self._read(process)
            except ConnectionError as error:
                raise Gone from error

    async def _read(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line.endswith(b"\n"):
            if self._process is process:  # nobody killed it
                raise AssertionError(f"{self.home.name} ended: {(self.home / 'stderr').read_text()[-4000:]}")
            raise Gone
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass
class Outcome:
    """What came of it.

    :ivar accepted: ids of messages whose `send` returned, in order.
    :ivar unanswered: texts of messages given to a sender that was killed before it answered: kept, or not.
    :ivar history: everything that each side has in the end.
    """

    kills: int = 0
    accepted: list[str] = field(default_factory=list)
    unanswered: set[str] = field(default_factory=set)
    sent: list[dict[str, Any]] = field(default_factory=list)
    came: list[dict[str, Any]] = field(default_factory=list)
    calm_s: float = 0.0

    def check(self) -> str:
        """Holds the promise to what is there; returns the count, as one line."""
        ids = [one["id"] for one in self.came]
        assert len(set(ids)) == len(ids), "something came twice"
        fates = {one["id"]: one["state"] for one in self.sent}
        lost = [one for one in self.accepted if one not in fates]
        assert not lost, f"the sender forgot {len(lost)} of what it had accepted"
        open_ = [one for one, fate in fates.items() if fate not in ("delivered", "read", "failed")]
        assert not open_, f"{len(open_)} have no fate"
        failed = {one for one, fate in fates.items() if fate == "failed"}
        assert not failed & set(ids), "something failed and came"
        assert ids == [one["id"] for one in self.sent if one["id"] not in failed], "lost, or out of order"
        strangers = {one["text"] for one in self.sent if one["id"] not in self.accepted} - self.unanswered
        assert not strangers, "something was sent that nobody wrote"
        return (
            f"{len(self.accepted)} accepted, {len(fates) - len(self.accepted)} more kept though the answer was lost, "
            f"{len(ids)} came, {len(failed)} failed, 0 lost, 0 twice; "
            f"{self.kills} kills, calm after {self.calm_s:.1f} s"
        )


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[tuple[Child, Child, list[Child]]]:
    """Two friends and a crowd; every process is killed at the end."""
    async with AsyncExitStack() as stack:
        crowd: list[Child] = []
        for number in range(CROWD):
            crowd.append(await _born(stack, folder / f"crowd-{number}", [crowd[0].about["invite"]] if crowd else []))
        links = [one.about["invite"] for one in crowd[:2]]
        sender = await _born(stack, folder / "sender", links)
        recipient = await _born(stack, folder / "recipient", links)
        for one in (sender, recipient):
            await _until(one, lambda state: len(state["mailboxes"]) == 2 and state["published"])
        await sender.ask("friend", recipient.about["address"])
        await _until(recipient, lambda state: state["friends"].get(sender.id) == "received")
        await recipient.ask("accept", sender.id)
        await _until(sender, lambda state: state["friends"].get(recipient.id) == "friends")
        yield sender, recipient, crowd


async def run(folder: Path, *, seconds: float, messages: int, seed: int) -> Outcome:
    """Let it happen."""
    dice = random.Random(seed)
    outcome = Outcome()
    async with stage(folder) as (sender, recipient, crowd):
        cast = [sender, recipient, *crowd]
        writing = asyncio.create_task(_write(sender, recipient.id, outcome, seconds, messages))
        killing = asyncio.create_task(_kill(cast, dice, seconds))
        try:
            await asyncio.gather(writing, killing)
        finally:
            for task in (writing, killing):
                task.cancel()
            await asyncio.gather(writing, killing, return_exceptions=True)
        outcome.kills = sum(one.kills for one in cast)
        loop = asyncio.get_running_loop()
        calm = loop.time()
        with contextlib.suppress(TimeoutError):
            await _until(sender, lambda state: state["open"] == 0, CALM_S)
        outcome.calm_s = loop.time() - calm
        outcome.sent = [one for one in (await sender.ask("dump"))["history"] if one["ours"]]
        outcome.came = [one for one in (await recipient.ask("dump"))["history"] if not one["ours"]]
    return outcome


async def _write(sender: Child, to: str, outcome: Outcome, seconds: float, messages: int) -> None:
    """Write evenly, as long as the sender lives; what it does not live to answer is not written again."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(messages):
        await asyncio.sleep(max(0.0, start + seconds * number / messages - loop.time()))
        text = f"message-{number}"
        while True:
            try:
                answer = await sender.ask("send", to, text)
            except Gone:
                outcome.unanswered.add(text)
                text = f"message-{number}-again-{len(outcome.unanswered)}"
            else:
                outcome.accepted.append(answer["accepted"])
                break


async def _kill(cast: list[Child], dice: random.Random, seconds: float) -> None:
    """Kill and start again, until the time is over; everybody is on at the end."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    async with asyncio.TaskGroup() as group:
        dead: set[Child] = set()

        async def away(victim: Child, dead_s: float) -> None:
            await victim.kill()
            await asyncio.sleep(dead_s)
            await victim.start()
            dead.discard(victim)

        while loop.time() < end:
            alive = [one for one in cast if one not in dead]
            if alive:
                # The two friends are killed as often as all the others together.
                weights = [2.5 if one in cast[:2] else 1.0 for one in alive]
                victim = dice.choices(alive, weights)[0]
                dead.add(victim)
                group.create_task(away(victim, dice.uniform(*DEAD_S)))
            await asyncio.sleep(dice.uniform(*BETWEEN_S))


async def _born(stack: AsyncExitStack, home: Path, links: list[str]) -> Child:
    child = Child(home, links)
    stack.push_async_callback(child.kill)
    await child.start()
    return child


async def _until(child: Child, holds: Callable[[dict[str, Any]], bool], seconds: float = START_S) -> None:
    async with asyncio.timeout(seconds):
        while True:
            if holds(await child.ask("state")):
                return
            await asyncio.sleep(POLL_S)


def _free_port() -> int:
    """One that nobody has now; a node that is started again takes the same."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds = given.minutes * 60
        print(asyncio.run(run(Path(folder), seconds=seconds, messages=given.messages, seed=given.seed)).check())


if __name__ == "__main__":
    main()
