"""`wherry up`: a node in the foreground, until Ctrl-C, SIGTERM or `wherry down`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ..config import Config, home_of, load_config
from ..home import Home, Running
from . import screen, words
from .asking import asks_passphrase, choose_passphrase
from .logs import start_logging
from .options import home_option
from .running import run_until_stopped

if TYPE_CHECKING:
    from ..node import Node


@click.command("up")
@home_option
@click.option("--name", metavar="NAME", help="The name others see. [default: a friendly one, chosen once]")
@click.option(
    "--listen", metavar="IP:PORT", help="Where to listen, TCP and UDP. [default: [::]:4770, or the next free]"
)
@click.option("--announce", metavar="MULTIADDR", multiple=True, help="Also reachable there (proxy, NAT). Repeatable.")
@click.option(
    "--bootstrap", metavar="LINK|MULTIADDR|HOST:PORT", multiple=True, help="Whom to join through. Repeatable."
)
@click.option("--no-mdns", is_flag=True, help="Do not look for nodes on the local network.")
@click.option(
    "--api",
    metavar="PORT",
    help="The local API's port on 127.0.0.1, or the next free; off: none. [default: the endpoint's + 1]",
)
@click.option("--no-dashboard", is_flag=True, help="Serve no dashboard there.")
@click.option("--passphrase", is_flag=True, help="Put a new node's key under a passphrase, which is asked for.")
@click.option("-v", "--verbose", count=True, help="Log more; twice for everything.")
@click.option("-q", "--quiet", is_flag=True, help="Log errors only.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How log lines look. [default: text]")
@click.option("--in-demo", is_flag=True, hidden=True)
def command(
    home: str | None,
    no_mdns: bool,
    no_dashboard: bool,
    passphrase: bool,
    verbose: int,
    quiet: bool,
    in_demo: bool,
    **flags: Any,
) -> None:
    """Run a node in this terminal, until Ctrl-C or `wherry down`.

    Ctrl-Z suspends it: it goes off, and its mailboxes collect until you type fg.

    The last line it prints is `ready`, and where its page is. Scripts wait with: wherry status --wait 30
    """
    flags["mdns"] = False if no_mdns else None
    flags["dashboard"] = False if no_dashboard else None
    flags["log_level"] = "error" if quiet else (None, "info", "debug")[min(verbose, 2)]
    path = home_of(home)
    # A demo's node is what its flags say, whatever its user's own node is configured with.
    config = load_config(path, flags, {}, folder=path) if in_demo else load_config(path, flags)
    start_logging(config.log_level, config.log_format)
    place = Home(path, ask_passphrase=asks_passphrase())
    with place.locked():
        # Before the event loop: a prompt can be interrupted here, and a refusal needs none of what a node imports.
        place.identity(choose_passphrase=choose_passphrase if passphrase else None)
        for notice in place.notices:
            screen.note(f"! {notice}")
        if run_until_stopped(_run(config, place), with_stdin=in_demo):
            screen.note(f"{place.name()} has ended.")


async def _run(config: Config, home: Home) -> None:
    from ..api.server import serve
    from ..node import Node
    from ..suspending import following_job_control
    from ..version import VERSION

    async with Node(config, home) as node:
        port = None if config.api == "off" else node.parts.endpoint.port + 1 if config.api is None else config.api
        async with serve(node, home.socket, version=VERSION, port=port, tokens=home.tokens_file) as api:
            _announce(node, home, VERSION, api)
            async with following_job_control(node):
                await node.closed()


def _announce(node: Node, home: Home, version: str, api: str) -> None:
    """Tell the commands by a file, and people by three lines."""
    status, who = node.status(), node.id_view()
    home.write_running(
        Running(
            pid=os.getpid(),
            id=who.id,
            name=who.name,
            version=version,
            since=status.since,
            multiaddrs=who.multiaddrs,
            socket=str(home.socket),
            page=status.page,
            api=api,
        )
    )
    screen.say(f"{screen.styled(who.name, 'bold')}  {words.short(who.id)}   wherry {version}")
    screen.say(f"invite  {who.invite}")
    screen.say(f"ready  {status.page}")
