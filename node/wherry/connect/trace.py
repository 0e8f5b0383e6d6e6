"""The trace of one attempt to reach a peer: an append-only list, from which `wherry explain` and the page are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wherry_signaling.identity import PeerId

from ..views import TraceEntryView
from .limits import TRACE_ENTRIES

Phase = Literal["look_up", "ring", "negotiate", "ice", "open", "end"]
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: when (ms since the attempt began), in which phase, on which way, and what."""

    t_ms: float
    phase: Phase
    way: str
    event: str
    data: dict[str, Value]


@dataclass(slots=True)
class Trace:
    """What happened in one attempt.

    :param time: seconds, monotonic.
    """

    peer: PeerId
    time: Callable[[], float]
    inbound: bool = False
    entries: list[Entry] = field(default_factory=list)
    attempt: bytes = b""
    _start: float = field(init=False)

    def __post_init__(self) -> None:
        self._start = self.time()

    def add(self, phase: Phase, event: str, *, way: str = "", **data: Value) -> None:
        """Note something; beyond `TRACE_ENTRIES` nothing more is noted."""
        if len(self.entries) < TRACE_ENTRIES:
            t_ms = round((self.time() - self._start) * 1000, 1)
            self.entries.append(Entry(t_ms, phase, way, event, data))

    def last(self, phase: Phase, event: str | None = None) -> Entry | None:
        """The newest entry of a phase, and of an event if given."""
        for entry in reversed(self.entries):
            if entry.phase == phase and event in (None, entry.event):
                return entry
        return None

    def count(self, phase: Phase, event: str) -> int:
        """How many entries of that kind there are."""
        return sum(entry.phase == phase and entry.event == event for entry in self.entries)

    def phases_ms(self) -> dict[Phase, float]:
        """Milliseconds from the end of the previous phase to the last entry of each."""
        spent: dict[Phase, float] = {}
        before = 0.0
        for phase in ("look_up", "ring", "negotiate", "ice", "open"):
            entry = self.last(phase)
            if entry is not None and entry.t_ms >= before:
                spent[phase] = round(entry.t_ms - before, 1)
                before = entry.t_ms
        return spent

    def view(self) -> list[TraceEntryView]:
        """As it stands in JSON."""
        return [
            TraceEntryView(t_ms=one.t_ms, phase=one.phase, way=one.way, event=one.event, data=dict(one.data))
            for one in self.entries
        ]
