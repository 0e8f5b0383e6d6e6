"""Look-ups against network size, in memory: what one costs, and how it grows.

    python -m bench.dht [--sizes 100,200,500,1000,2000] [--look-ups 200]

20–150 ms one way, 1 % loss, on the virtual clock, so times are those of the network alone, whatever this machine does
meanwhile. Tables are settled, records published; then random nodes look random records up, one after another.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wherry.testing.clock import run_virtual
from wherry.testing.dht import DhtNetwork, document, key_of
from wherry.testing.network import MemoryNetwork

SIZES = (100, 200, 500, 1000, 2000)
DELAY_MS, LOSS = (20, 150), 0.01
#: Records that are looked for.
RECORDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Look-ups in a network of so many nodes.

    :ivar found: share of look-ups that found the record, 0 … 1.
    :ivar median_ms, p99_ms: virtual time until the look-up had ended.
    :ivar hops: nodes from the asker to the first holder.
    :ivar asked: nodes asked, of all paths together.
    :ivar datagrams, kb: sent by everybody for one look-up; kB of 1000 bytes.
    :ivar cpu_ms: this machine's time for all nodes' part in one look-up.
    """

    nodes: int
    found: float
    median_ms: float
    p99_ms: float
    hops: float
    asked: float
    datagrams: float
    kb: float
    cpu_ms: float


def look_ups_against_size(sizes: Sequence[int] = SIZES, *, look_ups: int = 200, seed: int = 1) -> dict[str, Any]:
    """Print a row per size; returns ``{"look_ups_against_size": [row, …]}``, as `Row` names its fields."""
    head = ("nodes", "found", "median", "99 %", "hops", "asked", "datagrams", "kB", "CPU")
    print("{:>6} {:>7} {:>9} {:>9} {:>5} {:>6} {:>9} {:>6} {:>8}".format(*head))
    rows = []
    for size in sizes:
        row = run_virtual(measure(size, look_ups, seed))
        print(
            f"{row.nodes:6} {row.found:7.1%} {row.median_ms:6.0f} ms {row.p99_ms:6.0f} ms {row.hops:5.2f} "
            f"{row.asked:6.1f} {row.datagrams:9.1f} {row.kb:6.1f} {row.cpu_ms:5.1f} ms",
            flush=True,
        )
        rows.append(asdict(row))
    return {"look_ups_against_size": rows}


async def measure(size: int, look_ups: int, seed: int) -> Row:
    """One row: must run on the virtual clock."""
    network = MemoryNetwork(seed=seed, delay_ms=DELAY_MS, loss=LOSS)
    chance = random.Random(seed)
    async with DhtNetwork(network, nodes=size) as mesh:
        mesh.fill()
        names = [b"%d" % number for number in range(RECORDS)]
        await asyncio.gather(*(chance.choice(mesh.nodes).publish(document(name)) for name in names))
        await network.quiet()
        (datagrams, sent), cpu = network.sent, time.process_time()
        found = [await chance.choice(mesh.nodes).look_up(key_of(chance.choice(names))) for _ in range(look_ups)]
        await network.quiet()
        cpu = time.process_time() - cpu
        times = sorted(one.ms for one in found)
        return Row(
            nodes=size,
            found=sum(one.document is not None for one in found) / look_ups,
            median_ms=statistics.median(times),
            p99_ms=times[int(look_ups * 0.99)],
            hops=statistics.mean(one.hops for one in found),
            asked=statistics.mean(one.asked for one in found),
            datagrams=(network.sent[0] - datagrams) / look_ups,
            kb=(network.sent[1] - sent) / look_ups / 1000,
            cpu_ms=cpu / look_ups * 1000,
        )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="network sizes, comma-separated")
    parser.add_argument("--look-ups", type=int, default=200, help="look-ups per size")
    options = parser.parse_args()
    look_ups_against_size([int(size) for size in options.sizes.split(",")], look_ups=options.look_ups)


if __name__ == "__main__":
    main()
