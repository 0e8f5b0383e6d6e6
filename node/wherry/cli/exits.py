"""The exit code that no error class has: those of errors stand with them (1 failed, 2 usage, 3 no daemon, 4, 5, 6)."""

from __future__ import annotations

from typing import Final

#: Ended by Ctrl-C, as shells have it: 128 + SIGINT.
INTERRUPTED: Final = 130
