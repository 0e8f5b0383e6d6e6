"""Exit codes that no error class has: those of errors stand with them (1 failed, 3 no daemon, 4, 5, 6)."""

from __future__ import annotations

from typing import Final

#: What was typed was not understood.
USAGE: Final = 2
#: Ended by Ctrl-C, as shells have it: 128 + SIGINT.
INTERRUPTED: Final = 130
