"""Debian's packages, for the few things that no registry of a language has. Used only as root."""

from __future__ import annotations

import functools
import os
import shutil

from tools.console import run_step

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}

APT = ("apt-get", "--quiet", "--option", "DPkg::Lock::Timeout=300")
"""Waits five minutes, not at all by default, while somebody else installs something."""


def usable() -> bool:
    """Whether packages can be installed here without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(title: str, *packages: str) -> None:
    """Install Debian packages with what they need and nothing they merely recommend."""
    _update()
    run_step(title, [*APT, "install", "--yes", "--no-install-recommends", *packages], environment=QUIET)


@functools.cache
def _update() -> None:
    run_step("Debian package lists", [*APT, "update"], environment=QUIET)
