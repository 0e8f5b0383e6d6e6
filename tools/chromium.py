"""A Chromium for the browser tests: one that is named, one on the machine, Debian's, or Playwright's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools import apt, choices, nodejs, python
from tools.console import SetupError, run_step
from tools.paths import VENV

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")

MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

PACKAGES = ("chromium", "fonts-liberation", "fonts-noto-color-emoji")
"""With fonts: without them a screenshot shows boxes."""


def ensure() -> Path:
    """A Chromium that starts; brings one if there is none."""
    if named := os.environ.get("WHERRY_CHROMIUM"):
        if not _starts(named):
            raise SetupError(f"WHERRY_CHROMIUM names {named}, which does not start as a Chromium. Name another.")
        return Path(named)
    if known := choices.recall("chromium"):
        return known
    found = next((path for path in _on_machine() if _starts(path)), None) or _bring()
    choices.remember("chromium", found)
    return found


def _on_machine() -> Iterator[Path]:
    for name in NAMES:
        if path := shutil.which(name):
            yield Path(path)
    yield from (Path(path) for path in MAC if Path(path).exists())


def _bring() -> Path:
    if apt.usable():
        apt.install("Chromium", *PACKAGES)
        if (debian := shutil.which("chromium")) and _starts(debian):  # Ubuntu's package is a pointer to a snap
            return Path(debian)
    environment = {"PLAYWRIGHT_NODEJS_PATH": str(nodejs.ensure() / "node")}
    run_step("Chromium", [str(VENV / "bin" / "playwright"), "install", "chromium"], environment=environment)
    question = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as playwright: print(playwright.chromium.executable_path)"
    )
    said = subprocess.run(
        [python.PYTHON, "-c", question], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    path = Path(said.stdout.strip())
    if not _starts(path):
        raise SetupError(f"{path} does not start: a library is missing. As root: {VENV}/bin/playwright install-deps")
    return path


def _starts(path: str | Path) -> bool:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return said.returncode == 0 and "Chrom" in said.stdout
