"""The page in all its states, as pictures: `.venv/bin/python -m tools.screenshots [STAGE …]`.

Builds the staged page (`web/packages/dashboard/src/staged.tsx`), serves it from a loopback port and opens every state
at 360 and 1280 pixels, light and dark. The pictures go to `screenshots/`. At each, axe-core must find nothing; at 320
pixels no state may scroll sideways; nothing may break the page's content security policy. Exits 1 if any of that fails.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools import chromium, nodejs
from tools.console import say
from tools.paths import ROOT, WEB

OUT = ROOT / "screenshots"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = {360: 780, 1280: 800}
"""Width and height of the window, CSS pixels."""

NARROWEST = 320
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
PATIENCE_MS = 20_000
"""Longest that one step in the browser may take, milliseconds."""


def main() -> int:
    """Take the pictures and check each state; the number of findings decides the exit code."""
    parser = argparse.ArgumentParser(description="The page in all its states, as pictures.")
    parser.add_argument("stages", nargs="*", help="only these states")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    node = nodejs.ensure()
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node / "node"))
    with tempfile.TemporaryDirectory() as folder:
        build(node, Path(folder))
        with served(Path(folder)) as url:
            findings = photograph(f"{url}/staged.html", asked.stages, asked.out)
    for finding in findings:
        say(f"  {finding}")
    say(f"{len(findings)} findings; pictures in {asked.out}")
    return 1 if findings else 0


def build(node: Path, folder: Path) -> None:
    """Build the staged page into `folder`."""
    command = [str(node / "npm"), "run", "--silent", "build:staged", "--workspace", "@wherry/dashboard"]
    command += ["--", "--outDir", str(folder), "--logLevel", "warn"]
    subprocess.run(command, cwd=WEB, env={**os.environ, **nodejs.environment(node)}, check=True)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve `folder` from a loopback port while the block runs; yields the URL."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing about it."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


def photograph(url: str, only: list[str], out: Path) -> list[str]:
    """Open every state in every look; returns what is wrong, one line each."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    findings: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.ensure()), args=list(FLAGS))
        try:
            context = browser.new_context(
                reduced_motion="reduce", timezone_id="UTC", locale="en-GB", device_scale_factor=2
            )
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            noted: list[str] = []
            page.on("pageerror", lambda error: noted.append(str(error)))
            page.on("console", lambda line: noted.append(line.text) if line.type == "error" else None)
            page.goto(url)
            for stage in only or page.inner_text("body").removeprefix("stages: ").split():
                findings += [f"{stage}: {text}" for text in narrow(page, f"{url}?stage={stage}")]
                findings += [f"{stage}-{text}" for text in looks(page, f"{url}?stage={stage}", out, stage)]
                findings += [f"{stage}: {text}" for text in noted]
                noted.clear()
        finally:
            browser.close()
    return findings


def opened(page: Any, url: str, width: int, height: int) -> None:
    """Open a state in a window of that size, and wait until what a person does in it is done."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto("about:blank")  # or only the hash would change
    page.goto(url)
    page.wait_for_selector("html[data-staged] #app > *", state="attached")


def looks(page: Any, url: str, out: Path, stage: str) -> Iterator[str]:
    """Take the pictures of one state, the whole page each, and ask axe-core about them."""
    for width, height in WIDTHS.items():
        opened(page, url, width, height)
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for look in ("light", "dark"):
            page.emulate_media(color_scheme=look)
            page.set_viewport_size({"width": width, "height": height})
            tall = page.evaluate("() => document.documentElement.scrollHeight")
            page.set_viewport_size({"width": width, "height": max(height, tall)})  # bars stay at the edges
            page.screenshot(path=str(out / f"{stage}-{width}-{look}.png"), scale="device" if width < 500 else "css")
            for violation in page.evaluate("() => axe.run().then(found => found.violations)"):
                where = "; ".join(str(node["target"][0]) for node in violation["nodes"][:3])
                yield f"{width}-{look}: axe {violation['id']}: {violation['help']} ({where})"


def narrow(page: Any, url: str) -> Iterator[str]:
    """Whether the state scrolls sideways on the narrowest phone, or has something too small to hit."""
    opened(page, url, NARROWEST, 640)
    width = page.evaluate("() => document.documentElement.scrollWidth")
    if width > NARROWEST:
        yield f"{width} pixels wide at {NARROWEST}"
    yield from (f"too small to hit: {text}" for text in page.evaluate(TOO_SMALL))


TOO_SMALL = """() => [...document.querySelectorAll("a, button, summary, input, textarea, label.size, label.check")]
  .filter(each => each.checkVisibility() && !each.matches(".skip, .offscreen, [type=radio], [type=checkbox], p a"))
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width > 0 && (box.width < 44 || box.height < 43.5))
  .map(([each, box]) => `${each.tagName} ${each.className?.baseVal ?? each.className} `
    + `${Math.round(box.width)}x${Math.round(box.height)} ${each.textContent.slice(0, 30)}`)
"""

if __name__ == "__main__":
    sys.exit(main())
