"""Passphrases: asked for at a terminal, never taken from arguments or the environment, where others could read them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click


def asks_passphrase() -> Callable[[], str] | None:
    """Asks for the passphrase of a locked key; None where there is nobody to ask."""
    return _ask if sys.stdin.isatty() else None


def choose_passphrase() -> str:
    """Asks for a new one, twice; from a pipe, the first line of standard input is taken.

    :raises click.UsageError: if there is nobody to ask, or nothing in the pipe.
    """
    if not sys.stdin.isatty():
        piped = sys.stdin.readline().rstrip("\n")
        if not piped:
            raise click.UsageError("A passphrase is chosen at a terminal, or comes by standard input.")
        return piped
    chosen: str = click.prompt("Choose a passphrase", hide_input=True, confirmation_prompt="Once more", err=True)
    return chosen


def ask_passphrase(what: str) -> str:
    """Asks for one; from a pipe, the first line of standard input is taken."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    given: str = click.prompt(what, hide_input=True, err=True, default="", show_default=False)
    return given


def _ask() -> str:
    return ask_passphrase("Passphrase of this node's key")
