"""`python3 -m tools need STEP…` brings what a Makefile target needs; `python3 -m tools npm …` runs npm in `web/`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from tools import chromium, namespaces, nodejs, page, python
from tools.console import SetupError, say
from tools.paths import WEB


def _page() -> None:
    if not page.fresh():
        page.ensure(nodejs.ensure())


STEPS: dict[str, Callable[[], object]] = {
    "python": lambda: python.ensure(dev=False),  # what `wherry` imports
    "dev": lambda: python.ensure(dev=True),  # and its tests and checks
    "node": nodejs.ensure,
    "web": lambda: page.ensure_packages(nodejs.ensure()),  # npm's packages, for the checks and tests in web/
    "page": _page,  # the built page
    "chromium": chromium.ensure,
    "namespaces": namespaces.ensure,
}


def main(arguments: Sequence[str]) -> int:
    """Do what is asked; a step that cannot be done ends it with one line that says what to do."""
    match arguments:
        case ["need", *steps] if steps and set(steps) <= set(STEPS):
            for step in steps:
                STEPS[step]()
            return 0
        case ["npm", *rest] if rest:
            return _npm(rest)
        case _:
            say(f"usage: python3 -m tools need {{{','.join(STEPS)}}}…\n       python3 -m tools npm ARGUMENT…")
            return 2


def _npm(arguments: Sequence[str]) -> int:
    folder = nodejs.ensure()
    return subprocess.call([folder / "npm", *arguments], cwd=WEB, env={**os.environ, **nodejs.environment(folder)})


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as error:
        say(f"{error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
