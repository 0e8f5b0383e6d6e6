"""The table of settings: each one's name, what is allowed, and how it is read from TOML, the environment or a flag.

A reader takes what TOML gives (str, int, bool, list, dict) or, from the environment and the command line, text.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from wherry_signaling.address import InviteLink
from wherry_signaling.endpoints import EndpointAddress, UdpAddress, endpoint_of_authority, parse_any
from wherry_signaling.errors import InvalidMultiaddr, LocalError
from wherry_signaling.identity import PeerId

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
BootstrapEntry = EndpointAddress | UdpAddress | InviteLink
#: Who may: anyone, those in `friends`, nobody, or just these peer ids.
Policy = Literal["anyone", "friends", "nobody"] | frozenset[str]

#: Characters of a display name: it stands in one line of a list, on a phone.
NAME_CHARACTERS: Final = 40
#: Bits of proof of work: 24 take a minute to find on one core, more would lock people out.
PROOF_OF_WORK_BITS: Final = 24
#: Introducers that a record names at most (`wherry_signaling.limits.RECORD_INTRODUCERS` has one more, for changes).
INTRODUCERS: Final = 3


class Shape(ValueError):
    """The value is misshapen; the text continues the sentence "`name = value` (origin) …"."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen.

    :param port: 0 lets the system choose.
    """

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of the table."""

    name: str
    allowed: str
    read: Callable[[object], Any]
    #: What it is for, as `wherry config show --help` and the documentation have it.
    purpose: str
    flag: str = ""

    @property
    def field(self) -> str:
        """Its name in `Config`."""
        return self.name.replace(".", "_")

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return "WHERRY_" + self.field.upper()


# -- readers ----------------------------------------------------------------------------------------------------------


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise Shape("is no text")
    return raw.strip()


def _name(raw: object) -> str:
    name = " ".join(_text(raw).split())
    if not name:
        raise Shape("is empty")
    if len(name) > NAME_CHARACTERS or not name.isprintable():
        raise Shape("is too long" if name.isprintable() else "has characters that cannot be shown")
    return name


