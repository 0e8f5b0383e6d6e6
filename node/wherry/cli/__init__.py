"""The command line: ``wherry COMMAND``.

A command imports what it needs when it runs, so that `wherry --help` and Tab are there at once. Whatever goes wrong on
purpose is one line ``what: why. do.`` on standard error (or one JSON object under ``--json``) and an exit code:
0 ok, 1 failed, 2 usage, 3 no daemon, 4 not found, 5 timeout, 6 denied, 130 interrupted.
"""

import sys
from typing import NoReturn

from .exits import INTERRUPTED


def main() -> NoReturn:
    """Run the command in `sys.argv`; Ctrl-C is no failure even while the program is being imported."""
    try:
        from .program import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


__all__ = ["main"]
