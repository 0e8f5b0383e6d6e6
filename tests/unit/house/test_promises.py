"""What the house says of itself is so."""

from __future__ import annotations

import re
import subprocess
import tomllib

import pytest

from tools.paths import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TARGETS = re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)


def test_every_target_is_phony() -> None:
    phony = " ".join(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)).split()
    assert sorted(phony) == sorted(TARGETS)


def test_make_alone_lists_what_has_a_description() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = [target for target in TARGETS if re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE)]
    assert re.findall(r"^  make (\S+)", said, re.MULTILINE) == described
    assert {"run", "test", "check", "bench"} <= set(described)


@pytest.mark.parametrize("group", ["build", "run", "dev"])
def test_every_dependency_has_a_reason(group: str) -> None:
    named = {
        "build": PROJECT["build-system"]["requires"],
        "run": PROJECT["project"]["dependencies"],
        "dev": PROJECT["project"]["optional-dependencies"]["dev"],
    }[group]
    reasons = (ROOT / "docs" / "why" / "dependencies.md").read_text(encoding="utf-8")
    for requirement in named:
        name = re.split(r"[<>=\[;]", requirement)[0]
        assert f"`{name}`" in reasons, f"docs/why/dependencies.md does not say why {name} is here"
