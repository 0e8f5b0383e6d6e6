"""The tables of ``wherry.db``, one script per version: a script that was released is never changed.

Times are seconds since 1970 (what peers say in messages: milliseconds), peers are their 32-byte keys, multiaddrs are
text. The table `contacts` is the DHT's; people are in `friends`.
"""

from __future__ import annotations

from typing import Final

#: "WHRY": tells our files from other programs' (PRAGMA application_id).
APPLICATION: Final = 0x57485259

FOUNDATION: Final = """
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
"""

PEOPLE: Final = """
-- Friendships, whatever their state (friends/states.py has the machine). A friend is a contact with one or more peers;
-- `peer` is the one that the friendship was made with.
CREATE TABLE friends (
    contact INTEGER PRIMARY KEY,
    peer    BLOB NOT NULL UNIQUE CHECK (length(peer) = 32),
    state   TEXT NOT NULL CHECK (state IN ('stranger', 'sent', 'received', 'friends', 'declined', 'blocked')),
    ours    BLOB CHECK (length(ours) = 16),      -- the id of our request or acceptance that stands
    answers BLOB CHECK (length(answers) = 16),   -- of an acceptance: the id of the request that it answers
    theirs  BLOB CHECK (length(theirs) = 16),    -- the id of their request or acceptance that stands
    accepted INTEGER NOT NULL DEFAULT 0,         -- whether theirs is an acceptance
    since   REAL NOT NULL,                       -- when the state was entered
    hello   TEXT NOT NULL DEFAULT '',            -- of the request, theirs or ours
    nospam  BLOB CHECK (length(nospam) = 8),     -- the word in the address that we asked by
    reason  INTEGER,                             -- why a request was declined: the void's reason, 0 for their own word
    profile_told INTEGER NOT NULL DEFAULT 0,     -- the version of our profile that they have
    profile_item BLOB,                           -- the id of the one that is under way
    profile_sent INTEGER NOT NULL DEFAULT 0      -- its version
) STRICT;
CREATE INDEX friends_state ON friends (state);

-- Every peer id of a contact, the first one too: who it is whose message has come.
CREATE TABLE friend_peers (
    peer    BLOB PRIMARY KEY CHECK (length(peer) = 32),
    contact INTEGER NOT NULL REFERENCES friends (contact) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX friend_peers_contact ON friend_peers (contact);

-- What we said about a friendship and they have not acknowledged yet, so that a copy of this home can say it again.
CREATE TABLE friend_words (
    id   BLOB PRIMARY KEY CHECK (length(id) = 16),
    peer BLOB NOT NULL CHECK (length(peer) = 32),
    kind INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What people say of themselves; our own profile is there under our own key.
CREATE TABLE profiles (
    peer        BLOB PRIMARY KEY CHECK (length(peer) = 32),
    version     INTEGER NOT NULL DEFAULT 0,
    name        TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    avatar_type TEXT NOT NULL DEFAULT '',
    avatar      BLOB
) STRICT;

-- Small things that were chosen once.
CREATE TABLE choices (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

ALTER TABLE nospams ADD COLUMN since REAL NOT NULL DEFAULT 0;

CREATE TABLE chats (
    chat   INTEGER PRIMARY KEY,
    peer   BLOB NOT NULL UNIQUE CHECK (length(peer) = 32),   -- the contact's first peer, or a stranger's
    unread INTEGER NOT NULL DEFAULT 0,
    last   INTEGER NOT NULL DEFAULT 0                        -- the number of the newest message
) STRICT;

CREATE TABLE messages (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,   -- the order in which they are shown; never used twice
    chat     INTEGER NOT NULL REFERENCES chats (chat),
    id       BLOB NOT NULL CHECK (length(id) = 16),
    ours     INTEGER NOT NULL,
    kind     INTEGER NOT NULL,                    -- as in packets: 1 text, 2 bytes
    state    INTEGER NOT NULL,                    -- messages/fate.py
    reason   INTEGER,                             -- why it failed: the void's
    held     INTEGER NOT NULL DEFAULT 0,          -- mailboxes that keep it
    sent     INTEGER NOT NULL,                    -- when its writer says it was written, milliseconds
    kept     INTEGER NOT NULL,                    -- when it came here, milliseconds
    reply_to BLOB,
    text     TEXT,                                -- of a text that is not locked
    body     BLOB,                                -- of bytes, or of whatever is locked
    locked   INTEGER NOT NULL DEFAULT 0           -- whether `body` rests encrypted
) STRICT;
CREATE UNIQUE INDEX messages_id ON messages (chat, id, ours);
CREATE INDEX messages_chat ON messages (chat, number);
-- What is not settled, and what was not read: few, among many.
CREATE INDEX messages_open ON messages (chat, number) WHERE ours AND state < 2;
CREATE INDEX messages_unread ON messages (chat, number) WHERE NOT ours AND state < 3;

-- Full-text search: an index alone, its text is in `messages`.
CREATE VIRTUAL TABLE words USING fts5 (
    text, content = 'messages', content_rowid = 'number', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER words_added AFTER INSERT ON messages WHEN new.text IS NOT NULL BEGIN
    INSERT INTO words (rowid, text) VALUES (new.number, new.text);
END;
CREATE TRIGGER words_gone AFTER DELETE ON messages WHEN old.text IS NOT NULL BEGIN
    INSERT INTO words (words, rowid, text) VALUES ('delete', old.number, old.text);
END;
CREATE TRIGGER words_changed AFTER UPDATE OF text ON messages BEGIN
    INSERT INTO words (words, rowid, text) SELECT 'delete', old.number, old.text WHERE old.text IS NOT NULL;
    INSERT INTO words (rowid, text) SELECT new.number, new.text WHERE new.text IS NOT NULL;
END;
"""

#: Outbox, inbox, ratchet sessions, prekeys.
MAIL: Final = """
"""

#: The n-th leads from version n - 1 to n. One that has no tables yet is not in it.
MIGRATIONS: Final = (FOUNDATION, PEOPLE)
