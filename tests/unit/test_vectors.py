"""The committed vectors are what the second implementation writes, and that one shares nothing with the first."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from golden import FOLDER


def test_the_files_are_the_references_output(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(FOLDER / "reference.py"), str(tmp_path)], check=True, timeout=60)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_bytes() for path in FOLDER.glob("*.json") if path.name in written}
    assert written == committed, "run: python tests/vectors/reference.py"
    assert {"errors.json"} <= {path.name for path in FOLDER.glob("*.json")}


def test_the_reference_imports_none_of_what_is_tested() -> None:
    for path in FOLDER.rglob("*.py"):
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE))
        assert not imported & {"wherry", "wherry_signaling", "nacl", "msgspec", "multiaddr", "base58"}, path.name
