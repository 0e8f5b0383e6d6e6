"""A stamp says for which inputs a step was done, so that it is done again only when they changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(*parts: str | bytes) -> str:
    """SHA-256 over the parts, each with its length, as hex."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(len(data).to_bytes(8, "big") + data)
    return whole.hexdigest()


def digest_files(base: Path, files: Iterable[Path]) -> str:
    """One digest of the files' names (relative to `base`) and contents, whatever order they come in."""
    parts: list[str | bytes] = []
    for file in sorted(files):
        parts += [file.relative_to(base).as_posix(), file.read_bytes()]
    return digest(*parts)


class Stamp:
    """A small file holding the digest of the inputs that the step beside it was last done for."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def holds(self, key: str) -> bool:
        """Whether the step was done for exactly these inputs."""
        try:
            return self.path.read_text(encoding="ascii").strip() == key
        except (FileNotFoundError, NotADirectoryError):
            return False

    def set(self, key: str) -> None:
        """Note that the step is done; called last, so that an interrupted step is done again."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(key + "\n", encoding="ascii")

    def clear(self) -> None:
        """Forget it, before the step begins to change anything."""
        self.path.unlink(missing_ok=True)
