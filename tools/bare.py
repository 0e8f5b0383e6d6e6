"""A bare Debian in a folder: what a newcomer's machine holds, and a way to run things in it, online or off."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.console import run_step, say
from tools.paths import ROOT

PACKAGES = "ca-certificates,python3,python3-venv,git,make"
"""What the README asks for; ca-certificates, so that git and pip can reach anything at all."""

KEPT = re.compile(r"CI|TERM|PIP_.*|npm_config_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|(?i:\w+_proxy)")
"""Variables that say how this machine reaches a network; all others stay outside."""

AUTHORITIES = Path("etc/ssl/certs/ca-certificates.crt")

CLONE = "/srv/wherry"
"""Where the repository is, seen from inside."""

LAB = "/srv/lab"
"""The NAT laboratory that WHERRY_LAB names, if it does, seen from inside."""


class BareDebian:
    """The root folder, mounted and ready, with a clean clone of what is committed here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.namespace = folder.name

    def command(self, script: str, *, offline: bool) -> list[str]:
        """The command that runs a shell's `script` in the clone, as root, with a newcomer's few variables."""
        kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
        if "WHERRY_LAB" in os.environ:
            kept["WHERRY_LAB"] = LAB
        variables = {"HOME": "/root", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **kept}
        inside = [f"{name}={value}" for name, value in variables.items()]
        outside = ["ip", "netns", "exec", self.namespace] if offline else []
        return [*outside, "chroot", str(self.folder), "env", "-i", *inside, "sh", "-c", f"cd {CLONE} && {script}"]

    def processes(self) -> list[str]:
        """The command lines of what still runs inside."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if (process / "root").readlink() == self.folder:
                    found.append((process / "cmdline").read_text().replace("\0", " ").strip())
            except OSError:
                continue  # it has just ended, or is none of ours to look at
        return found


@contextmanager
def bare_debian(*, keep: bool) -> Iterator[BareDebian]:
    """Make the root, mount what any system has at work, clone into it; all is taken back at the end."""
    debian = BareDebian(Path(tempfile.mkdtemp(prefix="wherry-fresh-")))
    try:
        _install(debian.folder)
        run_step("Clean clone", ["git", "clone", "--quiet", "--no-local", str(ROOT), f"{debian.folder}{CLONE}"])
        if lab := os.environ.get("WHERRY_LAB"):
            shutil.copytree(lab, f"{debian.folder}{LAB}")
        with _mounted(debian.folder), _unconnected(debian.namespace):
            yield debian
    finally:
        if keep:
            say(f"The root stays in {debian.folder}")
        else:
            shutil.rmtree(debian.folder, ignore_errors=True)


def _install(folder: Path) -> None:
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=check/empty", f"--include={PACKAGES}"]
    command.append("--aptopt=APT::Install-Recommends false")
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines() if "=" in line
    )
    sources = [
        path for name in ("sources.list.d/debian.sources", "sources.list") if (path := Path("/etc/apt") / name).exists()
    ]
    if release.get("ID") == "debian" and sources:  # by the mirror that this machine uses
        run_step("Bare Debian", [*command, release["VERSION_CODENAME"], str(folder), str(sources[0])])
    else:
        run_step("Bare Debian", [*command, "stable", str(folder)])
    for file in (AUTHORITIES, Path("etc/resolv.conf"), Path("etc/hosts")):  # what is reached here is reached there
        shutil.copy(Path("/") / file, folder / file)


@contextmanager
def _mounted(folder: Path) -> Iterator[None]:
    mounts = {
        "proc": ["-t", "proc", "proc"],
        "sys": ["-t", "sysfs", "sysfs"],
        "dev": ["--rbind", "/dev"],
        "run": ["-t", "tmpfs", "tmpfs"],
    }
    # `ip netns exec` inside wants the root itself to be a mount.
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "--make-private", folder], check=True)
    try:
        for point, what in mounts.items():
            subprocess.run(["mount", *what, folder / point], check=True)
        subprocess.run(["mount", "--make-rslave", folder / "dev"], check=True)  # or taking it back takes the machine's
        yield
    finally:
        subprocess.run(["umount", "--recursive", "--lazy", folder], check=False)


@contextmanager
def _unconnected(name: str) -> Iterator[None]:
    """A network namespace with one address and no route: a laptop whose router is off."""
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for words in (
            "link set lo up",
            "link add eth0 type veth peer name eth1",  # eth1 is nobody's: a cable into nothing
            "address add 192.168.77.2/24 dev eth0",
            "link set eth0 up",
            "link set eth1 up",
        ):
            subprocess.run(["ip", "-n", name, *words.split()], check=True)
        yield
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def need(*programs: str) -> Sequence[str]:
    """Those of `programs` that this machine lacks."""
    return [program for program in programs if shutil.which(program) is None]
