"""`wherry demo`: a mesh on this machine that shows itself, the first thing a newcomer runs."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import FrameType
from typing import Final, NoReturn

import click

from ..api.problems import failure_of
from . import screen, words
from .exits import INTERRUPTED
from .mesh import NAMES, Mesh
from .options import json_option
from .story import Step, StepFailed, tell, watch

#: Steps in words for people.
_DONE: Final = {
    "joined": "joined",
    "published": "record published",
    "introducers": "introducers",
    "looked_up": "looked up",
    "offered": "offered",
    "open": "open",
    "echoed": "echoed",
    "page": "page",
}


@click.command("demo")
@click.option("--nodes", default=5, show_default=True, type=click.IntRange(2, len(NAMES)), help="How many.")
@click.option("--once", is_flag=True, help="End as soon as all have met.")
@click.option("--lan", is_flag=True, help="Open the first node to the local network, and show a QR code for a phone.")
@json_option
def command(nodes: int, once: bool, lan: bool, as_json: bool) -> None:
    """A mesh of nodes on this machine that shows itself.

    Each node is a process with a key of its own. All but the first start from the first one's invite link alone; then
    each connects to one that it knows by nothing but its peer id. Nothing outside this machine is asked.
    """
    begun = time.monotonic()
    with _terminated_as_interrupted(), Mesh() as mesh:
        try:
            steps = _show(mesh, nodes, "0.0.0.0" if lan else "127.0.0.1")
            screen.note(
                f"\n{words.count(nodes, 'node')} that knew one link have met in {time.monotonic() - begun:.1f} s."
            )
            if as_json:
                screen.say_json({"v": 1, "ok": True, "nodes": nodes, "steps": steps})
            if not once:
                _stay(mesh, lan)
        except StepFailed as failed:
            _fail(failed, as_json)
        except KeyboardInterrupt:
            mesh.close()
            screen.note(f"\nAll {words.count(len(mesh.nodes), 'node')} have ended.")
            sys.exit(INTERRUPTED)


def _show(mesh: Mesh, nodes: int, host: str) -> list[Step]:
    names = NAMES[:nodes]
    screen.note(f"Starting {', '.join(names[:-1])} and {names[-1]}, each a process with a key of its own.\n")
    steps = []
    with closing(tell(mesh, nodes, host=host)) as story:
        for step in story:
            steps.append(step)
            mark = screen.styled("✓", "good", sys.stderr)
            screen.note(f"  {mark} {step.node:<5} {_DONE[step.step]:<17} {words.duration(step.ms):>7}   {step.detail}")
    return steps


def _stay(mesh: Mesh, lan: bool) -> None:
    """Until Ctrl-C, or until a node ends that should not."""
    first = mesh.nodes[0]
    screen.say()
    if lan:
        from .qr import show_qr

        show_qr(first.invite)
        screen.say(f"On your phone, in this network: {first.invite}")
    phone = "" if lan else "(on your phone: wherry demo --lan)   "
    screen.say(f"Open {first.page}  {phone}Ctrl-C ends all {words.count(len(mesh.nodes), 'node')}")
    with closing(watch(mesh)) as newcomers:
        for newcomer in newcomers:
            screen.note(f"  {newcomer.node} is connected with {words.short(newcomer.peer)}")


def _fail(failed: StepFailed, as_json: bool) -> NoReturn:
    error = failed.error
    if as_json:
        screen.say_json({"v": 1, "ok": False, "failed": failed.step, "error": failure_of(error).error})
    mark = screen.styled("✗", "bad", sys.stderr)
    screen.note(f"  {mark} {failed.node:<5} {_DONE[failed.step]:<17} {error}")
    sys.exit(1)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: with all its nodes."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
