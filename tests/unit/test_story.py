"""The demo's threads wait for nodes: however their owner is interrupted, they end."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from wherry.cli import story


class Waiting:
    """A mesh whose nodes say nothing until they are asked to end; the second one is interrupted as it is looked at."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    @property
    def nodes(self) -> Any:
        return _Interrupted(SimpleNamespace(name="Ada", client=self), SimpleNamespace(name="Bela", client=self))

    def events(self, **_: object) -> Any:
        assert self.asked.wait(10)
        return iter(())

    def ask_to_end(self) -> None:
        self.asked.set()


class _Interrupted(list[Any]):
    """Interrupts the main thread, which comes first, and not the thread that waits."""

    def __init__(self, *nodes: Any) -> None:
        super().__init__(nodes)

    def __iter__(self) -> Any:
        if threading.current_thread() is not threading.main_thread():
            return super().__iter__()
        return self._interrupted()

    def _interrupted(self) -> Any:
        yield self[0]
        raise KeyboardInterrupt


def test_an_interrupt_while_the_threads_are_started_ends_them() -> None:
    mesh = Waiting()
    with pytest.raises(KeyboardInterrupt):
        next(story.watch(mesh))  # type: ignore[arg-type]
    assert mesh.asked.is_set()
