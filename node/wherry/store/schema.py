"""The tables of ``wherry.db``, one script per version: a script that was released is never changed.

Times are seconds since 1970, peers are their 32-byte keys, multiaddrs are text.
"""

from __future__ import annotations

from typing import Final

#: "WHRY": tells our files from other programs' (PRAGMA application_id).
APPLICATION: Final = 0x57485259

MIGRATIONS: Final = (
    """
    -- The last sequence under which each of our own documents was published.
    CREATE TABLE documents (purpose INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;

    -- The word in each address that we handed out; the unlabelled one is in `wherry id`.
    CREATE TABLE nospams (label TEXT PRIMARY KEY, nospam BLOB NOT NULL CHECK (length(nospam) = 8)) STRICT;

    CREATE TABLE peers (
        peer       BLOB PRIMARY KEY CHECK (length(peer) = 32),
        claimed    TEXT NOT NULL DEFAULT '',       -- the name it gives itself
        label      TEXT NOT NULL DEFAULT '',       -- the name its owner gave it here
        seen       REAL,                           -- when it was last heard of by itself
        multiaddrs TEXT NOT NULL DEFAULT ''        -- one a line
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX peers_seen ON peers (seen);

    -- Ways back into the network: DHT contacts, and signaling endpoints with whose they are.
    CREATE TABLE contacts  (multiaddr TEXT PRIMARY KEY, seen REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE endpoints (multiaddr TEXT PRIMARY KEY, seen REAL NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE bans (
        peer   BLOB PRIMARY KEY CHECK (length(peer) = 32),
        until  REAL NOT NULL,
        reason TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)
