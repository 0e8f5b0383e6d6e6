"""All commands: name, module, and the line that `wherry --help` shows. A module is imported when its command runs."""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One command."""

    name: str
    module: str
    help: str


COMMANDS: Final = (
    Entry("up", "up", "Run a node in this terminal."),
    Entry("down", "down", "End the node that runs."),
    Entry("status", "status", "How the node is doing, and who is connected."),
    Entry("id", "identity", "Who the node is: its id, address and invite link."),
    Entry("peers", "peers", "Who is connected, and how."),
    Entry("connect", "connect", "Connect to a peer."),
    Entry("ping", "ping", "Measure the round trip to a peer."),
    Entry("explain", "explain", "Why a peer is, or is not, connected."),
    Entry("introducer", "introducer", "Run the signaling endpoint alone."),
    Entry("demo", "demo", "A mesh of nodes on this machine that shows itself."),
    Entry("config", "config", "What is set, and where each value is from."),
    Entry("completion", "completion", "Completion of commands for a shell."),
)
