"""`wherry completion SHELL`: the script that makes Tab work."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from . import screen


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Completion of commands for a shell.

    For bash, put this into ~/.bashrc:  eval "$(wherry completion bash)"
    """
    from .program import program

    kind = get_completion_class(shell)
    assert kind is not None  # the choice above lists those that click has
    screen.say(kind(program, {}, "wherry", "_WHERRY_COMPLETE").source())
