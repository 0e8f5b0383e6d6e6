"""From a peer id to an open connection, on one machine, in a mesh of 20 nodes: the median, and where the time goes.

Each dial is of two nodes that are not connected; afterwards both disconnect. The phases are those of the trace:
look-up (DHT and introducers), offer made and rung, answered, ICE and DTLS, greeted.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from wherry import Node

NODES = 20
DIALS = 40
SETTINGS: dict[str, Any] = {"listen": "127.0.0.1:0", "mdns": False}


async def measure(nodes: int = NODES, dials: int = DIALS) -> dict[str, Any]:
    """Median milliseconds in all and by phase."""
    chance = random.Random(4770)
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        first = await stack.enter_async_context(Node.at(home / "0", **SETTINGS))
        mesh = [first]
        for number in range(1, nodes):
            node = Node.at(home / str(number), bootstrap=[first.invite()], **SETTINGS)
            mesh.append(await stack.enter_async_context(node))
        for node in mesh:
            await node.wait_ready(30)
        rows: list[dict[str, float]] = []
        for _ in range(dials):
            one, two = chance.sample(mesh, 2)
            loop = asyncio.get_running_loop()
            one.parts.records.forget(two.id)
            start = loop.time()
            await one.connect(two.id)
            total = (loop.time() - start) * 1000
            trace = one.parts.dialer.trace_of(two.id)
            assert trace is not None
            rows.append({"total": total, **trace.phases_ms()})
            await asyncio.gather(one.network.disconnect(two.id), two.network.disconnect(one.id))
    phases = ("look_up", "negotiate", "ring", "ice", "open", "total")
    median = {phase: round(statistics.median(row.get(phase, 0.0) for row in rows), 1) for phase in phases}
    worst = round(max(row["total"] for row in rows), 1)
    return {"nodes": nodes, "dials": dials, "median_ms": median, "worst_ms": worst}


def main() -> dict[str, Any]:
    """Measure and print."""
    figures = asyncio.run(measure())
    print("from peer id to open connection, median ms by phase")
    print("  ".join(f"{phase} {ms}" for phase, ms in figures["median_ms"].items()), f"worst {figures['worst_ms']}")
    return figures


if __name__ == "__main__":
    main()
