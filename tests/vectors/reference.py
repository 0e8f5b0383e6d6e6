"""Write the golden vectors beside this file, from a second implementation that shares no line with the first.

    python tests/vectors/reference.py [folder]

Each file is a list of ``{"name", "value", "bytes"}``: `bytes` (hex) is what `value` makes, or, with ``"error"``, what
must be refused with that code. `value` holds all that it takes to make or open them: seeds, keys, nonces, texts; byte
strings in it are hex. Where a file has several kinds of vectors, `value.kind` tells them apart. `errors.json` is no
vector but a table kept by hand: what every error of both languages is called.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cases
import crypto


def main(folder: Path) -> None:
    crypto.check_against_the_drafts()
    for name, make in cases.FILES.items():
        text = json.dumps(make(), indent=1, ensure_ascii=True)
        (folder / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
