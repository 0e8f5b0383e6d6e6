"""Containers that know one name reach each other by identity."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from itertools import permutations

import pytest

from .conftest import Mesh

IMAGE_BYTES = 260_000_000
"""What the image may add to its base: aiortc's FFmpeg is half of it."""


@pytest.mark.parametrize(("dialer", "callee"), list(permutations(Mesh.nodes, 2)))
def test_reaches_each_other_by_peer_id_alone(mesh: Mesh, dialer: str, callee: str) -> None:
    peer = mesh.id(callee)
    mesh.wherry(dialer, "connect", peer)
    answer = mesh.json(dialer, "ping", peer)
    assert answer["peer"] == peer
    assert answer["rtt_ms"]
    assert answer["path"] in {"direct", "direct_lan"}


def test_serves_the_page_to_the_host(mesh: Mesh) -> None:
    where = mesh.compose("port", "a", "4770").stdout.strip()
    with urllib.request.urlopen(f"http://{where}/.well-known/wherry", timeout=5) as answer:
        assert json.load(answer)["peer"] == mesh.id("a")
    with urllib.request.urlopen(f"http://{where}/", timeout=5) as answer:
        assert b"Wherry" in answer.read()


def test_a_restarted_container_is_the_same_peer(mesh: Mesh) -> None:
    before = mesh.id("c")
    mesh.compose("restart", "--timeout", "5", "c")
    mesh.compose("up", "--detach", "--wait", "--wait-timeout", "60", "c", seconds=120)
    assert mesh.id("c") == before
    mesh.wherry("b", "connect", before)


def test_runs_as_nobody_special(mesh: Mesh) -> None:
    assert mesh.compose("exec", "-T", "a", "id", "-u").stdout.strip() == "4770"


def test_is_small(mesh: Mesh) -> None:
    del mesh  # has built it
    question = ["docker", "history", "--human=false", "--format", "{{.Size}}\t{{.CreatedBy}}", "wherry:local"]
    layers = subprocess.run(question, capture_output=True, text=True, timeout=30, check=True).stdout.splitlines()
    sizes = [int(line.split("\t")[0]) for line in layers]
    ours = [size for size, line in zip(sizes, layers, strict=True) if "/opt/wherry" in line]
    assert sum(ours) < IMAGE_BYTES
