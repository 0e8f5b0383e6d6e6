"""The demo's nodes: processes on this machine, each with a home of its own, that never outlive whoever started them.

Each child's standard input is a pipe whose other end is held here. When this process ends, however it ends, the system
closes the pipe, and the child stops (`wherry up --in-demo`). Children are in process groups of their own, so that
Ctrl-C reaches the demo alone, which then ends them in order.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

from wherry_signaling.errors import HomeUnusable

from ..api.client import Client
from ..errors import NodeLost
from ..home import Home
from . import words

_NAMES: Final = "Ada Bela Cy Dora Eve Finn Gina Hal Ines Jo Kim Lou Mia Ned Olga Pia Quin Rosa Sam Tess"
#: What the nodes are called; as many as there can be.
NAMES: Final = tuple(_NAMES.split())
#: Where the first node listens if it can, so that the page's address is the one in the documentation.
PORTS: Final = range(4770, 4870, 10)
#: Seconds a node has to end by itself before it is killed.
END_S: Final = 10.0


class NodeProcess:
    """One node: a `wherry up` and a client of its API.

    :ivar id, page: its peer id, and where this machine finds its page, once it is up.
    :ivar invite: its link; `link` is another one, for those who are on this machine alone.
    """

    def __init__(self, name: str, folder: Path, listen: str, bootstrap: str | None) -> None:
        self.name = name
        self.id = self.page = self.invite = self.link = ""
        self.client = Client(Home(folder).socket)
        self._begun = time.monotonic()
        self._log = folder.with_suffix(".log")
        command = [sys.executable, "-m", "wherry", "up", "--in-demo", "--quiet", "--no-mdns"]
        command += ["--home", str(folder), "--name", name, "--listen", listen]
        if bootstrap is not None:
            command += ["--bootstrap", bootstrap]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, process_group=0
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def since_ms(self) -> float:
        """Milliseconds since it was started."""
        return (time.monotonic() - self._begun) * 1000

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait_up(self) -> None:
        """Return when it has said that it is ready.

        :raises NodeLost: with its own last words, if it ends instead.
        """
        assert self._process.stdout is not None
        while not self.id and (line := self._process.stdout.readline()):
            if line.startswith(b"ready"):
                view, self.page = self.client.id(), self.client.status().page
                self.link = f"{self.page}#/add/{view.address}"
                self.id, self.invite = view.id, view.invite
        if not self.id:
            self._process.wait()
            raise self.lost()

    def lost(self) -> NodeLost:
        """Why it ended, as far as it said so itself."""
        said = self._log.read_text(errors="replace").strip().splitlines()
        return NodeLost(f"{self.name}: {said[-1] if said else 'it ended without a word'}", hint="")

    def ask_to_end(self) -> None:
        """Begin its end; `end` waits for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.terminate()

    def end(self) -> None:
        """Return when it is gone."""
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self.client.close()


class Mesh:
    """All nodes of one demo, in a temporary folder; a context manager that leaves none behind.

    :raises HomeUnusable: if there can be no such folder.
    """

    def __init__(self) -> None:
        try:
            self._folder = Path(tempfile.mkdtemp(prefix="wherry-demo-"))
        except OSError as error:
            hint = "Choose another place by TMPDIR."
            raise HomeUnusable(f"no temporary folder can be made: {error.strerror}", hint=hint) from error
        self.nodes: list[NodeProcess] = []

    def __enter__(self) -> Mesh:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, *, bootstrap: str | None = None, host: str = "127.0.0.1") -> NodeProcess:
        """Start one more; the first is the one whose page people open."""
        port = 0 if self.nodes else free_port(host)
        name = NAMES[len(self.nodes)]
        with _uninterrupted():  # a child that is not in the list yet would be nobody's
            node = NodeProcess(name, self._folder / name, f"{host}:{port}", bootstrap)
            self.nodes.append(node)
        return node

    def name_of(self, peer: str) -> str:
        """The name of a node, by its id or short id; a stranger's short id."""
        return next(
            (node.name for node in self.nodes if node.id and peer in (node.id, words.short(node.id))), peer[-7:]
        )

    def ask_to_end(self) -> None:
        """Begin the end of all nodes."""
        for node in self.nodes:
            node.ask_to_end()

    def close(self) -> None:
        """End all nodes, at the same time, and forget their homes. A second Ctrl-C changes nothing meanwhile."""
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            self.ask_to_end()
            for node in self.nodes:
                node.end()
            shutil.rmtree(self._folder, ignore_errors=True)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until the block is left."""
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def free_port(host: str) -> int:
    """The first of `PORTS` that is free for TCP and UDP; 0, which lets the system choose, if none is."""
    return next((port for port in PORTS if _is_free(host, port)), 0)


def _is_free(host: str, port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:  # what was closed a moment ago is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True
