"""What can be set, where from, and what is allowed: one table, one frozen `Config`.

A value is the command line's flag, else ``WHERRY_<NAME>`` in the environment, else what a file says, else the default.
Files are TOML, read in this order, the later one wins::

    <config folder>/config.toml      for all homes of a user (platformdirs; ~/.config/wherry on Linux)
    <home>/config.toml               for one home

A dotted name is a table's key in a file (``log.level`` is ``level`` under ``[log]``) and an underscore in the
environment (``WHERRY_LOG_LEVEL``). Lists in the environment are separated by commas. Whatever is unknown or misshapen
is refused by name, never skipped: a misspelt privacy setting must not look as if it were on.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import platformdirs

from .errors import ConfigInvalid
from .settings import SETTINGS, BootstrapEntry, IPNetwork, Listen, Policy, Setting, Shape

ENVIRONMENT: Final = "WHERRY_"
#: Chooses the home, in which configuration may lie: so it is no part of the configuration.
HOME_VARIABLE: Final = "WHERRY_HOME"
FILE: Final = "config.toml"
#: Bytes of a configuration file: nobody writes more by hand, and a mistaken path to something huge is caught.
FILE_BYTES: Final = 256 * 1024

Origin = str
"""Where a value is from: ``default``, ``flag --listen``, ``environment WHERRY_LISTEN``, or a file's path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything that can be set, each value of the type that its user wants.

    The fields down to `log_format` are in `SETTINGS`; those after it are for tests and for programs.
    """

    #: The claimed display name; None: the home's own friendly default.
    name: str | None = None
    #: Where the endpoint listens; None: ``[::]`` and the port the home remembers, else 4770, 4780, …
    listen: Listen | None = None
    #: Multiaddrs to publish beside those that are found: of a proxy, a NAT's outer side, a container's host.
    announce: tuple[str, ...] = ()
    #: Whom to join through.
    bootstrap: tuple[BootstrapEntry, ...] = ()
    #: Whether to look for nodes on the local network.
    mdns: bool = True
    #: Introducers to keep.
    introducers: int = 3
    #: Peers that the policy ``friends`` means, until there are friends.
    friends: frozenset[str] = frozenset()
    #: Who may open a stream (by its name) or send an opcode (by its number); see `Config.policy`.
    allow: Mapping[str, Policy] = field(default_factory=dict)
    #: Who may write messages.
    messages: Literal["friends", "anyone"] = "friends"
    #: Networks of reverse proxies whose Forwarded headers are believed.
    trust_forwarded_for: tuple[IPNetwork, ...] = ()
    #: Leading zero bits that a DHT node id's proof of work must have, ours and others'.
    dht_proof_of_work_bits: int = 0
    #: Which WebRTC engine.
    engine: str = "aiortc"
    #: The first port to try for the local API on loopback, 0 for any; None: the endpoint's port + 1.
    api: int | Literal["off"] | None = None
    #: Whether the local API serves the dashboard.
    dashboard: bool = True
    #: What is logged to standard error.
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    log_format: Literal["text", "json"] = "text"

    #: Where each value is from, by field name; what is missing here is a default.
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)

    def policy(self, what: str) -> Policy | None:
        """The policy set for a stream name or an opcode's number; None where nothing is set for it."""
        return self.allow.get(what)

    def origin(self, name: str) -> Origin:
        """Where the value of the field `name` is from."""
        return self.origins.get(name, "default")


# -- making one -------------------------------------------------------------------------------------------------------


def config_folder() -> Path:
    """Where the file for all homes of this user lies."""
    return Path(platformdirs.user_config_dir("wherry", appauthor=False))


def default_home() -> Path:
    """Where a node lives if nothing else is said."""
    return Path(platformdirs.user_data_dir("wherry", appauthor=False))


def home_of(flag: str | None, environment: Mapping[str, str] | None = None) -> Path:
    """The home's folder: the flag's, else ``WHERRY_HOME``'s, else the user's own."""
    environment = os.environ if environment is None else environment
    chosen = flag or environment.get(HOME_VARIABLE)
    return Path(chosen).expanduser().absolute() if chosen else default_home()


