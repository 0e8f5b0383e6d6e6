"""What the demo's nodes do, step by step: they join, publish, find introducers, look each other up, connect and talk.

Steps are read off the nodes' own events and traces. Each node has a thread that asks it; what the threads see comes to
the one who listens, as it happens.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, Generic, Literal, TypeVar
from urllib.request import ProxyHandler, build_opener

import msgspec

from wherry_signaling.errors import EndpointUnreachable, WherryError

from ..errors import NodeLost, NotReady
from ..views import ExplainView, TraceEntryView
from . import words
from .mesh import Mesh, NodeProcess

T = TypeVar("T")
StepName = Literal["joined", "published", "introducers", "looked_up", "offered", "open", "echoed", "page"]

#: Introducers that a node keeps if so many others are there.
INTRODUCERS: Final = 3
#: Seconds between two signs of life while nodes find each other; a slow machine starts five of them in ten.
PATIENCE_S: Final = 30.0
#: Bytes that are echoed.
ECHO_BYTES: Final = 64_000


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of one node, done.

    :param ms: since the node was started (joined, published, introducers), since it was told whom to call (looked_up,
        offered, open), or what the step took by itself (echoed, page).
    """

    step: StepName
    node: str
    ms: float
    ok: bool
    detail: str


@dataclass(slots=True)
class StepFailed(Exception):
    """A step did not work out."""

    step: StepName
    node: str
    error: WherryError


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is none of the mesh's nodes has connected to one of them."""

    node: str
    peer: str


Report = Callable[[T], None]


def tell(mesh: Mesh, count: int, *, host: str = "127.0.0.1") -> Generator[Step]:
    """Bring `count` nodes up and let them meet; yields each step as it happens.

    Whoever stops listening closes it: its threads end with the nodes that they wait for.

    :raises StepFailed: at the first step that does not work out.
    """
    with _threads(mesh, count) as threads:
        told = _Told[Step]()
        first = mesh.start(host=host)
        try:
            first.wait_up()
        except WherryError as error:
            raise StepFailed("joined", first.name, error) from error
        others = [mesh.start(bootstrap=first.link) for _ in range(count - 1)]
        yield from told.by([threads.submit(_settle, mesh, node, count, told.report) for node in [first, *others]])
        pairs = list(zip(mesh.nodes, [*others, first], strict=True))
        if count == 2:
            pairs = pairs[1:]  # both ways would be the same connection
        yield from told.by([threads.submit(_meet, mesh, one, other, told.report) for one, other in pairs])
        yield from told.by([threads.submit(_open_page, first, told.report)])


def watch(mesh: Mesh) -> Generator[Newcomer]:
    """Whoever joins from outside, such as a browser tab, without end.

    :raises NodeLost: if a node ends.
    """
    with _threads(mesh, len(mesh.nodes)) as threads:
        told = _Told[Newcomer]()
        yield from told.by([threads.submit(_watch, mesh, node, told.report) for node in mesh.nodes])


