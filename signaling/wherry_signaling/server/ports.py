"""Binding one number, TCP and UDP; a busy one is reported with the process that has it, where the system tells."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import NoNetwork, PortBusy
from ..sockets import SocketAddress

#: Connections that wait to be accepted: a thousand clients that lost another introducer come at once.
BACKLOG: Final = 1024
#: Tries to find a number that is free for both, when any will do.
_TRIES: Final = 20


@dataclass(frozen=True, slots=True)
class PortPair:
    """Two bound sockets of one number; whoever takes them closes them."""

    tcp: socket.socket
    udp: socket.socket
    address: SocketAddress

    def close(self) -> None:
        """Close both."""
        self.tcp.close()
        self.udp.close()


def bind_pair(host: str, port: int) -> PortPair:
    """Bind TCP and UDP at `host`: an IP address, or a name this machine has. ``::`` takes IPv4 too.

    :raises PortBusy: if the number is taken, naming the process where /proc tells it.
    :raises NoNetwork: if this machine has no such address.
    """
    if host == "::" and not _has_ipv6():
        host = "0.0.0.0"
    for _ in range(_TRIES if port == 0 else 1):
        tcp = _bind(host, port, socket.SOCK_STREAM)
        number = tcp.getsockname()[1]
        try:
            udp = _bind(host, number, socket.SOCK_DGRAM)
        except PortBusy as error:
            tcp.close()
            busy = error
            continue
        return PortPair(tcp, udp, (host, number))
    raise busy


def _bind(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise NoNetwork(f"this machine has no address {host!r}", hint="Use another --listen.") from error
    family, _, _, _, address = found[0]
    bound = socket.socket(family, kind)
    try:
        bound.setblocking(False)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # not held up by sockets in TIME_WAIT
        bound.bind(address)
        if kind == socket.SOCK_STREAM:
            bound.listen(BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(_who(port, kind)) from error
        if error.errno == errno.EACCES:
            raise PortBusy(f"port {port} is kept for the superuser") from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise NoNetwork(f"this machine has no address {host}", hint="Use another --listen.") from error
        raise NoNetwork(f"{host}:{port}: {error.strerror}", hint="Use another --listen.") from error
    return bound


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True


def _who(port: int, kind: socket.SocketKind) -> str:
    table = "tcp" if kind == socket.SOCK_STREAM else "udp"
    process = _holder(port, table)
    return f"{table.upper()} port {port} is in use" + (f" by process {process}" if process else "")


def _holder(port: int, table: str) -> str:
    """``pid (name)`` of who has the port, as /proc tells us; empty where it does not."""
    inodes = set()
    for name in (table, f"{table}6"):
        try:
            lines = Path("/proc/net", name).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local, state = fields[1], fields[3]
            if int(local.rpartition(":")[2], 16) == port and (table == "udp" or state == "0A"):
                inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return ""
    for folder in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(os.readlink(entry) in inodes for entry in folder.iterdir()):
                return f"{folder.parent.name} ({(folder.parent / 'comm').read_text().strip()})"
        except OSError:
            continue  # not ours to look at, or gone meanwhile
    return ""
