"""Passphrases: asked for at a terminal, never taken from arguments or the environment, where others could read them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click


def asks_passphrase() -> Callable[[], str] | None:
    """Asks for the passphrase of a locked key; None where there is nobody to ask."""
    return _ask if sys.stdin.isatty() else None


def choose_passphrase() -> str:
    """Asks for a new one, twice.

    :raises click.UsageError: where there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("A passphrase is chosen at a terminal, and this is none.")
    chosen: str = click.prompt("Choose a passphrase", hide_input=True, confirmation_prompt="Once more", err=True)
    return chosen


def _ask() -> str:
    given: str = click.prompt(
        "Passphrase of this node's key", hide_input=True, err=True, default="", show_default=False
    )
    return given
