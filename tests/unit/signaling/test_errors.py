"""Errors of both packages: the trees in their docstrings, the table both languages share, what people read."""

from __future__ import annotations

import inspect
import json
import re
from types import ModuleType

import pytest
from golden import FOLDER
from hypothesis import given, strategies as st

import wherry.errors
import wherry_signaling.errors
from wherry_signaling.errors import LocalError, Malformed, RemoteError, WherryError
from wherry_signaling.limits import DETAIL_CHARACTERS

MODULES = (wherry_signaling.errors, wherry.errors)
ROOTS = (WherryError, LocalError, RemoteError)
TABLE = json.loads((FOLDER / "errors.json").read_text())


def _classes(module: ModuleType) -> list[type[WherryError]]:
    return [
        one
        for one in vars(module).values()
        if inspect.isclass(one) and issubclass(one, WherryError) and one.__module__ == module.__name__
    ]


CLASSES = [one for module in MODULES for one in _classes(module) if one not in ROOTS]


def _drawn(module: ModuleType) -> dict[str, str]:
    """Each class in the docstring's tree, with the class it stands under: children stand behind ``──`` on one line."""
    found: dict[str, str] = {}
    block = (module.__doc__ or "").partition("::\n")[2]
    base = "WherryError"
    for line in block.splitlines():
        if not re.match(r"    [\s│├└A-Z]", line):
            continue
        if top := re.match(r"\s*[├└│]?[─\s]*(LocalError|RemoteError|WherryError)\b", line):
            base = top[1]
            continue
        head, dash, children = re.sub(r"^[\s│├└─]+", "", line).partition(" ── ")
        names = re.findall(r"\b[A-Z][A-Za-z]+\b", re.sub(r"\s{2,}.*", "", head))
        found |= dict.fromkeys(names, base)
        if dash:
            found |= dict.fromkeys(re.findall(r"\b[A-Z][A-Za-z]+\b", children), names[-1])
    return found


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_the_tree_that_is_drawn_is_the_tree_that_is(module: ModuleType) -> None:
    real = {one.__name__: one.__mro__[1].__name__ for one in _classes(module) if one not in ROOTS}
    assert _drawn(module) == real


def test_the_table_is_that_of_the_classes() -> None:
    rows = {}
    for one in CLASSES:
        row = {"code": one.code, "side": one.side, "exit": one.exit, "text": one.text, "hint": one.default_hint}
        rows[one.code] = row if one.wire is None else row | {"wire": one.wire}
    assert {row["code"]: row for row in TABLE} == rows


def test_every_code_is_one_errors_alone() -> None:
    codes = [one.code for one in CLASSES]
    assert len(codes) == len(set(codes))
    for one in CLASSES:
        words = re.findall(r"[A-Z][a-z]+", one.__name__)
        assert one.code == "_".join(words).upper()


def test_every_number_in_frames_is_one_errors_alone() -> None:
    numbers = [one.wire for one in CLASSES if one.wire is not None]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("one", CLASSES, ids=lambda one: one.code)
def test_an_error_reads_as_what_why_do(one: type[WherryError]) -> None:
    assert (one.side == "remote") is issubclass(one, RemoteError)
    assert one.exit in range(1, 7)
    assert one.__doc__
    assert one.text
    assert not one.text.endswith(".")
    error = one("because", peer="12D3KooW")
    assert (error.detail, error.hint, error.peer, error.args) == ("because", one.default_hint, "12D3KooW", ("because",))
    assert str(error) == f"{one.text}: because. {one.default_hint}".rstrip()
    assert str(one()) == f"{one.text}. {one.default_hint}".rstrip()
    assert str(one("because.", hint="Do this.")) == f"{one.text}: because. Do this."
    assert str(one("because", hint="")) == f"{one.text}: because."


@given(st.text())
def test_what_others_wrote_is_one_printable_line(text: str) -> None:
    # Invariant: no text in an error can move a cursor, change a colour, break a line or turn the writing around.
    error = WherryError(text)
    assert str(error).isprintable()
    assert len(error.detail) <= DETAIL_CHARACTERS
    if text.isprintable() and len(text) <= DETAIL_CHARACTERS:
        assert error.detail == text


def test_a_question_keeps_its_own_mark() -> None:
    assert str(Malformed("what is this?", hint="Ask.")) == "Received something malformed: what is this? Ask."
    assert str(Malformed("no frame.", hint="")) == "Received something malformed: no frame."