@contextmanager
def _threads(mesh: Mesh, count: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that wait for nodes: whatever ends the block early ends the nodes first, and so the threads."""
    with ThreadPoolExecutor(count, thread_name_prefix="demo") as threads:
        try:
            yield threads
        except BaseException:
            mesh.ask_to_end()
            raise


class _Told(Generic[T]):
    """What threads tell, on its way to whoever listens."""

    def __init__(self) -> None:
        self._told: SimpleQueue[T | None] = SimpleQueue()
        self.report: Report[T] = self._told.put

    def by(self, threads: Sequence[Future[None]]) -> Iterator[T]:
        """What they report, until all have ended; raises what the first one raised that failed."""
        for thread in threads:
            thread.add_done_callback(lambda _: self._told.put(None))
        rest = len(threads)
        while rest:
            one = self._told.get()
            if one is not None:
                yield one
                continue
            rest -= 1
            for thread in threads:
                if thread.done():
                    thread.result()


# -- getting there ----------------------------------------------------------------------------------------------------


def _settle(mesh: Mesh, node: NodeProcess, count: int, report: Report[Step]) -> None:
    """From a new process to a node that others can find."""
    missing: list[StepName] = ["joined", "published", "introducers"]
    wanted = min(INTRODUCERS, count - 1)

    def done(step: StepName, detail: str) -> None:
        if step in missing:
            missing.remove(step)
            report(Step(step=step, node=node.name, ms=round(node.since_ms, 1), ok=True, detail=detail))

    try:
        node.wait_up()
        for event in node.client.events(timeout_s=PATIENCE_S):
            match event.type:
                case "joined":
                    done("joined", f"{words.count(event.data['contacts'], 'other node')} known")
                case "published" if event.data["holders"]:
                    done("published", f"held by {words.count(event.data['holders'], 'node')}")
                case "introducers" if len(event.data["peers"]) >= wanted:
                    done("introducers", ", ".join(sorted(map(mesh.name_of, event.data["peers"]))))
            if not missing:
                return
    except WherryError as error:
        raise StepFailed(missing[0], node.name, _why(node, error, missing[0])) from error


def _why(node: NodeProcess, error: WherryError, step: StepName) -> WherryError:
    if not isinstance(error, NodeLost):
        return error
    if node.alive:
        return NotReady(f"{node.name} has waited {PATIENCE_S:.0f} s in vain for the step {step!r}")
    return node.lost()


# -- meeting ----------------------------------------------------------------------------------------------------------


def _meet(mesh: Mesh, one: NodeProcess, other: NodeProcess, report: Report[Step]) -> None:
    """`one` knows nothing of `other` but its peer id."""
    step: StepName = "looked_up"

    def done(step: StepName, ms: float, detail: str) -> None:
        report(Step(step=step, node=one.name, ms=round(ms, 1), ok=True, detail=detail))

    try:
        connected = one.client.connect(other.id)
        view = one.client.explain(other.id)
        found, rung = _entry(view, "look_up", "found", "remembered"), _entry(view, "ring", "delivered")
        done("looked_up", found.t_ms if found else 0, f"{other.name}, by peer id alone")
        step = "offered"
        done("offered", rung.t_ms if rung else 0, f"to {other.name}{_through(mesh, rung, other)}, sealed")
        step = "open"
        done("open", connected.took_ms, f"to {other.name}, {words.path(connected.path)}")
        step = "echoed"
        echo = one.client.echo(other.id, ECHO_BYTES)
        done("echoed", echo.rtt_ms, f"{words.size(echo.bytes)} by {other.name}")
    except WherryError as error:
        raise StepFailed(step, one.name, error) from error


def _entry(view: ExplainView, phase: str, *events: str) -> TraceEntryView | None:
    return next((entry for entry in view.trace if entry.phase == phase and entry.event in events), None)


def _through(mesh: Mesh, entry: TraceEntryView | None, other: NodeProcess) -> str:
    if entry is None or not entry.way:
        return ""
    way = mesh.name_of(entry.way)
    return " at its own endpoint" if way == other.name else f" through {way}"


# -- the page, and who comes by it ------------------------------------------------------------------------------------


def _open_page(node: NodeProcess, report: Report[Step]) -> None:
    begun = time.monotonic()
    try:
        detail = node.page if _has_script(node.page) else f"{node.page} (plain: it is not built here)"
    except OSError as error:
        raise StepFailed("page", node.name, EndpointUnreachable(f"{node.page}: {error}")) from error
    ms = round((time.monotonic() - begun) * 1000, 1)
    report(Step(step="page", node=node.name, ms=ms, ok=True, detail=detail))


def _has_script(page: str) -> bool:
    """Whether the page names a script, which then must be there too.

    :raises OSError: if the page or its script cannot be had.
    """
    opener = build_opener(ProxyHandler({}))  # what is on this machine needs no proxy
    with opener.open(page, timeout=PATIENCE_S) as response:
        html = response.read().decode("utf-8", "replace")
    script = re.search(r'<script[^>]*\ssrc="\.?/?(?P<path>[^"]+)"', html)
    if script is None:
        return False
    with opener.open(page + script["path"], timeout=PATIENCE_S) as response:
        return bool(response.read(1))


def _watch(mesh: Mesh, node: NodeProcess, report: Report[Newcomer]) -> None:
    met: set[str] = {one.id for one in mesh.nodes}
    try:
        for event in node.client.events():
            if event.type == "connection" and event.data["event"] == "LinkActive" and event.data["peer"] not in met:
                met.add(event.data["peer"])
                report(Newcomer(node.name, event.data["peer"]))
    except NodeLost as error:
        raise node.lost() from error
