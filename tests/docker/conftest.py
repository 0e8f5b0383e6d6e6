"""The mesh of `docker/compose.yaml`, built and started once for these tests, where a Docker daemon answers.

`BASE_IMAGE` names another base than python:3.11-slim, and `DOCKER_HOST` another daemon than the machine's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
COMPOSE = [
    "docker",
    "compose",
    "--project-name",
    "wherry-test",
    "--file",
    str(HERE.parent.parent / "docker/compose.yaml"),
]

BUILD_S = 900
"""Most of it downloads: FFmpeg for aiortc, Node, and the packages of the page."""

READY_S = 60
"""Three nodes start and find each other in a few seconds; a busy machine takes longer."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These tests have a mark, and a deadline that the build fits in."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.docker)
            item.add_marker(pytest.mark.timeout(BUILD_S + 2 * READY_S))


class Mesh:
    """Three containers, `a`, `b` and `c`."""

    nodes = ("a", "b", "c")

    def compose(
        self, *arguments: str, seconds: float = READY_S, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """`docker compose` in this mesh."""
        done = subprocess.run(
            [*COMPOSE, *arguments],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, "WHERRY_PORT": "0"},  # any free one
        )
        assert not check or done.returncode == 0, f"docker compose {' '.join(arguments)}: {done.stderr or done.stdout}"
        return done

    def wherry(self, node: str, *arguments: str) -> str:
        """What `wherry ARGUMENT…` prints in a node's container; the test fails if it does."""
        return self.compose("exec", "-T", node, "wherry", *arguments).stdout

    def json(self, node: str, *arguments: str) -> dict[str, Any]:
        """The object that `wherry ARGUMENT… --json` prints."""
        found: dict[str, Any] = json.loads(self.wherry(node, *arguments, "--json"))
        return found

    def id(self, node: str) -> str:
        """A node's peer id."""
        return str(self.json(node, "id")["id"])


@pytest.fixture(scope="session")
def mesh() -> Iterator[Mesh]:
    """The three nodes, healthy; removed with their volumes at the end."""
    if reason := _no_docker():
        pytest.skip(reason)
    mesh = Mesh()
    try:
        mesh.compose("build", seconds=BUILD_S)
        mesh.compose("up", "--detach", "--wait", "--wait-timeout", str(READY_S), seconds=2 * READY_S)
        yield mesh
    except BaseException:
        print(mesh.compose("logs", "--tail", "50", check=False).stdout)
        raise
    finally:
        mesh.compose("down", "--volumes", "--timeout", "5", check=False)


def _no_docker() -> str | None:
    if shutil.which("docker") is None:
        return "there is no docker here"
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode:
            return f"`{' '.join(command)}` fails: {done.stderr.strip().splitlines()[-1]}"
    return None
