"""What a search is for, and what fits it. A core.

A text fits where it has all the words, in any order; the last may be a beginning. Case and accents do not count. It is
what SQLite's `unicode61` index says, for where there is no index.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Words of a search that count; more say nothing more.
WORDS: Final = 16


def words(query: str) -> list[str]:
    """The words that a search is for."""
    return re.findall(r"\w+", query)[:WORDS]


def fits(text: str, wanted: list[str]) -> bool:
    """Whether a text has all of these."""
    *whole, beginning = (_fold(word) for word in wanted)
    there = re.findall(r"\w+", _fold(text))
    return set(whole) <= set(there) and any(word.startswith(beginning) for word in there)


def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFD", text)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold()
