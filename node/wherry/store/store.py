"""The typed side of ``wherry.db``: documents' sequences, peers, ways back into the network, bans.

What a node can do without (`remember_…`) never fails: where it cannot be written, `trouble` says why and the node goes
on. What a person asked for (a label, a ban) raises instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from wherry_signaling.address import NOSPAM_BYTES
from wherry_signaling.domains import Purpose
from wherry_signaling.endpoints import EndpointAddress, UdpAddress
from wherry_signaling.errors import HomeUnusable, WherryError
from wherry_signaling.identity import PeerId

from ..errors import DatabaseCorrupt, DiskFull
from . import limits
from .database import Database
from .schema import APPLICATION, BULK, MIGRATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPeer:
    """What is remembered of a peer.

    :param claimed: the name it gives itself; never trusted.
    :param label: the name that it was given here; it wins.
    :param seen: seconds since 1970, None if it was never heard of by itself.
    """

    peer: PeerId
    claimed: str = ""
    label: str = ""
    seen: float | None = None
    multiaddrs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What to call it: its label, else its claimed name, else nothing."""
        return self.label or self.claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """A peer that is kept out.

    :param until: seconds since 1970.
    """

    peer: PeerId
    until: float
    reason: str


class Store:
    """A node's own database; see the module. Use it in a `with`, or `close()` it.

    :raises DatabaseCorrupt, DiskFull, HomeUnusable: see `Database`.
    """

    def __init__(self, path: Path) -> None:
        self._database = Database(path, application=APPLICATION, migrations=MIGRATIONS, bulk=BULK)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def database(self) -> Database:
        """The file itself, for the other topics: `FriendStore`, `MessageStore`, the mail."""
        return self._database

    @property
    def trouble(self) -> WherryError | None:
        """Why the last thing could not be kept; None once it works again."""
        return self._database.trouble

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def backup(self, path: Path) -> None:
        """Copy everything as it is now to a new file at `path`; see `Database.backup`."""
        self._database.backup(path)

    # -- our own documents and addresses ------------------------------------------------------------------------------

    def sequence(self, purpose: Purpose) -> int:
        """The sequence our own document was last published with; 0 before the first."""
        rows = self._database.read("SELECT sequence FROM documents WHERE purpose = ?", (purpose,))
        return int(rows[0][0]) if rows else 0

    def remember_sequence(self, purpose: Purpose, sequence: int) -> None:
        """Keep it, before the document is given to anybody; a lower one than is kept changes nothing.

        A node that cannot keep it publishes all the same: each start looks for the highest one in the network too.
        """
        with _remembering(), self._database.write() as connection:
            connection.execute(
                "INSERT INTO documents VALUES (?1, ?2)"
                " ON CONFLICT (purpose) DO UPDATE SET sequence = max(sequence, excluded.sequence)",
                (purpose, sequence),
            )

    def nospam(self, random: Callable[[int], bytes], *, label: str = "") -> bytes:
        """The 8 bytes in the address of that label; drawn when first asked for, and the same ever after.

        :raises DiskFull: if they cannot be kept.
        """
        rows = self._database.read("SELECT nospam FROM nospams WHERE label = ?", (label,))
        if rows:
            return bytes(rows[0][0])
        drawn = random(NOSPAM_BYTES)
        with self._database.write() as connection:
            connection.execute("INSERT INTO nospams (label, nospam) VALUES (?, ?)", (label, drawn))
        return drawn

    # -- peers --------------------------------------------------------------------------------------------------------

    def remember_peer(
        self,
        peer: PeerId,
        *,
        claimed: str | None = None,
        seen: float | None = None,
        multiaddrs: Iterable[str] | None = None,
    ) -> None:
        """Keep what is given of a peer beside what is known of it."""
        text = None if multiaddrs is None else "\n".join(list(multiaddrs)[: limits.MULTIADDRS])
        claimed = None if claimed is None else _clean(claimed, limits.NAME_CHARACTERS)
        with _remembering(), self._database.write() as connection:
            connection.execute("INSERT INTO peers (peer) VALUES (?) ON CONFLICT DO NOTHING", (peer.key,))
            connection.execute(
                "UPDATE peers SET claimed = ifnull(?2, claimed), seen = ifnull(max(?3, ifnull(seen, 0)), seen),"
                " multiaddrs = ifnull(?4, multiaddrs) WHERE peer = ?1",
                (peer.key, claimed, seen, text),
            )
            connection.execute(
                "DELETE FROM peers WHERE label = '' AND peer IN"
                " (SELECT peer FROM peers WHERE label = '' ORDER BY seen DESC NULLS LAST LIMIT -1 OFFSET ?)",
                (limits.PEERS,),
            )

    def label(self, peer: PeerId, text: str) -> None:
        """Give a peer a name of one's own; an empty one takes it away.

        :raises DiskFull: if it cannot be kept.
        """
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO peers (peer, label) VALUES (?1, ?2) ON CONFLICT (peer) DO UPDATE SET label = ?2",
                (peer.key, _clean(text, limits.NAME_CHARACTERS)),
            )

    def peer(self, peer: PeerId) -> KnownPeer | None:
        """What is remembered of one peer."""
        return next(self._peers("WHERE peer = ?", (peer.key,)), None)

    def peers(self) -> list[KnownPeer]:
        """All that are remembered, those heard of last first."""
        return list(self._peers("ORDER BY seen DESC NULLS LAST", ()))

    def forget_peer(self, peer: PeerId) -> None:
        """Remember nothing of it, a ban excepted.

        :raises DiskFull: if that cannot be kept.
        """
        with self._database.write() as connection:
            connection.execute("DELETE FROM peers WHERE peer = ?", (peer.key,))

    def _peers(self, clause: str, values: tuple[bytes, ...]) -> Iterator[KnownPeer]:
        columns = "peer, claimed, label, seen, multiaddrs"
        for key, claimed, label, seen, text in self._database.read(f"SELECT {columns} FROM peers {clause}", values):
            addresses = tuple(text.split("\n")) if text else ()
            yield KnownPeer(peer=PeerId(key), claimed=claimed, label=label, seen=seen, multiaddrs=addresses)

    # -- ways back into the network -----------------------------------------------------------------------------------

    def remember_contacts(self, contacts: Iterable[UdpAddress], *, seen: float) -> None:
        """Keep DHT contacts that answered."""
        self._remember_ways("contacts", map(str, contacts), seen, limits.CONTACTS)

    def contacts(self) -> list[UdpAddress]:
        """DHT contacts, those heard of last first."""
        return [UdpAddress.parse(text) for text in self._ways("contacts")]

    def remember_endpoint(self, endpoint: EndpointAddress, *, seen: float) -> None:
        """Keep a signaling endpoint that answered, with whose it is if that is known."""
        self._remember_ways("endpoints", [str(endpoint)], seen, limits.ENDPOINTS)

    def endpoints(self) -> list[EndpointAddress]:
        """Signaling endpoints, those heard of last first."""
        return [EndpointAddress.parse(text) for text in self._ways("endpoints")]

    def _ways(self, table: str) -> list[str]:
        return [
            str(row[0]) for row in self._database.read(f"SELECT multiaddr FROM {table} ORDER BY seen DESC, multiaddr")
        ]

    def _remember_ways(self, table: str, multiaddrs: Iterable[str], seen: float, most: int) -> None:
        with _remembering(), self._database.write() as connection:
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT (multiaddr) DO UPDATE SET seen = excluded.seen",
                [(text, seen) for text in multiaddrs],
            )
            connection.execute(
                f"DELETE FROM {table} WHERE multiaddr IN"
                f" (SELECT multiaddr FROM {table} ORDER BY seen DESC LIMIT -1 OFFSET {most})"
            )

    # -- bans ---------------------------------------------------------------------------------------------------------

    def ban(self, peer: PeerId, *, until: float, reason: str) -> None:
        """Keep a peer out until then.

        :raises DiskFull: if it cannot be kept.
        """
        with self._database.write() as connection:
            values = (peer.key, until, _clean(reason, limits.REASON_CHARACTERS))
            connection.execute("INSERT OR REPLACE INTO bans VALUES (?, ?, ?)", values)

    def unban(self, peer: PeerId) -> None:
        """Let it in again.

        :raises DiskFull: if that cannot be kept.
        """
        with self._database.write() as connection:
            connection.execute("DELETE FROM bans WHERE peer = ?", (peer.key,))

    def bans(self, now: float) -> list[Ban]:
        """Those that hold at `now`, the longest first."""
        rows = self._database.read("SELECT peer, until, reason FROM bans WHERE until > ? ORDER BY until DESC", (now,))
        return [Ban(peer=PeerId(key), until=until, reason=reason) for key, until, reason in rows]


def _remembering() -> AbstractContextManager[None]:
    """What is done in it may fail: the database keeps why."""
    return suppress(DiskFull, DatabaseCorrupt, HomeUnusable)


def _clean(text: str, most: int) -> str:
    """One line of what can be shown: names and reasons come from anybody."""
    return "".join(c if c.isprintable() else " " for c in text)[:most].strip()
