"""What the tests behind NATs need: root, Linux, and a few programs. Elsewhere those tests are skipped and say why."""

from __future__ import annotations

import os
import shutil
import sys

from tools import apt
from tools.console import say

PROGRAMS = {"ip": "iproute2", "nft": "nftables", "sysctl": "procps"}


def ensure() -> None:
    """Bring what is missing where that is possible."""
    if sys.platform != "linux" or os.geteuid() != 0:
        say("  no root on Linux here: the tests in network namespaces will be skipped")
        return
    absent = sorted(package for program, package in PROGRAMS.items() if shutil.which(program) is None)
    if not absent:
        return
    if apt.usable():
        apt.install("Network tools", *absent)
    else:
        say(f"  without {' and '.join(absent)} the tests in network namespaces will be skipped")
