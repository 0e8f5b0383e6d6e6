"""The tables of ``wherry.db``, one script per version: a script that was released is never changed.

Times are seconds since 1970 (what peers say in messages: milliseconds), peers are their 32-byte keys, multiaddrs are
text. The table `contacts` is the DHT's; people are in `friends`.
"""

from __future__ import annotations

from typing import Final

#: Beginnings of the names of tables that grow with every message.
BULK: Final = ("messages", "words")

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
    contact  INTEGER PRIMARY KEY,
    peer     BLOB NOT NULL UNIQUE CHECK (length(peer) = 32),
    state    TEXT NOT NULL CHECK (state IN ('stranger', 'sent', 'received', 'friends', 'declined', 'blocked')),
    since    REAL NOT NULL,                      -- when the state was entered
    -- The words that stand: their ids, and of an acceptance the id of the request it answers.
    ours     BLOB CHECK (length(ours) = 16),
    ours_answers   BLOB CHECK (length(ours_answers) = 16),
    theirs   BLOB CHECK (length(theirs) = 16),
    theirs_answers BLOB CHECK (length(theirs_answers) = 16),
    -- The last word that we said, until they have it: its id, its kind, and the id of the word that it is about.
    said     BLOB CHECK (length(said) = 16),
    said_kind INTEGER,
    about    BLOB CHECK (length(about) = 16),
    hello    TEXT NOT NULL DEFAULT '',           -- of the request, theirs or ours
    nospam   BLOB CHECK (length(nospam) = 8),    -- the word in the address that we asked by
    reason   INTEGER,                            -- why our request came to nothing: the void's; 0: they declined
    answer   TEXT NOT NULL DEFAULT '',           -- what they said to that
    profile_told INTEGER NOT NULL DEFAULT 0,     -- the version of our profile that they have
    profile_sent INTEGER NOT NULL DEFAULT 0,     -- the version that is under way
    profile_item BLOB,                           -- its id; null: none is
    compared REAL NOT NULL DEFAULT 0             -- when the safety numbers were compared, and were equal
) STRICT;
CREATE INDEX friends_state ON friends (state);

