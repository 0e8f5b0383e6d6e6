"""The protocol's reference says what the code says: each drawing in a docstring stands in it, word for word."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

from wherry_signaling.domains import ALL, Purpose

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "protocol.md").read_text(encoding="utf-8")
MODULES = (
    *("address", "domains", "endpoints", "envelope", "handover", "handshake", "keyfile", "record", "signals", "wire"),
    *("dht.endpoint", "dht.frames", "dht.key", "connection.engines.sdp", "connection.frames"),
    *("network.messages", "network.opcodes", "messages.packets", "messages.pieces", "messages.texts", "friends.bodies"),
    *("profile_file", "store.locks"),
)
DRAWING = re.compile(r"(?:^\n)((?:^    .*\n|^\n)+)", re.MULTILINE)


@pytest.mark.parametrize("module", MODULES)
def test_the_page_has_the_drawings_of_the_code(module: str) -> None:
    rooms = (ROOT / "signaling" / "wherry_signaling", ROOT / "node" / "wherry")
    [file] = [path for room in rooms if (path := (room / module.replace(".", "/")).with_suffix(".py")).exists()]
    source = file.read_text(encoding="utf-8")
    found = DRAWING.findall((ast.get_docstring(ast.parse(source)) or "") + "\n\n")
    drawings = [textwrap.dedent(drawing).strip("\n") for drawing in found if drawing.strip()]
    assert drawings
    for drawing in drawings:
        assert f"```text\n{drawing}\n```" in PAGE


def test_the_page_names_every_domain() -> None:
    assert [domain for domain in ALL if f"`{domain.decode()}`" not in PAGE] == []
    for purpose in Purpose:
        name = purpose.name.lower().replace("_", " ")
        assert f"| {name} | {purpose.value} | `{purpose.domain.decode()}` |" in PAGE
