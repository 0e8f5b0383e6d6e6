"""`make test-fresh`: README's two commands typed in a bare Debian, and once more with no way to any network.

A machine that has built this before may hold what an install step forgot; a bare root does not. It takes root, since
it makes a root folder and a network namespace; `python3 -m tools.fresh --keep` leaves the folder for a look.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools import apt
from tools.bare import BareDebian, bare_debian, need
from tools.console import SetupError, run_step, say
from tools.paths import CACHE

READY = re.compile(r"Open (http://\S+)")
"""What `make run` prints once its mesh is up and the page can be opened."""

RUN_LIMIT_S = 900
"""For `make run` from nothing: it takes under a minute where the network is good."""

END_LIMIT_S = 20
"""For the nodes to say goodbye after Ctrl-C."""

FETCH = """
import re, sys, urllib.parse, urllib.request
page = urllib.request.urlopen(sys.argv[1], timeout=10).read().decode()
[script] = re.findall(r'<script[^>]* src="([^"]+)"', page)
code = urllib.request.urlopen(urllib.parse.urljoin(sys.argv[1], script), timeout=10).read()
assert len(code) > 1000, script
"""
"""Opens the page and the script that it names: the page was built, whole, and is served."""

WHEEL = """
rm -rf /srv/empty /srv/wheel
python3 -m venv /srv/empty
/srv/empty/bin/pip wheel --quiet --no-deps --wheel-dir /srv/wheel .
/srv/empty/bin/pip install --quiet --use-pep517 /srv/wheel/wherry-*.whl
cd / && /srv/empty/bin/wherry demo --once --json | tail -n 1 | tee /srv/demo.json
grep -q '"ok": *true' /srv/demo.json
"""
"""A wheel made from the clone and installed beside nothing at all runs the demo, page included."""


def main(arguments: Sequence[str]) -> int:
    """Make the root, try the commands in it, say how long each took."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise SetupError("This makes a bare Debian and network namespaces: run it as root, on Linux.")
    if absent := need("mmdebstrap", "ip"):
        if not apt.usable():
            raise SetupError(f"Without {' and '.join(absent)} no bare Debian can be made here.")
        apt.install("Tools of the trial", "mmdebstrap", "iproute2")
    # Started in the background, this has SIGINT ignored, and so would all that it starts, which is to be ended by it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of the `finally`s
    failed = 0
    with bare_debian(keep="--keep" in arguments) as debian:
        for offline in (False, True):
            say("With one address and no route:" if offline else "With a network:")
            for attempt in (_run, _test) if offline else (_run, _test, _wheel):
                try:
                    attempt(debian, offline=offline)
                except SetupError as error:  # the others are worth seeing all the same
                    say(str(error))
                    failed += 1
    say(f"{failed} of 5 failed" if failed else "All five work.")
    return 1 if failed else 0


def _test(debian: BareDebian, *, offline: bool) -> None:
    log = run_step("make test", debian.command("make test", offline=offline))
    say(f"    {log.read_text(encoding='utf-8', errors='replace').splitlines()[-1]}")


def _wheel(debian: BareDebian, *, offline: bool) -> None:
    run_step("A wheel by itself", debian.command(f"set -e\n{WHEEL}", offline=offline))


def _run(debian: BareDebian, *, offline: bool) -> None:
    """`make run` until its page can be opened; then Ctrl-C, after which nothing of it is left."""
    log = CACHE / "log" / "make-run.log"
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            debian.command("make run", offline=offline),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C reaches it and not us
        )
    try:
        page = _await_page(process, log, started + RUN_LIMIT_S)
        say(f"  {'make run, until ready':<28} {time.monotonic() - started:5.1f} s")
        fetch = debian.command(f"python3 -c {shlex.quote(FETCH)} {shlex.quote(page)}", offline=offline)
        fetched = subprocess.run(fetch, capture_output=True, text=True, check=False)
        if fetched.returncode:
            raise SetupError(f"make run: the page at {page} is not whole: {fetched.stderr}")
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=END_LIMIT_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if left := debian.processes():
        raise SetupError(f"make run: Ctrl-C left behind: {'; '.join(left)}")


def _await_page(process: subprocess.Popen[bytes], log: Path, deadline: float) -> str:
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        seen = log.read_text(encoding="utf-8", errors="replace")
        if found := READY.search(seen):
            return found[1]
        if ended:
            break
        time.sleep(0.1)
    raise SetupError(f"make run did not get ready:\n{seen[-2000:]}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        say(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
