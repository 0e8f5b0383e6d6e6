"""The virtual environment `.venv`, with this project installed editable: its packages, and those of its tests."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tomllib

from tools import apt
from tools.console import SetupError, run_step, say
from tools.paths import ROOT, VENV
from tools.stamps import Stamp, digest

PYTHON = VENV / "bin" / "python"

PIP_SETTINGS = {
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
    "PIP_PROGRESS_BAR": "off",
    "HATCH_BUILD_NO_HOOKS": "true",  # the hook builds the page, which an editable install does not carry
}


def ensure(*, dev: bool) -> None:
    """Make `.venv` hold what the program needs, or with `dev` what its tests need too."""
    wanted = _stamp("dev" if dev else "run")
    key = _key()
    whole = _works()
    if whole and (wanted.holds(key) or _stamp("dev").holds(key)):
        return
    if not whole:
        _create()
    wanted.clear()
    pip("Python packages of the tests" if dev else "Python packages", "--editable", ".[dev]" if dev else ".")
    wanted.set(key)


def pip(title: str, *arguments: str) -> None:
    """Run `pip install` in `.venv`."""
    # --use-pep517: two dependencies still build by setup.py, which newer pips refuse to run directly.
    run_step(title, [str(PYTHON), "-m", "pip", "install", "--use-pep517", *arguments], environment=PIP_SETTINGS)


def _create() -> None:
    if VENV.exists():
        say("  .venv does not run on this machine's Python: making it anew")
        shutil.rmtree(VENV)
    if importlib.util.find_spec("ensurepip") is None:  # Debian splits it off
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if not apt.usable():
            raise SetupError(f"Python's venv module is not whole here. Install it: sudo apt-get install {package}")
        apt.install("Python's venv module", package)
    run_step("Virtual environment", [sys.executable, "-m", "venv", str(VENV)])


def _works() -> bool:
    """Whether `.venv` has a Python that starts, of the version that runs this, and still belongs to this folder."""
    if not PYTHON.exists():
        return False
    question = "import sys; print(sys.prefix, *sys.version_info[:2], sep='\\n')"
    said = subprocess.run([PYTHON, "-c", question], capture_output=True, text=True, check=False).stdout
    return said.splitlines() == [str(VENV), str(sys.version_info.major), str(sys.version_info.minor)]


def _key() -> str:
    """Only the tables of pyproject.toml that decide what is installed: a changed lint rule needs no network."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    decisive = [project["build-system"], project["project"], project["tool"]["hatch"]["build"]["targets"]["wheel"]]
    return digest(json.dumps(decisive, sort_keys=True), str(VENV))


def _stamp(level: str) -> Stamp:
    return Stamp(VENV / f".wherry-{level}")  # inside, so that it dies with what it vouches for
