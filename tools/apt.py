"""Debian's packages, for the few things that no registry of a language has. Used only as root."""

from __future__ import annotations

import os
import shutil

from tools.console import run_step

QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def usable() -> bool:
    """Whether packages can be installed here without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(title: str, *packages: str) -> None:
    """Install Debian packages with what they need and nothing they merely recommend."""
    run_step("Debian package lists", ["apt-get", "-qq", "update"], environment=QUIET)
    run_step(title, ["apt-get", "install", "--yes", "--no-install-recommends", *packages], environment=QUIET)