def _flag(raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(raw, str) and raw.strip().lower() in words:
        return words[raw.strip().lower()]
    raise Shape("is neither true nor false")


def _whole(least: int, most: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        text = raw.strip() if isinstance(raw, str) else raw
        if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10:
            text = int(text)
        if not isinstance(text, int) or isinstance(text, bool):
            raise Shape("is no whole number")
        if not least <= text <= most:
            raise Shape("is out of range")
        return text

    return read


def _port_or_off(raw: object) -> int | Literal["off"]:
    if raw == "off":
        return "off"
    return _whole(0, 65535)(raw)


def _one_of(*words: str) -> Callable[[object], str]:
    def read(raw: object) -> str:
        word = _text(raw).lower()
        if word not in words:
            raise Shape("is none of these")
        return word

    return read


def _items(raw: object) -> list[str]:
    parts = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise Shape("is no list of texts")
    return [part.strip() for part in parts if part.strip()]


def _list_of(read_one: Callable[[str], Any]) -> Callable[[object], tuple[Any, ...]]:
    def read(raw: object) -> tuple[Any, ...]:
        return tuple(read_one(part) for part in _items(raw))

    return read


def _listen(raw: object) -> Listen:
    text = _text(raw)
    host, colon, port = text.rpartition(":")
    if not colon or not (port.isascii() and port.isdigit()):
        raise Shape("has no port")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise Shape("does not begin with an IP address") from error
    if (":" in host) != host.startswith("["):
        raise Shape("needs brackets around an IPv6 address")
    return Listen(str(address), _whole(0, 65535)(port))


def _announced(text: str) -> str:
    try:
        return str(parse_any(text) if text.startswith("/") else endpoint_of_authority(text))
    except InvalidMultiaddr as error:
        raise Shape(f"is wrong: {error.detail}") from error


def _bootstrap(text: str) -> BootstrapEntry:
    try:
        if text.lower().startswith(("wherry:", "http:", "https:")):
            return InviteLink.parse(text)
        return parse_any(text)
    except LocalError as error:
        raise Shape(f"is wrong: {error.detail}") from error


def _peer(text: str) -> str:
    try:
        return str(PeerId.parse(text))
    except LocalError as error:
        raise Shape(f"is wrong: {text!r} is no peer id, {error.detail}") from error


def _peers(raw: object) -> frozenset[str]:
    return frozenset(_peer(part) for part in _items(raw))


def _policy(raw: object) -> Policy:
    match raw:
        case "anyone" | "friends" | "nobody":
            return raw
        case list() | str():
            return _peers(raw)
    raise Shape("is no policy")


def _allow(raw: object) -> Mapping[str, Policy]:
    if isinstance(raw, str):  # /chat/1=anyone;1000=12D3KooW…,12D3KooW…
        pairs = (part.partition("=") for part in raw.split(";") if part.strip())
        raw = {what: policy for what, _, policy in pairs}
    if not isinstance(raw, dict):
        raise Shape("is no table")
    policies = {}
    for key, value in raw.items():
        what = key.strip()
        if not what.startswith("/") and not (what.isascii() and what.isdigit()):
            raise Shape(f"names {what!r}, which is neither a stream's name nor an opcode")
        policies[what] = _policy(value.strip() if isinstance(value, str) else value)
    return policies


def _network(text: str) -> IPNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise Shape(f"is wrong: {error}") from error


# -- the table --------------------------------------------------------------------------------------------------------

SETTINGS: Final = (
    Setting(
        "name",
        f"a text of 1 to {NAME_CHARACTERS} characters",
        _name,
        "The name this node claims. Others see it, and may give it a label of their own.",
        "--name",
    ),
    Setting(
        "listen",
        "IP:PORT, as in [::]:4770 or 127.0.0.1:0",
        _listen,
        "Where the endpoint listens, TCP and UDP.",
        "--listen",
    ),
    Setting(
        "announce",
        "a list of multiaddrs, as in /dns4/example.org/tcp/443/tls/ws",
        _list_of(_announced),
        "Multiaddrs to publish beside those found: a proxy's, a router's outer side, a container's host.",
        "--announce",
    ),
    Setting(
        "bootstrap",
        "a list of invite links, multiaddrs or HOST:PORT",
        _list_of(_bootstrap),
        "Whom to join through; who was met once is remembered.",
        "--bootstrap",
    ),
    Setting("mdns", "true or false", _flag, "Whether nodes on the local network are looked for.", "--no-mdns"),
    Setting(
        "introducers",
        f"a whole number, 1 to {INTRODUCERS}",
        _whole(1, INTRODUCERS),
        "How many introducers are kept.",
    ),
    Setting("friends", "a list of peer ids", _peers, "Peers whom the policy `friends` lets in."),
    Setting(
        "allow",
        'a table: a stream\'s name or an opcode = "anyone", "friends", "nobody" or a list of peer ids',
        _allow,
        "Who may open which stream, or send which opcode. What is not named here is for friends.",
    ),
    Setting("messages", "friends or anyone", _one_of("friends", "anyone"), "Who may write messages to this node."),
    Setting(
        "trust_forwarded_for",
        "a list of networks, as in 10.0.0.0/8",
        _list_of(_network),
        "Reverse proxies whose word on a client's address is taken.",
    ),
    Setting(
        "dht.proof_of_work_bits",
        f"a whole number, 0 to {PROOF_OF_WORK_BITS}",
        _whole(0, PROOF_OF_WORK_BITS),
        "Leading zero bits that DHT node ids must have; the same for all nodes of one mesh.",
    ),
    Setting("engine", "the name of an engine that is installed, as aiortc is", _text, "What makes connections."),
    Setting(
        "api",
        "a port, 0 for any, or off",
        _port_or_off,
        "The first port to try for the local API on 127.0.0.1: for the dashboard, and for programs.",
        "--api",
    ),
    Setting("dashboard", "true or false", _flag, "Whether the local API serves the dashboard.", "--no-dashboard"),
    Setting(
        "log.level",
        "debug, info, warning or error",
        _one_of("debug", "info", "warning", "error"),
        "How much goes to standard error.",
        "-v, -q",
    ),
    Setting("log.format", "text or json", _one_of("text", "json"), "How it looks.", "--log-format"),
)