def load_config(
    home: Path,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
) -> Config:
    """Put the configuration together.

    :param home: the home's folder, which need not exist.
    :param flags: values from the command line by field name; None means that the flag was not given.
    :param environment: instead of the process's own.
    :param folder: instead of the user's configuration folder.
    :raises ConfigInvalid: naming the value, where it is from, and what is allowed.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}

    def take(setting: Setting, raw: object, origin: Origin) -> None:
        try:
            values[setting.field] = setting.read(raw)
        except Shape as error:
            raise ConfigInvalid(
                f"{setting.name} = {_shown(raw)} ({origin}) {error}", hint=f"Allowed is {setting.allowed}."
            ) from error
        origins[setting.field] = origin

    for file in ((folder or config_folder()) / FILE, home / FILE):
        for setting, raw in _read_file(file):
            take(setting, raw, str(file))
    environment = os.environ if environment is None else environment
    for setting, text in _read_environment(environment):
        take(setting, text, f"environment {setting.variable}")
    for name, raw in (flags or {}).items():
        setting = _BY_FIELD[name]
        if raw is not None and raw != ():
            take(setting, list(raw) if isinstance(raw, tuple) else raw, f"flag {setting.flag}")
    return Config(**values, origins=origins)


def _read_file(file: Path) -> list[tuple[Setting, object]]:
    try:
        with file.open("rb") as handle:
            data = handle.read(FILE_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigInvalid(f"{file} cannot be read: {error.strerror}", hint="Check who owns it.") from error
    if len(data) > FILE_BYTES:
        raise ConfigInvalid(f"{file} has more than {FILE_BYTES} bytes", hint="Is it the right file?")
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{file} is no TOML: {error}", hint="Mend that place, or move the file away.") from error
    except RecursionError as error:
        raise ConfigInvalid(f"{file} has values nested too deeply", hint="Is it the right file?") from error
    return [(_known(name, str(file)), raw) for name, raw in _flatten(tree)]


def _flatten(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    """Dotted names and their values; a table that is itself a value (``[allow]``) stays whole."""
    found: list[tuple[str, object]] = []
    for key, value in tree.items():
        name = prefix + key
        if isinstance(value, dict) and name not in _BY_NAME:
            found += _flatten(value, name + ".")
        else:
            found.append((name, value))
    return found


def _read_environment(environment: Mapping[str, str]) -> list[tuple[Setting, str]]:
    found = []
    for variable, text in environment.items():
        # Set to nothing is as good as not set: so a wrapper or compose file can pass a variable on that it may lack.
        if not variable.startswith(ENVIRONMENT) or variable == HOME_VARIABLE or not text:
            continue
        setting = _BY_VARIABLE.get(variable)
        if setting is not None:
            found.append((setting, text))
        elif near := _nearest(variable.removeprefix(ENVIRONMENT).lower(), list(_BY_FIELD)):
            # Tools around Wherry have variables of their own: only what looks like a slip of the pen is refused.
            hint = f"Did you mean {_BY_FIELD[near].variable}?"
            raise ConfigInvalid(f"the environment's {variable} is no setting", hint=hint)
    return found


def _known(name: str, origin: Origin) -> Setting:
    setting = _BY_NAME.get(name)
    if setting is None:
        near = _nearest(name, list(_BY_NAME))
        hint = f"Did you mean {near}?" if near else f"There are {', '.join(sorted(_BY_NAME))}."
        raise ConfigInvalid(f"{name} in {origin} is no setting", hint=hint)
    return setting


def _nearest(name: str, known: list[str]) -> str | None:
    import difflib  # only on the way to an error

    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.75)), None)


def _shown(raw: object) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else text[:79] + "…"


_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
_BY_VARIABLE: Final = {setting.variable: setting for setting in SETTINGS}
_BY_FIELD: Final = {setting.field: setting for setting in SETTINGS}

__all__ = ["BootstrapEntry", "Config", "Listen", "Policy", "config_folder", "default_home", "home_of", "load_config"]
