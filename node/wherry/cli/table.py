"""All commands: name, module, and the line that `wherry --help` shows. A module is imported when its command runs."""

from __future__ import annotations

from typing import Final, NamedTuple


class Entry(NamedTuple):
    """One command."""

    name: str
    module: str
    help: str
    attribute: str = "command"


COMMANDS: Final = (
    Entry("up", "up", "Run a node in this terminal."),
    Entry("down", "down", "End the node that runs."),
    Entry("status", "status", "How the node is doing, and who is connected."),
    Entry("id", "identity", "Who the node is: its id, address and invite link."),
    Entry("peers", "peers", "Who is connected, and how."),
    Entry("connect", "connect", "Connect to a peer."),
    Entry("ping", "ping", "Measure the round trip to a peer."),
    Entry("explain", "explain", "Why a peer is, or is not, connected."),
    Entry("dashboard", "dashboard", "A link that opens the node's own page in a browser."),
    Entry("token", "token", "Tokens of programs that may use the node's API."),
    Entry("friend", "friend", "Friends: ask somebody by address, answer, list, remove."),
    Entry("address", "address", "Addresses to hand out; an old one can be made worthless."),
    Entry("send", "send", "Write to somebody, who need not be there."),
    Entry("messages", "messages", "What was written, and what comes."),
    Entry("export", "copies", "Save identity, friends and messages to a file.", "export_command"),
    Entry("import", "copies", "Make a home of a saved profile.", "import_command"),
    Entry("introducer", "introducer", "Run the signaling endpoint alone."),
    Entry("demo", "demo", "A mesh of nodes on this machine that shows itself."),
    Entry("config", "config", "What is set, and where each value is from."),
    Entry("completion", "completion", "Completion of commands for a shell."),
)
