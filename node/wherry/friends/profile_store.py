"""What people say of themselves, our own person too; and small things that were chosen once."""

from __future__ import annotations

from wherry_signaling.identity import PeerId

from ..store.database import Database
from .bodies import Profile


class ProfileStore:
    """The tables `profiles` and `choices`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def profile(self, peer: PeerId) -> Profile:
        """What a peer said of itself; all empty where it said nothing."""
        rows = self._database.read(
            "SELECT name, description, avatar, avatar_type FROM profiles WHERE peer = ?", (peer.key,)
        )
        if not rows:
            return Profile()
        [(name, description, avatar, avatar_type)] = rows
        return Profile(name=name, description=description, avatar=avatar or b"", avatar_type=avatar_type)

    def name(self, peer: PeerId) -> str:
        """The name in it, without reading the picture."""
        rows = self._database.read("SELECT name FROM profiles WHERE peer = ?", (peer.key,))
        return str(rows[0][0]) if rows else ""

    def version(self, peer: PeerId) -> int:
        """How often it was kept anew; 0 before the first time."""
        rows = self._database.read("SELECT version FROM profiles WHERE peer = ?", (peer.key,))
        return int(rows[0][0]) if rows else 0

    def keep(self, peer: PeerId, profile: Profile) -> int:
        """Keep it; returns its version."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO profiles VALUES (?1, 1, ?2, ?3, ?4, ?5) ON CONFLICT (peer) DO UPDATE SET"
                " version = version + 1, name = ?2, description = ?3, avatar_type = ?4, avatar = ?5",
                (peer.key, profile.name, profile.description, profile.avatar_type, profile.avatar or None),
            )
        return self.version(peer)

    def keep_name(self, peer: PeerId, name: str) -> None:
        """Keep a name that came with a request or an answer; the rest stays."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO profiles (peer, version, name) VALUES (?1, 1, ?2)"
                " ON CONFLICT (peer) DO UPDATE SET name = ?2",
                (peer.key, name),
            )

    def forget(self, peer: PeerId) -> None:
        """Keep nothing of it."""
        with self._database.write() as connection:
            connection.execute("DELETE FROM profiles WHERE peer = ?", (peer.key,))

    def all(self) -> list[PeerId]:
        """Everybody who said something of himself."""
        return [PeerId(key) for (key,) in self._database.read("SELECT peer FROM profiles")]

    # -- choices ------------------------------------------------------------------------------------------------------

    def choice(self, name: str, default: str = "") -> str:
        """What was chosen."""
        rows = self._database.read("SELECT value FROM choices WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else default

    def choices(self) -> dict[str, str]:
        """Everything that was chosen."""
        return dict(self._database.read("SELECT name, value FROM choices"))

    def choose(self, name: str, value: str) -> None:
        """Keep a choice."""
        with self._database.write() as connection:
            connection.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (name, value))
