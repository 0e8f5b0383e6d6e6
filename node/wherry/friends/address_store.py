"""The words in the addresses that were handed out: one for each label, so that each can be changed alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Nospam:
    """One of them.

    :param label: where it was published, for oneself; empty: the one in `wherry id`.
    :param since: seconds since 1970; 0: nobody knows.
    """

    label: str
    nospam: bytes = field(repr=False)
    since: float


class AddressStore:
    """The table `nospams`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Nospam]:
        """All of them, the unlabelled one first."""
        rows = self._database.read("SELECT label, nospam, since FROM nospams ORDER BY label")
        return [Nospam(label=label, nospam=nospam, since=since) for label, nospam, since in rows]

    def label_of(self, nospam: bytes) -> str | None:
        """The label of the address that has this word; None: no address has it now."""
        rows = self._database.read("SELECT label FROM nospams WHERE nospam = ?", (nospam,))
        return str(rows[0][0]) if rows else None

    def put(self, nospam: Nospam) -> None:
        """Keep it; the one that had its label is gone."""
        with self._database.write() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO nospams (label, nospam, since) VALUES (?, ?, ?)",
                (nospam.label, nospam.nospam, nospam.since),
            )

    def remove(self, label: str) -> bool:
        """Keep it no longer; whether there was one."""
        with self._database.write() as connection:
            return connection.execute("DELETE FROM nospams WHERE label = ?", (label,)).rowcount > 0
