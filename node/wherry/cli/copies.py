"""`wherry export FILE` and `wherry import FILE`: a whole profile in one file, under a passphrase."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ..config import home_of
from ..copying import check_place, export_profile, import_profile
from ..errors import NoNode
from ..home import Home
from . import screen
from .asking import ask_passphrase, asks_passphrase, choose_passphrase
from .options import home_option


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@home_option
def export_command(file: Path, home: str | None) -> None:
    """Save this node's identity, friends and messages to FILE, under a passphrase.

    The node may run meanwhile. Whoever has the file and the passphrase is this person.
    """
    place = Home(home_of(home), ask_passphrase=asks_passphrase())
    if not place.identity_file.exists():
        raise NoNode(str(place.path))
    check_place(file)  # before anybody chooses a passphrase in vain
    identity = place.identity()
    size = export_profile(identity, place.name(None), place.database, file, choose_passphrase(), wall_clock=time.time)
    screen.say(f"saved {size} bytes to {file}")
    screen.note("Keep it safe. Take it up elsewhere: wherry import FILE")


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@home_option
def import_command(file: Path, home: str | None) -> None:
    """Make a home of a saved profile. There must be none there yet.

    If the same identity still runs elsewhere, the older of the two stops publishing and says so: end it first.
    """
    peer = import_profile(Home(home_of(home)), file, ask_passphrase(f"Passphrase of {file.name}"))
    screen.say(f"{peer} lives here now")
    screen.note("Start it: wherry up")
