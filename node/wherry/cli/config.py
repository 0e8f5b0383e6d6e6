"""`wherry config show`: what is set, and where from. It asks the node if one runs, else it reads what a node would."""

from __future__ import annotations

import click
import msgspec

from ..api.bodies import ConfigView
from ..config import config_folder, home_of, load_config
from ..errors import NoNode
from . import screen
from .options import home_option, json_option, node_at


@click.group("config")
def command() -> None:
    """What is set, and where each value is from."""


@command.command("show")
@click.option("--origin", is_flag=True, help="Also where each value is from.")
@home_option
@json_option
def show(origin: bool, home: str | None, as_json: bool) -> None:
    """All settings, and what they are set to.

    Those of the node that runs, or those that one would start with.

    A flag wins over WHERRY_… in the environment, which wins over config.toml in the home, which wins over config.toml
    in the user's configuration folder.
    """
    view = _view(home)
    if as_json:
        screen.say_json(view)
        return
    width = max(map(len, view.settings))
    for name, setting in view.settings.items():
        value = "(automatic)" if setting.value is None else msgspec.json.encode(setting.value).decode()
        line = f"{name:<{width}}  {value}"
        screen.say(f"{line:<{width + 26}}  {screen.styled(setting.origin, 'dim')}" if origin else line)
    if origin:
        folder = home_of(home)
        screen.note(f"Files: {folder / 'config.toml'}, {config_folder() / 'config.toml'}")


def _view(home: str | None) -> ConfigView:
    try:
        with node_at(home) as node:
            return node.config()
    except NoNode:
        from ..api.handlers import config_view

        return config_view(load_config(home_of(home)))
