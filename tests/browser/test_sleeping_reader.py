"""A reader that stops, in a tab and in Python: the others go on, memory stays, and nothing of its bytes is lost.

`WHERRY_FULL=1` lets it sleep for 30 s while the rates of the others are printed; CI's few seconds show the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time

import psutil
import pytest
from playwright.async_api import Page

from tests.browser.test_page import KIB, MIB, Launch, mesh, opened
from wherry import Node, Stream

__all__ = ["mesh"]
SLEEP_S = 30.0 if os.environ.get("WHERRY_FULL") else 3.0
BLOCK = 64 * KIB
#: The connection's window, and what else may grow: the issue's figure.
GROWTH_BYTES = 16 * MIB + 10 * MIB
SLEEPER_BYTES = 24 * MIB

#: In the page: how much the tab's heap holds now; collected first where the browser lets us.
HEAP = "() => performance.memory.usedJSHeapSize"


async def rate(page: Page, peer: str, seconds: float) -> float:
    """MB/s, both ways together, of a stream between the tab and `/mill/1`, which sends back what it gets."""
    moved = await page.evaluate(
        """async ([peer, seconds]) => {
          const stream = await wherry.openStream(peer, "/mill/1");
          const block = pattern(65536), end = performance.now() + seconds * 1000;
          let sent = 0, back = 0;
          const reading = (async () => {
            for (let part = await stream.read(); part !== null; part = await stream.read()) back += part.length;
          })();
          for (; performance.now() < end; sent += block.length) await stream.write(block);
          await stream.finish();
          await reading;
          if (back !== sent) throw new Error(`${sent} went, ${back} came back`);
          return sent + back;
        }""",
        [peer, seconds],
    )
    return float(moved) / 1e6 / seconds


@pytest.mark.timeout(240)
async def test_a_reader_that_sleeps_costs_the_others_nothing(
    mesh: tuple[Node, Node, Node], launch_chromium: Launch
) -> None:
    ada, bela, _ = mesh
    awake = asyncio.Event()
    digests: list[str] = []

    @bela.handle("/mill/1", allow="anyone")
    async def mill(stream: Stream) -> None:
        async for part in stream:
            await stream.write(part)
        await stream.finish()

    @bela.handle("/bed/1", allow="anyone")
    async def bed(stream: Stream) -> None:
        """Sleeps, then reads all, while it sends as much to a tab that sleeps too."""
        hashed = hashlib.sha256()

        async def send() -> None:
            for _ in range(SLEEPER_BYTES // BLOCK):
                await stream.write(bytes(range(256)) * (BLOCK // 256))
            await stream.finish()

        async with asyncio.TaskGroup() as group:
            group.create_task(send())
            await awake.wait()
            async for part in stream:
                hashed.update(part)
            digests.append(hashed.hexdigest())

    page = await opened(await launch_chromium(), ada.page)
    peer = str(bela.id)
    alone = await rate(page, peer, 3)
    rss, heap = psutil.Process().memory_info().rss, await page.evaluate(HEAP)
    await page.evaluate(
        """([peer, size]) => {
          globalThis.sleeper = (async () => {
            const stream = await wherry.openStream(peer, "/bed/1"), bytes = pattern(size);
            const writing = (async () => {
              for (let at = 0; at < size; at += 65536) await stream.write(bytes.subarray(at, at + 65536));
              await stream.finish();
            })();
            await new Promise((resolve) => { globalThis.wake = resolve; });
            const got = await readAll(stream);
            await writing;
            return [await digest(bytes), await digest(got)];
          })();
        }""",
        [peer, SLEEPER_BYTES],
    )
    began, rates = time.monotonic(), []
    while time.monotonic() - began < SLEEP_S:
        rates.append(await rate(page, peer, 3))
    grown = psutil.Process().memory_info().rss - rss
    grown_heap = await page.evaluate(HEAP) - heap - SLEEPER_BYTES  # the page itself holds what it will send
    beside = sum(rates) / len(rates)
    print(
        f"alone {alone:.1f} MB/s, beside sleepers {beside:.1f} ({beside / alone:.2f}); "
        f"Python +{grown / MIB:.1f} MiB, tab +{grown_heap / MIB:.1f} MiB"
    )
    awake.set()
    sent, got = await page.evaluate("() => { wake(); return sleeper; }")
    assert [sent] == digests
    assert got == hashlib.sha256(bytes(range(256)) * (SLEEPER_BYTES // 256)).hexdigest()
    assert grown < GROWTH_BYTES
    assert grown_heap < GROWTH_BYTES
