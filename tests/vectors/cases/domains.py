"""domains.json: the table of domains, and how parts are joined."""

from __future__ import annotations

import formats
from formats import domain, join

from .people import Case, good


def domain_table() -> list[Case]:
    found = [
        good(f"domain: {word}", domain(word), kind="domain", text=domain(word).decode()) for word in formats.DOMAINS
    ]
    found += [
        good(
            f"purpose {number}: {word}", domain(f"sign-{word.removesuffix('-record')}"), kind="purpose", purpose=number
        )
        for word, number in formats.PURPOSES.items()
    ]
    for parts in ((), (b"",), (b"", b""), (b"a", b"bc"), (b"ab", b"c"), (domain("seal"), bytes(32), b"x" * 300)):
        found.append(good(f"join: {[part.hex()[:8] for part in parts]}", join(*parts), kind="join", parts=list(parts)))
    return found
