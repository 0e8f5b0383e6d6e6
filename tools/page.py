"""The page: `web/` built by npm and copied into the Python package that serves it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.console import SetupError, run_step
from tools.nodejs import environment
from tools.paths import CACHE, PAGE, WEB
from tools.stamps import Stamp, digest_files

BUILT = WEB / "packages" / "dashboard" / "dist"
PACKAGES = WEB / "node_modules"

BUILD = Stamp(CACHE / "page")

NOT_SOURCES = frozenset({"node_modules", "dist", "coverage", ".vite"})


def ensure_packages(node: Path) -> None:
    """Install exactly what `web/package-lock.json` names."""
    stamp, key = Stamp(PACKAGES / ".wherry"), digest_files(WEB, _manifests())
    if stamp.holds(key):
        return
    run_step("Packages of the page", [str(node / "npm"), "ci"], cwd=WEB, environment=environment(node))
    stamp.set(key)


def fresh() -> bool:
    """Whether the page that is there was built from the sources that are there."""
    return (PAGE / "index.html").exists() and BUILD.holds(sources())


def ensure(node: Path) -> None:
    """Build the page if its sources changed since it was built."""
    if fresh():
        return
    key = sources()
    ensure_packages(node)
    run_step("Page", [str(node / "npm"), "run", "build"], cwd=WEB, environment=environment(node))
    if not (BUILT / "index.html").exists():
        raise SetupError(f"`npm run build` in web/ made no {BUILT.relative_to(WEB)}/index.html.")
    new, old = CACHE / "page.new", CACHE / "page.old"
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(BUILT, new)
    if PAGE.exists():
        PAGE.rename(old)  # a running node sees the old page or the new one, never half of either
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    new.rename(PAGE)
    shutil.rmtree(old, ignore_errors=True)
    BUILD.set(key)


def sources() -> str:
    """A digest of everything under `web/` that the build may read."""
    return digest_files(WEB, _walk(WEB))


def _walk(folder: Path) -> Iterator[Path]:
    for base, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (
            Path(base) / name for name in files if not name.endswith((".test.ts", ".test.tsx", ".tsbuildinfo", ".log"))
        )


def _manifests() -> list[Path]:
    return [file for file in _walk(WEB) if file.name in {"package.json", "package-lock.json", ".npmrc"}]
