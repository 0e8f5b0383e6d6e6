"""The program: finds the command, runs it, and turns what it raised into words and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final, NoReturn

import click

from wherry_signaling.errors import WherryError

from ..errors import Usage
from . import screen
from .exits import INTERRUPTED
from .table import COMMANDS

_ENTRIES: Final = {entry.name: entry for entry in COMMANDS}


class Commands(click.Group):
    """The table of commands as a click group; nothing is imported to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: what comes first in a life comes first."""
        return list(_ENTRIES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, from its module, or None."""
        entry = _ENTRIES.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"{__package__}.{entry.module}")
        command: click.Command = getattr(module, entry.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a guess at what was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], _ENTRIES, n=1)
            if not near:
                raise
            raise Usage(error.message, hint=f"Did you mean {near[0]}?") from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's own lines, so that no module is imported for them."""
        with formatter.section("Commands"):
            formatter.write_dl([(entry.name, entry.help) for entry in COMMANDS])


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from ..version import VERSION

        screen.say(f"wherry {VERSION}")
        ctx.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Say which.")
def program() -> None:
    """Peers that reach each other by identity, over WebRTC, with nobody's server in between.

    To begin: `wherry demo` shows a mesh on this machine; `wherry up` runs your own node.
    """


def main() -> NoReturn:
    """Run the command in `sys.argv` and leave with its exit code."""
    try:
        code = program.main(prog_name="wherry", standalone_mode=False)
    except WherryError as error:
        screen.fail(error)
        code = error.exit
    except click.UsageError as error:
        code = _usage(error)
    except click.ClickException as error:
        screen.fail(Usage(error.format_message()))
        code = Usage.exit
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        # Whoever read our answer had enough of it (`wherry peers | head`): that is no failure, and nothing to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: click.UsageError) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # `wherry` alone is a question, not a mistake
        screen.say(error.format_message())
        return 0
    path = error.ctx.command_path if error.ctx is not None else "wherry"
    screen.fail(Usage(error.format_message(), hint=f"Help: {path} --help"))
    return Usage.exit
