"""Where things are in this repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
VENV = ROOT / ".venv"
WEB = ROOT / "web"
PAGE = ROOT / "signaling" / "wherry_signaling" / "page"
"""The built page, served by every endpoint and shipped in the wheel; never committed."""