-- Every peer id of a contact, the first one too: who it is whose message has come.
CREATE TABLE friend_peers (
    peer    BLOB PRIMARY KEY CHECK (length(peer) = 32),
    contact INTEGER NOT NULL REFERENCES friends (contact) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX friend_peers_contact ON friend_peers (contact);

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
CREATE INDEX messages_open ON messages (number) WHERE ours AND state < 2;
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
    -- Of each peer: our numbering, theirs, and the ratchet's sessions.
    CREATE TABLE pairs (
        peer       BLOB PRIMARY KEY CHECK (length(peer) = 32),
        out_epoch  INTEGER NOT NULL,
        out_next   INTEGER NOT NULL,
        in_epoch   INTEGER NOT NULL DEFAULT 0,
        in_through INTEGER NOT NULL DEFAULT 0,
        in_recent  BLOB    NOT NULL DEFAULT x'',   -- ids of the latest numbers, 8 bytes of each
        ack_due    INTEGER NOT NULL DEFAULT 0,     -- something came that the peer may not know we have
        used       REAL    NOT NULL DEFAULT 0,     -- when something of it changed last
        sessions   BLOB    NOT NULL DEFAULT x''
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pairs_ack_due ON pairs (peer) WHERE ack_due;

    -- What is not settled yet.
    CREATE TABLE outbox (
        peer    BLOB    NOT NULL,
        number  INTEGER NOT NULL,
        item    BLOB    NOT NULL,                  -- its id
        kind    INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        piece   INTEGER NOT NULL,                  -- one of several that have this id
        voiding INTEGER NOT NULL DEFAULT 0,        -- only a decision is asked for: there is no body any more
        reported INTEGER NOT NULL DEFAULT 0,       -- another piece of it is void, and its fate was said
        body    BLOB    NOT NULL,
        PRIMARY KEY (peer, number)
    ) STRICT;

    -- Which mailbox holds which of them.
    CREATE TABLE deposits (
        peer    BLOB    NOT NULL,
        number  INTEGER NOT NULL,
        mailbox BLOB    NOT NULL,
        PRIMARY KEY (peer, number, mailbox)
    ) STRICT, WITHOUT ROWID;

    -- What came before its turn, and what was not taken.
    CREATE TABLE held_back (
        peer    BLOB    NOT NULL,
        number  INTEGER NOT NULL,
        item    BLOB    NOT NULL,
        kind    INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        body    BLOB    NOT NULL,
        PRIMARY KEY (peer, number)
    ) STRICT;
    CREATE TABLE voided (
        peer   BLOB    NOT NULL,
        number INTEGER NOT NULL,
        reason INTEGER NOT NULL,
        PRIMARY KEY (peer, number)
    ) STRICT, WITHOUT ROWID;

    -- Pieces of what is larger than an item.
    CREATE TABLE pieces (
        peer    BLOB    NOT NULL,
        item    BLOB    NOT NULL,
        place   INTEGER NOT NULL,
        piece   BLOB    NOT NULL,
        expires INTEGER NOT NULL,
        PRIMARY KEY (peer, item, place)
    ) STRICT;
    CREATE INDEX pieces_expires ON pieces (expires);

    -- Names of sealed envelopes that were opened lately: a second copy is answered, not opened.
    CREATE TABLE opened (name BLOB PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX opened_at ON opened (at);

    -- Mailboxes that keep what is written to us while we are away.
    CREATE TABLE leases (
        mailbox   BLOB PRIMARY KEY CHECK (length(mailbox) = 32),
        endpoints TEXT NOT NULL,                   -- multiaddrs, one a line
        expires   REAL NOT NULL,
        current   INTEGER NOT NULL                 -- whether our inbox record names it
    ) STRICT, WITHOUT ROWID;

    -- Private halves of the keys with which strangers begin: signed ones (no holder), and batches for a mailbox.
    CREATE TABLE prekeys (
        number INTEGER PRIMARY KEY,
        holder BLOB NOT NULL,
        secret BLOB NOT NULL,
        made   REAL NOT NULL
    ) STRICT;
    CREATE INDEX prekeys_holder ON prekeys (holder);

    -- The newest inbox record that is known of a peer.
    CREATE TABLE inboxes (peer BLOB PRIMARY KEY, document BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""

#: Invitations that we were given: until they are answered, and their ids until they expire.
INVITED: Final = """
    CREATE TABLE invitations (
        peer     BLOB    NOT NULL CHECK (length(peer) = 32),
        id       BLOB    NOT NULL CHECK (length(id) = 16),
        body     BLOB    NOT NULL,                 -- its name and data
        expires  REAL    NOT NULL,
        answered INTEGER NOT NULL DEFAULT 0,       -- there is no body any more
        PRIMARY KEY (peer, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX invitations_expires ON invitations (expires);
    CREATE INDEX invitations_waiting ON invitations (peer) WHERE NOT answered;
"""

#: When a mailbox took an item; of those before, nobody knows.
LEFT_AT: Final = "ALTER TABLE deposits ADD COLUMN at REAL NOT NULL DEFAULT 0"

#: How near an inbox record came from (scope.py): its mailboxes lead no nearer.
NEARNESS: Final = "ALTER TABLE inboxes ADD COLUMN scope INTEGER NOT NULL DEFAULT 1"

#: Ids of messages of others that were deleted here, while their writers may say them again: they were handed on once.
DELETED: Final = """
    CREATE TABLE deleted (
        peer BLOB NOT NULL CHECK (length(peer) = 32),   -- as in chats
        id   BLOB NOT NULL CHECK (length(id) = 16),
        at   REAL NOT NULL,                             -- when it was deleted
        PRIMARY KEY (peer, id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX deleted_at ON deleted (at);

    -- What was deleted before there were marks may have words in the index (messages/message_store.py).
    INSERT OR IGNORE INTO choices VALUES ('words of deleted', '1');
"""

#: The n-th leads from version n - 1 to n. One that has no tables yet is not in it.
MIGRATIONS: Final = (FOUNDATION, PEOPLE, MAIL, INVITED, LEFT_AT, NEARNESS, DELETED)
