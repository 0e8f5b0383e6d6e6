"""`wherry introducer`: the signaling endpoint alone, for a small machine that many can reach. No WebRTC, no DHT."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from wherry_signaling.errors import PortBusy

from ..config import Config, default_home, home_of, load_config
from ..home import Home, Remembered
from . import screen
from .asking import asks_passphrase
from .logs import start_logging
from .options import home_option
from .running import run_until_stopped

if TYPE_CHECKING:
    from wherry_signaling.server.endpoint import Endpoint


@click.command("introducer")
@home_option
@click.option(
    "--listen", metavar="IP:PORT", help="Where to listen, TCP and UDP. [default: [::]:4770, or the next free]"
)
@click.option("--announce", metavar="MULTIADDR", multiple=True, help="Also reachable there (proxy, NAT). Repeatable.")
@click.option("-v", "--verbose", count=True, help="Log more; twice for everything.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="How log lines look. [default: text]")
def command(home: str | None, verbose: int, **flags: Any) -> None:
    """Run the signaling endpoint alone: it introduces peers, and knows nothing of WebRTC or of the DHT.

    It has an identity of its own, by default in the folder `introducer` inside the user's node's.
    """
    flags["log_level"] = (None, "info", "debug")[min(verbose, 2)]
    path = home_of(home)
    if path == default_home():
        path /= "introducer"
    config = load_config(path, flags)
    start_logging(config.log_level, config.log_format)
    asks = asks_passphrase()
    ask = functools.cache(asks) if asks is not None else None
    place = Home(path, ask_passphrase=ask)
    with place.locked():
        place.identity()  # a prompt can be interrupted here; the answer is still known when it is asked for again
        if run_until_stopped(_run(config, place, ask)):
            screen.note("The introducer has ended.")


async def _run(config: Config, home: Home, ask: Callable[[], str] | None) -> None:
    from wherry_signaling.endpoints import EndpointAddress
    from wherry_signaling.server.alone import run_introducer

    from ..listening import ports_to_try

    def ready(endpoint: Endpoint) -> None:
        if config.listen is None:
            home.remember(Remembered(port=endpoint.listen[1]))
        _announce(endpoint)

    addresses = list(ports_to_try(config, home.remembered()))
    for address in addresses:
        try:
            await run_introducer(
                address,
                home.path,
                announce=[EndpointAddress.parse(text) for text in config.announce],
                trust_forwarded_for=[str(network) for network in config.trust_forwarded_for],
                ask=ask,
                ready=ready,
            )
        except PortBusy:
            if address == addresses[-1]:
                raise


def _announce(endpoint: Endpoint) -> None:
    from wherry_signaling.endpoints import EndpointAddress
    from wherry_signaling.scope import scope_of

    host, port = endpoint.listen
    screen.say(f"id      {endpoint.identity.id}")
    here = EndpointAddress(host if scope_of(host) is not None else "127.0.0.1", port)
    there = str(endpoint.announce[0]) if endpoint.announce else f"HOST:{port}" if here.host != host else here.authority
    screen.say(f"others  wherry up --bootstrap {there}")
    screen.say(f"ready  {here.page}")
