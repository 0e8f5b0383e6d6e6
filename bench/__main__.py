"""All benchmarks, one after the other: `make bench`, or `make bench ARGS="--only dial,dht"`.

Prints their tables and writes `bench/out/figures.json` and `bench/out/figures.png`. Nothing here fails for being slow:
how fast is for people to judge.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl

from bench import dht, dial, endpoint, flood, messages, streams
from wherry.version import VERSION

OUT = Path(__file__).parent / "out"
Figures = dict[str, Any]


def _streams() -> Figures:
    figures: Figures = dict(asyncio.run(streams.run()))
    print(streams.table(figures))
    return figures


def _endpoint() -> Figures:
    return dict(asyncio.run(endpoint.run()))


BENCHES: dict[str, tuple[str, Callable[[], Figures]]] = {
    "streams": ("Streams and datagrams beside raw aiortc (medians of five interleaved rounds)", _streams),
    "dial": ("From a peer id to an open connection", dial.main),
    "dht": ("Look-ups against network size (in memory, virtual time)", dht.look_ups_against_size),
    "endpoint": ("What one endpoint holds and passes on", _endpoint),
    "messages": ("Friends and messages: by each way, and from a large store", messages.main),
    "flood": ("What a friend notices of a thousand strangers (each in a process of its own)", flood.main),
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default=",".join(BENCHES), help=f"some of {', '.join(BENCHES)}")
    chosen = [name.strip() for name in parser.parse_args().only.split(",")]
    if unknown := [name for name in chosen if name not in BENCHES]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    figures: Figures = {
        "version": VERSION,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
    }
    for name in chosen:
        title, run = BENCHES[name]
        print(f"\n{title}")
        figures[name] = run()
    OUT.mkdir(exist_ok=True)
    (OUT / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    plot(figures, OUT / "figures.png")
    print(f"\nwritten: {OUT / 'figures.json'} and figures.png")


def plot(figures: Figures, path: Path) -> None:
    """One panel for each benchmark that ran."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    panels = [name for name in BENCHES if name in figures]
    figure, axes = plt.subplots(1, len(panels), figsize=(4.6 * len(panels), 3.6), squeeze=False, layout="constrained")
    for axis, name in zip(axes[0], panels, strict=True):
        _DRAW[name](axis, figures[name])
    figure.suptitle(f"Wherry {figures['version']}", fontsize=10)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _draw_streams(axis: Any, figures: Figures) -> None:
    names = list(figures["ratio"])
    axis.barh(names, [figures["ratio"][name] for name in names], color="#17616e")
    axis.axvline(1.0, color="#b3402a", linewidth=1)
    axis.set_title("streams ÷ raw aiortc")
    axis.invert_yaxis()


def _draw_dial(axis: Any, figures: Figures) -> None:
    phases = {name: ms for name, ms in figures["median_ms"].items() if name != "total"}
    start = 0.0
    for name, ms in phases.items():
        axis.barh(["median"], [ms], left=start, label=name)
        start += ms
    axis.set_title(f"peer id → open, {figures['nodes']} nodes (ms)")
    axis.legend(fontsize=7)


def _draw_dht(axis: Any, figures: Figures) -> None:
    rows = figures["look_ups_against_size"]
    sizes = [row["nodes"] for row in rows]
    axis.plot(sizes, [row["median_ms"] for row in rows], marker="o", label="median", color="#17616e")
    axis.plot(sizes, [row["p99_ms"] for row in rows], marker="o", label="99 %", color="#b3402a")
    axis.set_xscale("log")
    axis.set_ylim(bottom=0)
    axis.set_title("look-up (ms of virtual time)")
    axis.set_xlabel("nodes")
    axis.legend(fontsize=7)


def _draw_endpoint(axis: Any, figures: Figures) -> None:
    rows = figures["forwarding"]
    axis.bar([f"{row['size']} B" for row in rows], [row["rate"] for row in rows], color="#17616e")
    axis.set_title("envelopes/s through one endpoint")


def _draw_messages(axis: Any, figures: Figures) -> None:
    ways = figures["ways"]
    names = ("connected", "introduced", "mailboxes")
    axis.bar(names, [ways[f"{name}_per_s"] for name in names], color="#17616e")
    axis.set_title("messages/s between friends")


def _draw_flood(axis: Any, figures: Figures) -> None:
    for place, suffix in enumerate(("", "_meanwhile")):
        heights = [figures[f"ping_{which}{suffix}_ms"] for which in ("p50", "p95")]
        axis.bar([place - 0.2, place + 0.2], heights, width=0.35, color=["#17616e", "#b3402a"])
    axis.set_xticks([0, 1], ["quiet", f"{figures['strangers']} strangers"])
    axis.set_title("a friend's ping, p50 and p95 (ms)")


_DRAW: dict[str, Callable[[Any, Figures], None]] = {
    "streams": _draw_streams,
    "dial": _draw_dial,
    "dht": _draw_dht,
    "endpoint": _draw_endpoint,
    "messages": _draw_messages,
    "flood": _draw_flood,
}


if __name__ == "__main__":
    main()
